import { Failure } from '../conversation/failure.ts';
import { isObject, tryParseJson, type JsonObject } from '../json.ts';
import type { CancelSignal, Socket } from '../ports.ts';
import { closeCodeOf } from './close-code.ts';
import type { SocketSession } from './http.ts';

interface Endings {
  /** What the caller is told of what came to nothing. */
  failed(thrown: unknown): Failure;
  /** Nothing was ever said. */
  leftEarly(): void;
}

/**
 * The caller is let in before the upstream is known, because its first message names the model. It may say nothing more
 * until the upstream is there.
 */
export function openAfterSetup(
  client: Socket,
  open: (setup: JsonObject, client: Socket, signal: CancelSignal) => Promise<SocketSession>,
  { failed, leftEarly }: Endings,
): SocketSession {
  const abort = new AbortController();
  const held: (readonly [Uint8Array, boolean])[] = [];
  let begun = false;
  let draining = false;
  let left: readonly [number, string] | undefined;
  let inner: Parameters<Socket['listen']>[0] | undefined;
  let session: SocketSession | undefined;

  /** The client's end, whose listener changes hands. */
  const handed: Socket = {
    listen(listener) {
      inner = listener;
      for (const message of held.splice(0)) listener.message(...message);
      if (left) listener.closed(...left);
      else client.resume();
    },
    send: (message, binary) => client.send(message, binary),
    pause: () => client.pause(),
    resume: () => client.resume(),
    close: (code, reason) => client.close(code, reason),
  };

  async function begin(message: Uint8Array): Promise<void> {
    try {
      const setup = tryParseJson(new TextDecoder().decode(message));
      if (!isObject(setup)) throw new Failure('bad-request', 'The first message must be a JSON object with a setup.');
      session = await open(setup, handed, abort.signal);
      if (draining) session.drain();
    } catch (thrown) {
      const failure = failed(thrown);
      // As Google closes: the reason is all that a caller is told.
      client.close(closeCodeOf(failure), failure.message);
    }
  }

  client.listen({
    message(message, binary) {
      if (inner) inner.message(message, binary);
      else if (begun) held.push([message, binary]);
      else {
        begun = true;
        client.pause();
        void begin(message);
      }
    },
    drained: () => inner?.drained(),
    closed(code, reason) {
      left = [code, reason];
      abort.abort();
      inner?.closed(code, reason);
      if (!begun) leftEarly();
    },
  });
  return {
    drain() {
      draining = true;
      if (session) session.drain();
      else if (!begun) client.close(1001, 'The server is shutting down.');
    },
  };
}
