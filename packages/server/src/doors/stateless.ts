import { bearerToken, Failure, type HttpRequest } from '@proxy/core';
import { serviceOf, serviceTypes } from '../config/legacy/claude-proxy.ts';
import { knownProviders } from '../config/providers.ts';
import { cutUrl, led, type Door } from './door.ts';
import { withOwnKey } from './own-key.ts';

/**
 * claude-worker-proxy: `POST /{type}/{provider_url}/v1/messages` with the caller's own key of that provider (acceptance row D37).
 * Any stranger's address is asked, so it is closed unless configured, and connects over the guarded transport alone.
 */
export const stateless: Door = (request, { guarded }) => {
  if (!guarded) return undefined;
  const { path, query } = cutUrl(request.url);
  const [, type = '', rest = ''] = /^\/([\w-]+)\/(.*)$/.exec(path) ?? [];
  if (request.method === 'OPTIONS' || !(serviceTypes.includes(type) || looksLikeAddress(rest))) return undefined;
  const asked = withProtocol(rest);
  const { base = '', tail = '' } = /^(?<base>.*?)(?<tail>\/v1\/messages(?:\/count_tokens)?)$/.exec(asked)?.groups ?? {};
  const key = keyOf(request);
  const refusal = fault(request, type, asked, base) ?? (key === undefined ? missingKey() : undefined);
  const service = serviceOf({ serviceType: type, baseUrl: base });
  const provider = knownProviders().find(service?.provider ?? 'anthropic');
  if (!provider) throw new Error('Every service type is at a provider that we know.');
  const direction = {
    ...withOwnKey({
      name: nameOf(base),
      provider,
      baseUrl: base,
      key: key ?? '',
      ...(service?.facts && { facts: service.facts }),
    }),
    transport: guarded,
    ...(refusal && { refusal, otherPaths: 'anthropic-messages' }),
  };
  return { request: led(request, { url: (tail === '' ? '/v1/messages' : tail) + query, direction }) };
};

const expected = 'Expected: /{type}/{provider_url}/v1/messages';

/** In the order of that predecessor's own checks, but that nothing is asked before all of them. */
function fault({ method }: HttpRequest, type: string, asked: string, base: string): Failure | undefined {
  if (method !== 'POST') return new Failure('method-not-allowed', 'POST is the only method here.');
  if (!looksLikeAddress(asked)) return new Failure('bad-request', `Invalid path format. ${expected}`);
  if (base === '') return new Failure('not-found', 'The path must end with /v1/messages.');
  if (!serviceTypes.includes(type))
    return new Failure('bad-request', `Unknown type "${type}". Known: ${serviceTypes.join(', ')}.`);
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (!url || url.username !== '' || url.password !== '')
    return new Failure(
      'bad-request',
      `Invalid provider_url: an address without user and password is needed. ${expected}`,
    );
  return undefined;
}

function looksLikeAddress(text: string): boolean {
  return /^https?(:|%3a)(\/|%2f)/i.test(text);
}

/** What stands in front of us joins the two slashes, and careful clients encode them. */
function withProtocol(text: string): string {
  return (/^https?%3a/i.test(text) ? decoded(text) : text).replace(/^(https?):\/+/i, '$1://');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function keyOf({ headers }: HttpRequest): string | undefined {
  return headers['x-api-key'] ?? bearerToken(headers);
}

function missingKey(): Failure {
  return new Failure('unauthenticated', 'Your own API key is needed: send it as "x-api-key" or "authorization".');
}

/** For records: the host, never what else stands in the address. */
function nameOf(base: string): string {
  return URL.canParse(base) ? new URL(base).host : 'stateless';
}
