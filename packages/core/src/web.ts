import { Failure } from './conversation/failure.ts';
import type { Gateway, HttpAnswer, HttpRequest } from './gateway/http.ts';
import {
  isSource,
  toAbortSignal,
  type Flow,
  type OutboundRequest,
  type Sink,
  type Source,
  type Transport,
} from './ports.ts';

/** The Web shell: the only place where Request, Response and Web streams are touched. */
export async function answerFetch(handle: Gateway['handle'], request: Request): Promise<Response> {
  const { host, pathname, search } = new URL(request.url);
  const body = request.body ? incomingBody(request, request.body) : undefined;
  const inbound: HttpRequest = {
    method: request.method,
    url: pathname + search,
    headers: { host, ...Object.fromEntries(request.headers) },
    signal: request.signal,
    ...(body && { body }),
  };
  return responseOf(await handle(inbound));
}

/** Read only when the gateway comes to it, and no faster than it is wanted. */
function incomingBody(request: Request, stream: ReadableStream<Uint8Array>): Source {
  const gone = (cause: unknown) =>
    new Failure('client-gone', 'The caller went away while sending its request.', { cause });
  return {
    start: (sink) =>
      pumped(stream, {
        write: (chunk) => sink.write(chunk),
        end: () => sink.end(),
        fail: (error) => sink.fail(gone(error)),
      }),
    gather(maxBytes) {
      const announced = request.headers.get('content-length');
      if (announced === null || !(Number(announced) <= maxBytes)) return undefined;
      return request.arrayBuffer().then(
        (buffer) => new Uint8Array(buffer),
        (error: unknown) => Promise.reject(gone(error)),
      );
    },
  };
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  if (body === undefined) return new Response(null, { status, headers });
  if (typeof body === 'string') return new Response(body, { status, headers });
  // A view of a SharedArrayBuffer never comes here, and the library types cannot know that.
  if (body instanceof Uint8Array) return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
  return new Response(readableOf(body), { status, headers });
}

function readableOf(source: Source): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let flow: Flow | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      flow = source.start({
        write(chunk) {
          controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
          return (controller.desiredSize ?? 0) > 0;
        },
        end: () => controller.close(),
        fail: (error) => controller.error(error),
      });
    },
    pull: () => flow?.resume(),
    cancel: () => flow?.cancel(),
  });
}

/** A transport over the global `fetch`, for Workers, Deno, Bun and tests. On Node, @proxy/node's costs a tenth of it. */
export function fetchTransport(fetcher?: typeof fetch): Transport {
  return {
    async send(request) {
      // Looked up at each call: test tools and runtimes put their own `fetch` in place later.
      const response = await (fetcher ?? fetch)(request.url, {
        method: request.method,
        headers: headersOf(request),
        ...bodyOf(request.body),
        signal: toAbortSignal(request.signal),
        redirect: 'manual',
      });
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: { start: (sink) => pumped(response.body, sink) },
      };
    },
  };
}

/** The length of a stream is the runtime's to say: most refuse to be told. */
function headersOf({ headers, body }: OutboundRequest): Record<string, string> {
  const { 'content-length': _length, ...rest } = headers;
  return isSource(body) ? rest : headers;
}

/** A body that streams is half of a duplex: the Fetch standard knows no other, and Node insists on the word. */
function bodyOf(body: OutboundRequest['body']): RequestInit {
  if (body === undefined) return {};
  if (typeof body === 'string') return { body };
  if (body instanceof Uint8Array) return { body: body as Uint8Array<ArrayBuffer> }; // no SharedArrayBuffer comes here
  return { body: readableOf(body), duplex: 'half' } as RequestInit; // the library types have no `duplex` yet
}

function pumped(stream: ReadableStream<Uint8Array> | null, sink: Sink): Flow {
  const reader = stream?.getReader();
  if (!reader) {
    sink.end();
    return { resume: () => undefined, cancel: () => undefined };
  }
  const pump = new ReaderPump(reader, sink);
  void pump.run();
  return pump;
}

class ReaderPump implements Flow {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #sink: Sink;
  #resume: (() => void) | undefined;
  #cancelled = false;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, sink: Sink) {
    this.#reader = reader;
    this.#sink = sink;
  }

  async run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (this.#cancelled) return;
        if (done) return this.#sink.end();
        if (!this.#sink.write(value)) await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    } catch (error) {
      if (!this.#cancelled) this.#sink.fail(error);
    }
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.resume();
    this.#reader.cancel().catch(() => undefined); // it may have broken already, which is as good
  }
}
