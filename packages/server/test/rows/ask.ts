import { request, type IncomingHttpHeaders } from 'node:http';

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** When each piece came, in milliseconds after the request was sent. */
  readonly arrivedMs: readonly number[];
  json(): unknown;
}

interface Asking {
  readonly method?: string;
  /** The Host header, which `fetch` does not let anybody choose. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string | Uint8Array;
}

/** One request over a connection of its own, at a path that is not normalised. An object goes as JSON. */
export function ask(url: string, path: string, { method, host, headers = {}, body }: Asking = {}): Promise<Answered> {
  const { hostname, port } = new URL(url);
  const plain = typeof body === 'object' && !(body instanceof Uint8Array);
  const sent = plain ? JSON.stringify(body) : body;
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const asking = request({
      hostname,
      port,
      path,
      agent: false,
      method: method ?? (sent === undefined ? 'GET' : 'POST'),
      headers: {
        ...(host !== undefined && { host }),
        ...(plain && { 'content-type': 'application/json' }),
        ...(sent !== undefined && { 'content-length': Buffer.byteLength(sent) }),
        ...headers,
      },
    });
    asking.on('error', reject);
    asking.on('response', (response) => {
      const pieces: Buffer[] = [];
      const arrivedMs: number[] = [];
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        arrivedMs.push(performance.now() - startedAt);
      });
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(pieces);
        const text = bytes.toString();
        const { statusCode: status = 0 } = response;
        resolve({ status, headers: response.headers, bytes, text, arrivedMs, json: () => JSON.parse(text) as unknown });
      });
    });
    asking.end(sent);
  });
}
