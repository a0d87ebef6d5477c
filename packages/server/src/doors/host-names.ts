import {
  anthropic,
  bearerToken,
  Failure,
  headerKey,
  openai,
  type Direction,
  type HeaderMap,
  type Provider,
} from '@proxy/core';
import type { HttpAnswer, HttpRequest } from '@proxy/core';
import type { CorsConfig } from '../config/cors.ts';
import { cutUrl, led, type Door } from './door.ts';
import { parsed } from './fields.ts';
import { withOwnKey } from './own-key.ts';

/**
 * danger-dream/ai-proxy: the Host begins with `claude.api.` or `openai.api.`, the caller brings the vendor's key, and the request
 * goes to that vendor at the same path (acceptance rows B1–B13).
 */
export const hostNames: Door = (request, { config: { hosts }, cors }) => {
  if (!hosts) return undefined;
  const host = (request.headers.host ?? '').toLowerCase();
  const vendor = vendors.find(({ prefix }) => host.startsWith(prefix));
  if (!vendor) return hosts.only ? { answer: strangerHost(host) } : undefined;

  const shared = corsHeaders(request, cors);
  if (request.method === 'OPTIONS') return { answer: { status: 204, headers: shared } };
  const { path } = cutUrl(request.url);
  const headers = keptHeaders(request.headers, vendor.headers);
  const key = vendor.keyOf(headers);
  const refusal = vendor.fence(path, headers) ?? (key === undefined ? missingKey(vendor.keyHeader) : undefined);
  const direction: Direction = {
    ...withOwnKey({
      name: `${vendor.name}.api`,
      provider: vendor.provider,
      baseUrl: hosts[vendor.name],
      key: key ?? '',
    }),
    otherPaths: vendor.dialect,
    ...(isJson(headers) && { reword: validJson }),
    ...(refusal && { refusal }),
  };
  return {
    request: led(request, { url: request.url, headers: { ...vendor.defaults, ...headers }, direction }),
    reshape: (answer) => ({ ...answer, headers: { ...answer.headers, ...shared } }),
    ownKey: true,
  };
};

/** On every answer, as that predecessor had them (row B13), to the pages that are allowed here. */
function corsHeaders({ headers: { origin } }: HttpRequest, cors: CorsConfig): HeaderMap {
  const allowed = cors === 'any' ? '*' : cors.find((one) => one === origin);
  if (allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
    'access-control-allow-headers':
      'Content-Type, X-API-Key, Anthropic-Version, Anthropic-Beta, Authorization, OpenAI-Beta',
    'access-control-max-age': '86400',
    ...(allowed !== '*' && { vary: 'Origin' }),
  };
}

function isJson(headers: HeaderMap): boolean {
  return /^\s*application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

/** Row B6: a relay looks at a few members; what is broken elsewhere must not be sent either. */
function validJson(body: Uint8Array): Uint8Array {
  if (body.length > 0) parsed(body);
  return body;
}

interface Vendor {
  readonly name: 'claude' | 'openai';
  readonly prefix: string;
  readonly dialect: string;
  readonly provider: Provider;
  /** What travels, beside what a transport needs. */
  readonly headers: readonly string[];
  readonly defaults?: HeaderMap;
  readonly keyHeader: string;
  keyOf(headers: HeaderMap): string | undefined;
  /** What this vendor's host refuses by path and headers alone. */
  fence(path: string, headers: HeaderMap): Failure | undefined;
}

export const vendors: readonly Vendor[] = [
  {
    name: 'claude',
    prefix: 'claude.api.',
    dialect: 'anthropic-messages',
    provider: { ...anthropic, authorize: headerKey('x-api-key') },
    headers: ['x-api-key', 'anthropic-version', 'anthropic-beta', 'content-type'],
    // By this header the language of an error is told where several share a path.
    defaults: { 'anthropic-version': '2023-06-01' },
    keyHeader: 'x-api-key',
    keyOf: (headers) => headers['x-api-key'],
    fence(path, headers) {
      if (!path.startsWith('/v1/messages'))
        return new Failure(
          'not-found',
          'Nothing but /v1/messages and what is below it is served under this host name.',
        );
      if (path.startsWith('/v1/messages/batches') && headers['anthropic-beta'] === undefined)
        return new Failure('bad-request', 'This path needs the header "anthropic-beta".', { field: 'anthropic-beta' });
      return undefined;
    },
  },
  {
    name: 'openai',
    prefix: 'openai.api.',
    dialect: 'openai-chat',
    provider: openai,
    headers: ['authorization', 'content-type', 'openai-beta'],
    keyHeader: 'authorization',
    keyOf: (headers) =>
      bearerToken(headers) ??
      // As browsers must send it with a WebSocket.
      /(?:^|,\s*)openai-insecure-api-key\.([^\s,]+)/.exec(headers['sec-websocket-protocol'] ?? '')?.[1],
    fence: () => undefined,
  },
];

const transportHeaders = ['content-length', 'transfer-encoding', 'sec-websocket-protocol'];

function keptHeaders(headers: HeaderMap, allowed: readonly string[]): HeaderMap {
  const kept = [...allowed, ...transportHeaders].filter((name) => headers[name] !== undefined);
  return Object.fromEntries(kept.map((name) => [name, headers[name] ?? '']));
}

function missingKey(header: string): Failure {
  return new Failure('unauthenticated', `Your own API key is needed: send it in the header "${header}".`);
}

function strangerHost(host: string): HttpAnswer {
  const served = vendors.map(({ prefix }) => `${prefix}…`);
  const [status, message] =
    host === ''
      ? [400, 'The request names no Host, by which the upstream is chosen.']
      : [404, `Nothing is served under the host name "${host}". Served: ${served.join(', ')}.`];
  const type = status === 400 ? 'invalid_request_error' : 'not_found';
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { type, message } }),
  };
}
