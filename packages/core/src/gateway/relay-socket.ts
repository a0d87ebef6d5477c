import { addedUsage, type Usage } from '../conversation/usage.ts';
import { Failure } from '../conversation/failure.ts';
import type { SocketRelay } from '../dialects/dialect.ts';
import { isObject, tryParseJson } from '../json.ts';
import type { Socket, SocketListener } from '../ports.ts';
import { closeCodeOf } from './close-code.ts';
import type { SocketSession } from './http.ts';
import { withoutVendorIds } from '../translate/vendor-ids.ts';
import { holds } from '../bytes/search.ts';
import type { StreamEnd } from './try-targets.ts';

interface RelayedSession extends SocketSession {
  readonly ended: Promise<StreamEnd>;
}

/**
 * Two sockets as one: messages pass both ways untouched, each side waits while the other has enough, and whichever closes
 * takes the other along. `spent` hears of usage as it is told, and ends the session by a Failure when there may be no more of it.
 */
export function relaySocket(
  client: Socket,
  upstream: Socket,
  relay: SocketRelay,
  spent: (usage: Usage) => void | Promise<void>,
): RelayedSession {
  let usage: Usage | undefined;
  let responding = false;
  let draining = false;
  let over = false;
  let end: (end: StreamEnd) => void;
  const ended = new Promise<StreamEnd>((resolve) => (end = resolve));

  function finish(failure?: Failure): void {
    over = true;
    const finished = failure === undefined;
    const progress = { begun: true, finished, current: !responding, ...(usage && { usage }) };
    end({ progress, ...(failure && { failure }) });
  }

  function look(message: Uint8Array): void {
    const { usage: more, responding: now = responding } = sighted(relay, message) ?? {};
    if (more) {
      usage = addedUsage(usage, more);
      spent(more)?.catch(enough);
    }
    responding = now;
    if (draining && !responding) leave();
  }

  function enough(thrown: unknown): void {
    if (over) return;
    const failure = thrown instanceof Failure ? thrown : new Failure('server', 'What may be spent cannot be told.');
    upstream.close(1000);
    client.close(closeCodeOf(failure), failure.message);
    finish(failure);
  }

  function leave(): void {
    client.close(1001, 'The server is shutting down.');
  }

  const fromClient: SocketListener = {
    message(message, binary) {
      if (!upstream.send(message, binary)) client.pause();
    },
    drained: () => upstream.resume(),
    closed(code, reason) {
      if (over) return;
      passClose(upstream, code, reason, [1001, 'The caller went away.']);
      finish(code === broken ? new Failure('client-gone', 'The caller broke the connection off.') : undefined);
    },
  };
  const fromUpstream: SocketListener = {
    message(message, binary) {
      if (!client.send(shown(message), binary)) upstream.pause();
      look(message);
    },
    drained: () => client.resume(),
    closed(code, reason) {
      if (over) return;
      passClose(client, code, withoutVendorIds(reason), [1011, 'The upstream broke the connection off.']);
      finish(code === broken ? new Failure('bad-upstream', 'The upstream broke the connection off.') : undefined);
    },
  };
  upstream.listen(fromUpstream);
  client.listen(fromClient);
  return {
    ended,
    drain() {
      draining = true;
      if (!responding && !over) leave();
    },
  };
}

/** An error without the vendor's ids; anything else as it is. */
function shown(message: Uint8Array): Uint8Array | string {
  if (!holds(message, '"error"')) return message;
  const text = new TextDecoder().decode(message);
  const without = withoutVendorIds(text);
  return without === text ? message : new TextEncoder().encode(without);
}

/** RFC 6455 §7.4.1: told to nobody over the wire, but by how a connection ended. */
const withoutCode = 1005;
const broken = 1006;

function passClose(socket: Socket, code: number, reason: string, instead: readonly [number, string]): void {
  if (code === withoutCode) socket.close();
  else if (code === broken || code === 1015) socket.close(...instead);
  else socket.close(code, reason);
}

function sighted({ markers, sight }: SocketRelay, message: Uint8Array): ReturnType<SocketRelay['sight']> | undefined {
  const text = new TextDecoder().decode(message);
  if (!markers.some((marker) => text.includes(marker))) return undefined;
  const value = tryParseJson(text);
  return isObject(value) ? sight(value) : undefined;
}
