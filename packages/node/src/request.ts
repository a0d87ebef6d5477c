import type { IncomingMessage } from 'node:http';
import { Failure, type Flow, type HeaderMap, type HttpRequest, type Sink, type Source } from '@proxy/core';
import { canDecode, decoded } from './decode.ts';
import { Departure } from './departure.ts';

/** RFC 4291 §2.5.5.2. */
const mappedIpv4 = '::ffff:';

/** IncomingMessage as the core's HttpRequest; nothing is read before the core asks for it. */
export class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body?: Uint8Array | Source;
  readonly signal = new Departure();
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.#message = message;
    this.method = message.method ?? 'GET';
    this.url = message.url ?? '/';
    this.headers = headersOf(message);
    const body = parsedBody(message) ?? incomingBody(message);
    if (body !== undefined) this.body = body;
    if ('content-encoding' in this.headers) this.headers = withoutEncoding(this.headers);
  }

  get address(): string {
    const address = this.#message.socket.remoteAddress ?? '';
    // A socket for both families has IPv4 callers in a form of their own, which must be one caller with the plain one.
    return address.startsWith(mappedIpv4) ? address.slice(mappedIpv4.length) : address;
  }

  /** The caller closed its connection before it had its answer. */
  leave(): void {
    this.signal.tell();
  }
}

function headersOf({ headers }: IncomingMessage): HeaderMap {
  const plain = headers as Record<string, string>; // Node joins repeated headers, but for set-cookie
  if (!('set-cookie' in plain)) return plain;
  const { 'set-cookie': _cookies, ...rest } = plain;
  return rest;
}

/** The body will be plain by the time anybody reads it: whoever sends it on must not call it compressed. */
function withoutEncoding(headers: HeaderMap): HeaderMap {
  const { 'content-encoding': _encoding, 'content-length': _length, ...rest } = headers;
  return rest;
}

/** What a body parser of an app around us took from the stream, back as bytes. */
function parsedBody(message: IncomingMessage & { readonly body?: unknown }): Uint8Array | undefined {
  const { body } = message;
  // A parser that did not know the content type leaves an empty body behind, and the stream untouched.
  if (body === undefined || body === null || !message.readableDidRead) return undefined;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function incomingBody(message: IncomingMessage): Source | undefined {
  const { 'content-length': length, 'transfer-encoding': chunked, 'content-encoding': encoding } = message.headers;
  if (chunked === undefined && (length === undefined || length === '0')) return undefined;
  const plain = new IncomingBody(message);
  if (encoding === undefined || encoding === '' || encoding === 'identity') return plain;
  return canDecode(encoding) ? decoded(plain, encoding, malformed) : unknownEncoding(encoding);

  function malformed(error: unknown): unknown {
    if (error instanceof Failure) return error;
    return new Failure('bad-request', `The body is not what "content-encoding: ${encoding}" says.`, { cause: error });
  }
}

/** Refuses when the body is read, so that the refusal is in the caller's dialect. */
function unknownEncoding(encoding: string): Source {
  return {
    start(sink) {
      const known = 'gzip, deflate, br and zstd';
      sink.fail(new Failure('unsupported-media', `The content-encoding "${encoding}" is not one of ${known}.`));
      return { resume: () => undefined, cancel: () => undefined };
    },
  };
}

class IncomingBody implements Source, Flow {
  readonly #message: IncomingMessage;
  #sink: Sink | undefined;
  #over = false;

  constructor(message: IncomingMessage) {
    this.#message = message;
  }

  start(sink: Sink): Flow {
    this.#sink = sink;
    const message = this.#message;
    message.on('data', (chunk: Uint8Array) => {
      if (!this.#over && !sink.write(chunk)) message.pause();
    });
    message.on('end', () => {
      if (this.#over) return;
      this.#over = true;
      sink.end();
    });
    message.on('error', (error) => this.#broken(error));
    message.on('close', () => this.#broken());
    if (message.destroyed) this.#broken();
    return this;
  }

  /** One buffer of the announced length, filled as the body comes: half the copying, and the faster kind to search. */
  gather(maxBytes: number): Promise<Uint8Array> | undefined {
    const length = Number(this.#message.headers['content-length']);
    if (!Number.isSafeInteger(length) || length > maxBytes) return undefined;
    return new Promise((resolve, reject) => {
      const all = Buffer.allocUnsafe(length);
      let filled = 0;
      this.start({
        write(chunk) {
          if (typeof chunk !== 'string') {
            // node:http has checked that no more comes than was announced.
            all.set(chunk, filled);
            filled += chunk.length;
          }
          return true;
        },
        end: () => resolve(filled === length ? all : all.subarray(0, filled)),
        fail: reject,
      });
    });
  }

  resume(): void {
    if (!this.#over) this.#message.resume();
  }

  /** The rest is not read: see refuseRest in response.ts for what becomes of it. */
  cancel(): void {
    this.#over = true;
    this.#message.pause();
  }

  #broken(cause?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink?.fail(new Failure('client-gone', 'The caller went away while sending its request.', { cause }));
  }
}
