import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { onTestFinished } from 'vitest';
import { folder, start } from '../support.ts';
import { services, type Script, type ServiceType } from './vendors.ts';

// A predecessor's folder (config.json and .env), served on a socket, before one scripted upstream that checks how it is asked.

export const accessKey = 'our-own-access-key';
export const upstreamKey = 'upstream-key-1';

/** One request as the upstream got it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
  /** Settles when the connection of its answer has closed before the answer ended. */
  readonly cut: Promise<void>;
}

/** What comes back: a script in the vendor's words, or a response of any kind. */
export type Reply = Script | ((response: ServerResponse, seen: Seen) => unknown);

export interface Gateway {
  readonly url: string;
  readonly seen: readonly Seen[];
  readonly client: Anthropic;
  readonly log: { readonly lines: readonly string[]; flush(): void };
  /** One POST as it is; `headers` over the ordinary ones. */
  post(body: object | string, headers?: Readonly<Record<string, string>>, path?: string): Promise<Response>;
}

export interface GatewayOptions {
  /** Members of the upstream in config.json. */
  readonly upstream?: Readonly<Record<string, unknown>>;
  /** Below the upstream's origin; the version that its vendor has when absent. */
  readonly base?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Answers come from `replies` one after another, the last one again and again. */
export async function claudeGateway(
  serviceType: ServiceType,
  replies: Reply | readonly Reply[],
  { upstream = {}, base, env = {} }: GatewayOptions = {},
): Promise<Gateway> {
  const version = serviceType === 'gemini' ? '/v1beta' : '/v1';
  const script = Array.isArray(replies) ? (replies as readonly Reply[]) : [replies as Reply]; // a list or one
  const vendor = await scriptedVendor(serviceType, script, base === undefined ? version : undefined);
  const entry = {
    name: 'main',
    serviceType,
    baseUrl: `${vendor.url}${base ?? version}`,
    apiKeys: [upstreamKey],
    ...upstream,
  };
  const config = { upstream: [entry], currentUpstream: 0, loadBalance: 'failover' };
  const cwd = folder({ 'config.json': JSON.stringify(config), '.env': `PROXY_ACCESS_KEY=${accessKey}\n` });
  const { url, log } = await start({ cwd, env, flags: { host: '127.0.0.1' } });
  return {
    url,
    seen: vendor.seen,
    log,
    client: new Anthropic({ baseURL: url, apiKey: accessKey, maxRetries: 0 }),
    post: (body, headers = {}, path = '/v1/messages') =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': accessKey, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

/** A vendor on a socket. Asked at another path than its own below `base`, or with another key, it answers 418 and says why. */
async function scriptedVendor(serviceType: ServiceType, replies: readonly Reply[], base: string | undefined) {
  const vendor = services[serviceType];
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    const cut = new Promise<void>((resolve) => {
      response.on('close', () => void (response.writableFinished || resolve()));
    });
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(pieces).toString() || '{}') as Seen['body']; // looked at by the tests
      const one: Seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body, cut };
      seen.push(one);
      const streaming = body.stream === true || one.url.includes(':stream');
      const wrong = complaint(one, streaming);
      const reply = replies[Math.min(seen.length, replies.length) - 1];
      if (wrong !== undefined) return send(response, 418, vendor.error(418, wrong));
      if (typeof reply === 'function') return reply(response, one);
      if (!streaming) return send(response, 200, vendor.whole(reply ?? {}));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(vendor.frames(reply ?? {}).join(''));
    });
  });

  function complaint({ method, url, headers }: Seen, streaming: boolean): string | undefined {
    const model = /models\/([^:]+):/.exec(url)?.[1] ?? '';
    const key = headers[vendor.keyHeader];
    if (method !== 'POST') return `${method} is not POST`;
    if (base !== undefined && url.replace('?beta=true', '') !== `${base}${vendor.path(model, streaming)}`)
      return `nothing is at ${url}`;
    if (base !== undefined && key !== vendor.keyScheme + upstreamKey) return `${vendor.keyHeader} is no key of ours`;
    return JSON.stringify(headers).includes(accessKey) ? 'the access key came through' : undefined;
  }

  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server on a host and port has such an address
  return { url: `http://127.0.0.1:${port}`, seen };
}

export function send(response: ServerResponse, status: number, body: object | string, headers: object = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(text);
}

/** A streamed answer that the test goes on with when it likes. */
export function byHand(head: (response: ServerResponse) => void): {
  readonly reply: Reply;
  readonly begun: Promise<ServerResponse>;
} {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const reply: Reply = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    head(response);
    resolve(response);
  };
  return { reply, begun: promise };
}

export const question = {
  model: 'claude-opus-4-1',
  max_tokens: 50,
  messages: [{ role: 'user' as const, content: 'Hi' }],
};
