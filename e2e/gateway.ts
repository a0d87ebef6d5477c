/** The subject under test, on a real socket: a gateway in front of scripted upstreams. */
import { createGateway, fetchTransport, anthropic, gemini, openai, memoryCallers, memoryLedger } from '@proxy/core';
import type { CallRecord, GatewayOptions, HttpRequest, Provider, Upstream as ConfiguredUpstream } from '@proxy/core';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { upstreamWords, type DialectName } from './dialects.ts';
import type { Upstream } from './upstream.ts';

export const accessKey = 'access-key-of-the-client';

export const providers: Readonly<Record<DialectName, Provider>> = {
  'openai-chat': openai,
  'openai-responses': openai,
  'anthropic-messages': anthropic,
  'gemini-generate': gemini,
};

/** The model's public name, different from every upstream's own. */
export const publicModel = 'e2e-model';

export interface RunningGateway {
  readonly url: string;
  readonly log: readonly string[];
  records(): readonly CallRecord[];
  close(): Promise<void>;
}

/** One configured upstream in front of a scripted one; its name is the dialect's. */
export function configured(upstream: Upstream, keys: readonly string[]): ConfiguredUpstream {
  const { dialect, url } = upstream;
  return {
    name: dialect,
    provider: providers[dialect],
    dialects: [dialect],
    baseUrl: url,
    credentials: keys.map((secret, index) => ({ id: `${dialect}-${index + 1}`, secret })),
    models: { [publicModel]: upstreamWords[dialect].model },
  };
}

export async function startGateway(options: Omit<GatewayOptions, 'ports'>): Promise<RunningGateway> {
  const ledger = memoryLedger();
  const log: string[] = [];
  const gateway = createGateway({
    ...options,
    ports: {
      transport: fetchTransport(),
      callers: memoryCallers([{ id: 'client', accessKey }]),
      ledger,
      log: (level, message, fields) => {
        if (level === 'error') log.push(`${message} ${JSON.stringify(fields)}`);
      },
    },
  });
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const inbound: HttpRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: new Uint8Array(Buffer.concat(pieces)),
      signal: abort.signal,
    };
    const { status, headers, body } = await gateway.handle(inbound);
    response.writeHead(status, headers);
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return response.end(body);
    const flow = body.start({
      write: (chunk) => response.write(chunk),
      end: () => void response.end(),
      fail: () => void response.destroy(),
    });
    response.on('drain', () => flow.resume());
    response.once('close', () => flow.cancel());
    return undefined;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    records: () => ledger.records(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
