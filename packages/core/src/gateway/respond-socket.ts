import { sse } from '../bytes/sse.ts';
import type { FrameReader } from '../bytes/framing.ts';
import { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { isObject, object, text, tryParseJson, type JsonObject } from '../json.ts';
import { isSource, type Flow, type Sink, type Socket, type SocketListener } from '../ports.ts';
import type { HttpAnswer, HttpRequest, SocketSession } from './http.ts';
import { createThread } from './response-thread.ts';
import { refuse } from './refuse.ts';
import type { Running } from './running.ts';
import { serve } from './serve.ts';
import { ownFailure } from './try-targets.ts';

/**
 * Responses over a WebSocket: each `response.create` is a request like any other, to whichever upstream, and the events of
 * its stream become messages. One at a time. What `previous_response_id` means is known to this connection alone.
 */
export function respondOverSocket(
  gateway: Running,
  dialect: Dialect,
  handshake: HttpRequest,
  client: Socket,
): SocketSession {
  const thread = createThread(gateway.newId);
  // Errors have an event here, and what looked like a response could be gone on from.
  const turns: Running = { ...gateway, options: { ...gateway.options, errorsAsCompletions: false } };
  const headers = headersOf(handshake);
  const url = urlOf(handshake);
  let current: Answering | undefined;
  let draining = false;

  function over(): void {
    current = undefined;
    if (draining) client.close(1001, 'The server is shutting down.');
  }

  function refuseWith(failure: Failure): void {
    client.send(errorEvent(refuse(dialect, failure, gateway.newId('req_'))), false);
  }

  function create(event: JsonObject): void {
    const asked = thread.ask(event);
    if ('events' in asked) {
      for (const one of asked.events) client.send(JSON.stringify(one), false);
      return;
    }
    const answering = (current = new Answering(client, (response) => thread.keep(asked.items, response), over));
    const body = new TextEncoder().encode(JSON.stringify(asked.body));
    const { signal } = answering;
    const request = { ...addressOf(handshake), method: 'POST', url, headers, body, signal };
    void serve(turns, request).then((answer) => answering.begin(answer));
  }

  const listener: SocketListener = {
    message(message) {
      try {
        const event = eventIn(message);
        if (current) throw new Failure('conflict', 'A response is running: one at a time over one connection.');
        create(event);
      } catch (thrown) {
        refuseWith(ownFailure(gateway, thrown));
      }
    },
    drained: () => current?.resume(),
    closed: () => current?.cancel(),
  };
  client.listen(listener);
  return {
    drain() {
      draining = true;
      if (!current) over();
    },
  };
}

/** @throws Failure when it is not a `response.create`. */
function eventIn(message: Uint8Array): JsonObject {
  const event = tryParseJson(new TextDecoder().decode(message));
  if (!isObject(event)) throw new Failure('bad-request', 'A message must be a JSON object.');
  if (event.type === 'response.create') return event;
  throw new Failure('bad-request', 'The message must have the type "response.create": nothing else is served here.', {
    field: 'type',
  });
}

/** One request's answer on its way into messages. */
class Answering implements Sink, Flow {
  readonly #client: Socket;
  readonly #keep: (response: JsonObject) => void;
  readonly #over: () => void;
  readonly #abort = new AbortController();
  readonly #reader: FrameReader = sse.reader();
  #flow: Flow | undefined;
  #left = false;
  /** What is said of the answer, until its first event has told it. */
  #untold: HttpAnswer['headers'] = {};

  constructor(client: Socket, keep: (response: JsonObject) => void, over: () => void) {
    this.#client = client;
    this.#keep = keep;
    this.#over = over;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  begin(answer: HttpAnswer): void {
    const { status, body } = answer;
    if (status < 400 && isSource(body)) {
      this.#untold = ours(answer);
      this.#flow = body.start(this);
      if (this.#left) this.#flow.cancel();
      return;
    }
    if (!this.#left) this.#client.send(errorEvent(answer), false);
    this.#over();
  }

  write(chunk: Uint8Array | string): boolean {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    let more = true;
    for (const { data } of this.#reader.push(bytes)) more = this.#pass(data);
    return more;
  }

  end(): void {
    for (const { data } of this.#reader.end()) this.#pass(data);
    this.#over();
  }

  /** Over HTTP the connection would break; here it goes on, so a message has to say it. */
  fail(error: unknown): void {
    const message = error instanceof Failure ? error.message : 'The reply broke off.';
    if (!this.#left)
      this.#client.send(eventOf(502, { type: 'server_error', code: null, message, param: null }, this.#untold), false);
    this.#over();
  }

  resume(): void {
    this.#flow?.resume();
  }

  cancel(): void {
    this.#left = true;
    this.#abort.abort();
    this.#flow?.cancel();
  }

  #pass(data: string): boolean {
    if (data === '[DONE]' || this.#left) return true;
    if (ending.test(data)) {
      const response = object(object(tryParseJson(data))?.response);
      if (response) this.#keep(response);
    }
    const headers = this.#untold;
    this.#untold = {};
    return this.#client.send(withHeaders(data, headers), false);
  }
}

/** The events that hold all of a response that may be gone on from. */
const ending = /"type"\s*:\s*"response\.(completed|incomplete)"/;

/** Over HTTP they are headers of the answer, which a turn here has none of. */
function ours({ headers }: HttpAnswer): HttpAnswer['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-proxy-')));
}

/** In the member where this protocol's errors have theirs. OpenAI adds members to events as it likes, so clients pass over those they do not know. */
function withHeaders(data: string, headers: HttpAnswer['headers']): string {
  if (Object.keys(headers).length === 0) return data;
  const event = tryParseJson(data);
  if (!isObject(event) || event.headers !== undefined || Object.keys(event).length === 0) return data;
  return `${data.slice(0, data.lastIndexOf('}'))},"headers":${JSON.stringify(headers)}}`;
}

/** A refusal as Codex reads it: status, error, and the headers that say how long to wait. */
function errorEvent({ status, headers, body }: HttpAnswer): string {
  const told = typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
  const error = object(object(tryParseJson(told))?.error) ?? { type: 'server_error', message: told };
  return eventOf(status, error, headers);
}

function eventOf(status: number, error: JsonObject, headers: HttpAnswer['headers'] = {}): string {
  return JSON.stringify({ type: 'error', status, error, headers });
}

/** An access key in the query is shown again with every turn, as one in a header is. */
function urlOf({ url }: HttpRequest): string {
  const key = new URLSearchParams(url.split('?')[1]).get('key');
  return key === null ? '/v1/responses' : `/v1/responses?${new URLSearchParams({ key }).toString()}`;
}

/** The transport's own beta concerns no upstream: it is asked over HTTP. */
function headersOf({ headers }: HttpRequest): HttpRequest['headers'] {
  const { 'openai-beta': beta, upgrade: _upgrade, connection: _connection, ...rest } = headers;
  const others = text(beta)
    ?.split(',')
    .filter((one) => !one.trim().startsWith('responses_websockets='))
    .join(',');
  return { ...rest, 'content-type': 'application/json', ...(others && { 'openai-beta': others }) };
}

function addressOf({ address, direction }: HttpRequest): Pick<HttpRequest, 'address' | 'direction'> {
  return { ...(address !== undefined && { address }), ...(direction && { direction }) };
}
