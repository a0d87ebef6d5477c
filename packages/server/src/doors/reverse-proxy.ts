import { Failure, ownName, type Direction, type HttpRequest, type Upstream } from '@proxy/core';
import { below, cutUrl, led, versioned, type Door, type Entry } from './door.ts';

/**
 * oai-reverse-proxy: `/proxy/<service>/…` leads to the upstreams of one provider, whatever the configuration routes elsewhere
 * (acceptance rows F1–F10).
 */
export const reverseProxy: Door = (request, { config: { services: prefix }, upstreams }) => {
  if (prefix === undefined) return undefined;
  const { path, query } = cutUrl(request.url);
  const rest = below(path, prefix);
  if (rest === undefined) return undefined;
  const service = services.find(({ at }) => below(rest, at) !== undefined);
  const inner = service && below(rest, service.at);
  if (!service || inner === undefined || inner === '' || inner === '/') return toFrontPage(request);

  const { path: door, forced } = doorOf(versioned(inner));
  const able = upstreams.filter(
    ({ provider, credentials }) => provider.name === service.provider && credentials.length > 0,
  );
  const direction: Direction = {
    upstreams: able,
    destinations: (model) =>
      able.map((upstream) => ({ upstream, model: nameAt(upstream, service, forced ?? model, forced !== undefined) })),
    withoutKeys: noKeys(service, 'each is refused by the vendor, or has no calls left'),
    ...(able.length === 0 && {
      refusal: noKeys(service, `configure an upstream of the provider "${service.provider}"`),
    }),
  };
  return { request: led(request, { url: door + query, direction }) };
};

interface Service {
  /** Below the prefix. */
  readonly at: string;
  /** By its name. */
  readonly provider: string;
  /** The models that are spoken to there; absent: all of them. */
  readonly models?: RegExp;
  /** The one to ask instead of another, where no upstream lists one. */
  readonly otherwise?: string;
}

const claude = { models: /claude|^arn:/, otherwise: 'claude-sonnet-4-5' } as const;

const services: readonly Service[] = [
  { at: '/openai', provider: 'openai' },
  { at: '/openai-image', provider: 'openai' },
  { at: '/anthropic', provider: 'anthropic', ...claude },
  { at: '/google-ai', provider: 'gemini', models: /gemini|gemma|learnlm|embedding/, otherwise: 'gemini-2.5-pro' },
  { at: '/mistral-ai', provider: 'mistral' },
  { at: '/aws/claude', provider: 'bedrock', ...claude },
  { at: '/aws/mistral', provider: 'bedrock' },
  { at: '/gcp/claude', provider: 'vertex', ...claude },
  { at: '/azure/openai', provider: 'azure' },
];

/** Clients of that time could not choose between Claude's sizes: the path does (row F4). */
const claudeBySize: Readonly<Record<string, string>> = {
  sonnet: 'claude-3-sonnet-20240229',
  opus: 'claude-3-opus-20240229',
};

function doorOf(path: string): { readonly path: string; readonly forced?: string } {
  const [, size = ''] = /^\/v1\/(sonnet|opus)\/messages$/.exec(path) ?? [];
  const forced = claudeBySize[size];
  return forced === undefined ? { path } : { path: '/v1/messages', forced };
}

/** The model where the service has such; else one that its upstream lists, since these clients ask everybody for `gpt-4`. */
function nameAt(upstream: Upstream, { models, otherwise }: Service, model: string, forced: boolean): string {
  const own = ownName(upstream, model);
  if (own !== undefined && (models?.test(model) !== false || (upstream.models && own !== model))) return own;
  const listed = Array.isArray(upstream.models)
    ? (upstream.models as readonly string[])
    : Object.keys(upstream.models ?? {}); // Array.isArray does not narrow readonly arrays
  const size = forced ? Object.keys(claudeBySize).find((word) => model.includes(word)) : undefined;
  const fitting = listed.find((name) => !name.includes('*') && name.includes(size ?? ''));
  const instead = fitting ?? otherwise ?? model;
  return ownName(upstream, instead) ?? instead;
}

/** Row F14. */
function noKeys({ at }: Service, why: string): Failure {
  const message = `No keys are available for ${at}: ${why}.`;
  return new Failure('bad-request', message, { status: 402, code: 'proxy_no_keys_available' });
}

/** Row F1: people who open the address in a browser see the front page. */
function toFrontPage({ method, url, headers }: HttpRequest): Entry {
  if (method === 'GET' && headers.accept?.includes('text/html'))
    return { answer: { status: 302, headers: { location: '/' } } };
  const message = `Nothing is served at ${method} ${cutUrl(url).path}. Services: ${services.map(({ at }) => at).join(', ')}.`;
  const body = JSON.stringify({ error: { type: 'not_found', message } });
  return { answer: { status: 404, headers: { 'content-type': 'application/json' }, body } };
}
