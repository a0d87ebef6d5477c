import { connect, type Socket } from 'node:net';
import type { Chunk, Flow, Gateway, HttpAnswer, HttpRequest, Sink, Source } from '@proxy/core';

/** A gateway that answers as it is told. */
export function stubGateway(handle: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>): Gateway {
  return {
    handle: async (request) => handle(request),
    knows: (_method, url) => url.startsWith('/v1/'),
    connect: async (request) => handle(request),
    fetch: () => Promise.reject(new Error('Not used here.')),
  };
}

/** A body that a test pushes by hand, and that remembers what was asked of it. */
export class ManualSource implements Source, Flow {
  resumed = 0;
  cancelled = false;
  #sink: Sink | undefined;
  #started: (sink: Sink) => void = () => undefined;
  /** Resolves when somebody listens. */
  readonly started = new Promise<Sink>((resolve) => (this.#started = resolve));

  start(sink: Sink): Flow {
    this.#sink = sink;
    this.#started(sink);
    return this;
  }

  push(chunk: Chunk): boolean {
    if (!this.#sink) throw new Error('Nobody listens yet.');
    return this.#sink.write(chunk);
  }

  end(): void {
    this.#sink?.end();
  }

  resume(): void {
    this.resumed += 1;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

export function textOf(chunks: readonly Chunk[]): string {
  return chunks.map((chunk) => (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).join('');
}

/** All that a source pushes; rejects with what broke it. */
export function readSource(source: Source): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    source.start({
      write: (chunk) => {
        chunks.push(Buffer.from(chunk as Uint8Array)); // Buffer.from takes strings as well
        return true;
      },
      end: () => resolve(Buffer.concat(chunks)),
      fail: reject,
    });
  });
}

/** A caller by hand: what it sends is exact, and it sees how the connection ends. */
export class RawCaller {
  readonly socket: Socket;
  received = '';
  /** 'end': closed in order. 'reset': not. */
  readonly closed: Promise<'end' | 'reset'>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => (this.received += bytes.toString('latin1')));
    let ended = false;
    this.socket.on('end', () => (ended = true));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve(ended ? 'end' : 'reset')));
  }

  get(path = '/v1/x', headers = ''): this {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    return this;
  }

  async until(text: string): Promise<void> {
    await eventually(
      () => this.received.includes(text),
      `"${text}" in what was received: ${this.received.slice(0, 300)}`,
    );
  }
}

export async function eventually(holds: () => boolean, what: string, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Did not happen in ${withinMs} ms: ${what}`);
    await pause(2);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
