/** A vendor's server that answers from a script, byte for byte, and keeps what it was asked. Node only, loopback only. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { upstreamWords, type DialectName, type Headers, type PlaceWords, type UpstreamWords } from './dialects.ts';

export type Step =
  /** The fixture of that name: `.sse` when a stream was asked for, else `.json`. */
  | {
      readonly type: 'answer';
      readonly fixture: string;
      /** Leave out so many events at the beginning of a stream. */
      readonly skipFrames?: number;
      readonly chunkBytes?: number;
      readonly headers?: Record<string, string>;
    }
  /** A recording from elsewhere. */
  | {
      readonly type: 'bytes';
      readonly bytes: Buffer;
      readonly contentType: string;
      readonly chunkBytes?: number;
      readonly status?: number;
    }
  /** An HTTP error with the body of `error-<name>.json`. */
  | {
      readonly type: 'error';
      readonly status: number;
      readonly name?: string;
      readonly headers?: Record<string, string>;
    }
  /** The stream's first bytes, then the connection is cut. */
  | { readonly type: 'cut'; readonly fixture: string; readonly frames: number }
  /** The stream's first events, then an end as if all were well. */
  | { readonly type: 'end'; readonly fixture: string; readonly frames: number }
  /** The stream's first bytes, then silence until the other side leaves. */
  | { readonly type: 'hang'; readonly fixture: string; readonly frames: number }
  /** The connection is cut before any answer. */
  | { readonly type: 'reset' };

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly raw: string;
  readonly body: Record<string, unknown>;
  readonly model: unknown;
  readonly streaming: boolean;
}

export interface Upstream {
  readonly dialect: DialectName;
  readonly words: UpstreamWords;
  /** Where it is no place of the vendor's own. */
  readonly place?: PlaceWords;
  readonly url: string;
  /** How often its token endpoint was asked. */
  readonly tokenRequests: number;
  /** Everything asked since the last `script`. */
  readonly requests: readonly Recorded[];
  /** Answers being written at this moment. */
  readonly open: number;
  /** What the next requests are answered with, in order. */
  script(...steps: readonly Step[]): void;
  /** As `script`, for one key alone. */
  scriptKey(key: string, ...steps: readonly Step[]): void;
  close(): Promise<void>;
}

export async function startUpstream(dialect: DialectName, place?: PlaceWords): Promise<Upstream> {
  const words: UpstreamWords = place ?? upstreamWords[dialect];
  let tokenRequests = 0;
  let requests: Recorded[] = [];
  let steps: Step[] = [];
  const stepsOfKey = new Map<string, Step[]>();
  let open = 0;

  const server = createServer((request, response) => {
    void receive(request).then(async (raw) => {
      if (place?.token?.path.test(request.url ?? '')) {
        tokenRequests++;
        const { status, body } = await place.token.answer(new URLSearchParams(raw));
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
        return;
      }
      const recorded = record(request, raw);
      requests.push(recorded);
      const counting = words.count?.path.test(recorded.path) === true;
      const step = counting
        ? undefined
        : (recorded.key !== undefined && stepsOfKey.get(recorded.key)?.shift()) || steps.shift();
      open++;
      response.once('close', () => open--);
      if (counting) {
        response.writeHead(200, { 'content-type': 'application/json', ...words.headers });
        response.end(words.count?.answer);
      } else if (!words.path.test(recorded.path)) refuse(response, 404, `No such path: ${recorded.path}`);
      else if (recorded.key === undefined) refuse(response, 401, 'The key is missing.');
      else if (!step) refuse(response, 500, 'The script is over: one request too many.');
      else perform(dialect, words, step, recorded, response);
    });
  });

  function record(request: IncomingMessage, raw: string): Recorded {
    const path = request.url ?? '';
    let body: Record<string, unknown> = {};
    try {
      body = JSON.parse(raw) as Record<string, unknown>; // recorded as it came; the schema judges it
    } catch {
      // Left empty: no schema accepts that.
    }
    return {
      method: request.method ?? '',
      path,
      headers: request.headers,
      key: words.key(request.headers),
      raw,
      body,
      model: words.modelOf(path, body),
      streaming: words.asksForStream(path, body),
    };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    dialect,
    words,
    ...(place && { place }),
    get tokenRequests() {
      return tokenRequests;
    },
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    get open() {
      return open;
    },
    script(...next) {
      requests = [];
      stepsOfKey.clear();
      steps = [...next];
    },
    scriptKey(key, ...next) {
      stepsOfKey.set(key, [...next]);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function fixture(dialect: DialectName | 'bedrock-converse', file: string): Buffer {
  return readFileSync(new URL(`fixtures/${dialect}/${file}`, import.meta.url));
}

function perform(
  dialect: DialectName,
  { headers }: UpstreamWords,
  step: Step,
  recorded: Recorded,
  response: ServerResponse,
): void {
  if (step.type === 'reset') {
    response.destroy();
  } else if (step.type === 'error') {
    response.writeHead(step.status, { 'content-type': 'application/json', ...headers, ...step.headers });
    response.end(fixture(dialect, `error-${step.name ?? step.status}.json`));
  } else if (step.type === 'bytes') {
    response.writeHead(step.status ?? 200, { 'content-type': step.contentType, ...headers });
    writeInPieces(response, step.bytes, step.chunkBytes ?? 1021, () => response.end());
  } else if (step.type === 'answer' && !recorded.streaming) {
    response.writeHead(200, { 'content-type': 'application/json', ...headers, ...step.headers });
    response.end(fixture(dialect, `${step.fixture}.json`));
  } else if (!recorded.streaming) {
    const bytes = fixture(dialect, `${step.fixture}.json`);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
    response.write(bytes.subarray(0, bytes.length / 2));
    if (step.type === 'cut') setTimeout(() => response.destroy(), 20);
  } else {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      ...headers,
    });
    const bytes = fixture(dialect, `${step.fixture}.sse`);
    if (step.type === 'answer')
      writeInPieces(response, bytes.subarray(endOfFrame(bytes, step.skipFrames ?? 0)), step.chunkBytes ?? 1021, () =>
        response.end(),
      );
    else
      writeInPieces(response, bytes.subarray(0, endOfFrame(bytes, step.frames)), 1021, () => {
        // The last bytes must have left before the connection breaks, or they would be lost with it.
        if (step.type === 'cut') setTimeout(() => response.destroy(), 20);
        if (step.type === 'end') response.end();
      });
  }
}

/** The index after the first `frames` events. */
export function endOfFrame(bytes: Buffer, frames: number): number {
  const blank = bytes.includes('\r\n\r\n') ? '\r\n\r\n' : '\n\n';
  let at = 0;
  for (let frame = 0; frame < frames; frame++) {
    const end = bytes.indexOf(blank, at);
    if (end < 0) return bytes.length;
    at = end + blank.length;
  }
  return at;
}

/** An odd size cuts events, and characters of several bytes, in the middle. */
function writeInPieces(response: ServerResponse, bytes: Buffer, size: number, done: () => void, from = 0): void {
  if (response.destroyed) return;
  if (from >= bytes.length) return done();
  response.write(bytes.subarray(from, from + size), () => {
    setImmediate(() => writeInPieces(response, bytes, size, done, from + size));
  });
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: `e2e upstream: ${message}` } }));
}

async function receive(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer); // no encoding was set
  } catch {
    // The other side left while writing; what came is recorded.
  }
  return Buffer.concat(pieces).toString('utf8');
}
