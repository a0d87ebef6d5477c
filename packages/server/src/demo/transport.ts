import {
  type CancelSignal,
  Failure,
  type Flow,
  type OpenedSocket,
  type OutboundRequest,
  type OutboundSocket,
  type Sink,
  type Source,
  type Transport,
  type UpstreamResponse,
} from '@proxy/core';
import { demoReply } from './model.ts';
import { demoScheme } from './provider.ts';
import { readDemoRequest } from './request.ts';
import { frames, wholeReply } from './wire.ts';

/** Between two words, so that a person sees a stream. */
const defaultDelayMs = 12;

/** A transport that answers requests to `demo:` addresses by itself and sends all others on. */
export function withDemo(next: Transport, delayMs = defaultDelayMs): Transport {
  return {
    send: (request) =>
      request.url.startsWith(demoScheme) ? Promise.resolve(answer(request, delayMs)) : next.send(request),
    ...(next.open && { open: (request) => openElsewhere(next, request) }),
  };
}

async function openElsewhere(next: Transport, request: OutboundSocket): Promise<OpenedSocket | UpstreamResponse> {
  if (request.url.startsWith(demoScheme)) return refusal(404, 'The demo upstream has no WebSocket.');
  if (!next.open) throw new Failure('server', 'No WebSocket can be opened from here.', { status: 426 });
  return next.open(request);
}

function answer({ url, body, signal }: OutboundRequest, delayMs: number): UpstreamResponse {
  if (!new URL(url).pathname.endsWith('/chat/completions'))
    return refusal(404, `The demo upstream has nothing at ${url}.`);
  const parsed = parse(body);
  if (!parsed) return refusal(400, 'The body is not a JSON object.');
  const request = readDemoRequest(parsed);
  const reply = demoReply(request);
  if (!request.streaming)
    return { status: 200, headers: jsonHeaders, body: whole(JSON.stringify(wholeReply(request, reply))) };
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body: paced(frames(request, reply), delayMs, signal),
  };
}

const jsonHeaders = { 'content-type': 'application/json' };

function refusal(status: number, message: string): UpstreamResponse {
  const error = { message, type: 'invalid_request_error', param: null, code: null };
  return { status, headers: jsonHeaders, body: whole(JSON.stringify({ error })) };
}

function parse(body: OutboundRequest['body']): Readonly<Record<string, unknown>> | undefined {
  try {
    // The demo relays nothing, so no body of its is a stream.
    const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
    const value: unknown = JSON.parse(typeof text === 'string' ? text : '');
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined; // narrowed just before
  } catch {
    return undefined;
  }
}

function whole(text: string): Source {
  return {
    start(sink) {
      sink.write(text);
      sink.end();
      return { resume: () => undefined, cancel: () => undefined };
    },
  };
}

/** Frames one by one; waits where the sink has enough, stops when nobody listens. */
function paced(parts: readonly string[], delayMs: number, signal: CancelSignal): Source {
  return {
    start(sink: Sink): Flow {
      let at = 0;
      let stopped = false;
      let waiting: NodeJS.Timeout | undefined;
      const stop = () => {
        stopped = true;
        clearTimeout(waiting);
      };
      const schedule = () => {
        if (!stopped && waiting === undefined) waiting = setTimeout(step, delayMs);
      };
      function step(): void {
        waiting = undefined;
        const part = parts[at];
        at += 1;
        const more = part === undefined || sink.write(part);
        if (stopped) return; // the sink hung up while it was written to
        // Nothing comes after the last frame, so the end comes with it: some clients hang up once they have it.
        if (at >= parts.length) {
          stop();
          sink.end();
        } else if (more) {
          schedule();
        }
      }
      signal.addEventListener('abort', stop);
      schedule();
      return { resume: schedule, cancel: stop };
    },
  };
}
