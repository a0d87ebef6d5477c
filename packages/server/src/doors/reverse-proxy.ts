import { Failure, ownName, type Direction, type HttpRequest, type Upstream } from '@proxy/core';
import { adaEmbeddings } from './ada-embeddings.ts';
import { claudeComplete } from './claude-complete.ts';
import { below, cutUrl, led, versioned, type Door, type Entry, type Place } from './door.ts';
import { defaultImageModel, imageChat, type KeptPictures } from './image-chat.ts';
import type { InnerDoor, ModelChoice } from './inner-door.ts';
import { instructChat } from './instruct-chat.ts';
import type { PictureStore } from './picture-store.ts';

/**
 * oai-reverse-proxy: `/proxy/<service>/…` leads to the upstreams of one provider, whatever the configuration routes elsewhere
 * (acceptance rows F1–F10).
 */
export const reverseProxy: Door = (request, { config, upstreams, pictures }) => {
  const { services: prefix } = config;
  if (prefix === undefined) return undefined;
  const { path, query } = cutUrl(request.url);
  const rest = below(path, prefix);
  if (rest === undefined) return undefined;
  const service = services.find(({ at }) => below(rest, at) !== undefined);
  const inner = service && below(rest, service.at);
  if (!service || inner === undefined || inner === '' || inner === '/') return toFrontPage(request);

  const at = versioned(inner);
  const door = service.inner?.(at, keptPictures(request, config, pictures)) ?? { path: at };
  const { reword, reshape, models = service.models } = door;
  const able = upstreams.filter(
    ({ provider, credentials }) => provider.name === service.provider && credentials.length > 0,
  );
  const direction: Direction = {
    upstreams: able,
    destinations: (model) =>
      able.map((upstream) => ({ upstream, model: nameAt(upstream, models, door.forced ?? model) })),
    ...(reword && { reword }),
    withoutKeys: noKeys(service, 'each is refused by the vendor, or has no calls left'),
    ...(able.length === 0 && {
      callersRefusal: noKeys(service, `configure an upstream of the provider "${service.provider}"`),
    }),
  };
  return { request: led(request, { url: door.path + query, direction }), ...(reshape && { reshape }) };
};

interface Service {
  /** Below the prefix. */
  readonly at: string;
  /** By its name. */
  readonly provider: string;
  /** The models that are spoken to there; absent: all of them. */
  readonly models?: ModelChoice;
  /** Paths there that are no door of the gateway's, or not with those words. */
  inner?(path: string, kept: KeptPictures | undefined): InnerDoor | undefined;
}

const claude = {
  models: { fitting: /claude|^arn:/, otherwise: 'claude-sonnet-4-5' },
  inner: claudeComplete,
} as const;

const gemini = { fitting: /gemini|gemma|learnlm|embedding/, otherwise: 'gemini-2.5-pro' };
const images = { fitting: /dall-e|image/, otherwise: defaultImageModel };

export const services: readonly Service[] = [
  { at: '/openai', provider: 'openai', inner: (path) => instructChat(path) ?? adaEmbeddings(path) },
  { at: '/openai-image', provider: 'openai', models: images, inner: imageChat },
  { at: '/anthropic', provider: 'anthropic', ...claude },
  { at: '/google-ai', provider: 'gemini', models: gemini },
  { at: '/mistral-ai', provider: 'mistral' },
  { at: '/aws/claude', provider: 'bedrock', ...claude },
  { at: '/aws/mistral', provider: 'bedrock' },
  { at: '/gcp/claude', provider: 'vertex', ...claude },
  { at: '/azure/openai', provider: 'azure' },
];

/** Under the configured address, else the name by which this caller has reached us. */
function keptPictures(
  { headers: { host = 'localhost' } }: HttpRequest,
  { pictures }: Place['config'],
  store: PictureStore | undefined,
): KeptPictures | undefined {
  return store && { store, address: pictures?.url ?? `http://${host}` };
}

/** The model where the service has such; else one that its upstream lists, since these clients ask everybody for `gpt-4`. */
function nameAt(upstream: Upstream, { fitting, otherwise }: ModelChoice = {}, model: string): string {
  const fits = (name: string) => fitting?.test(name) !== false;
  const own = ownName(upstream, model);
  if (own !== undefined && (fits(model) || (upstream.models && own !== model))) return own;
  const listed = Array.isArray(upstream.models)
    ? (upstream.models as readonly string[])
    : Object.keys(upstream.models ?? {}); // Array.isArray does not narrow readonly arrays
  const instead =
    listed.find((name) => !name.includes('*') && fits(ownName(upstream, name) ?? name)) ?? otherwise ?? model;
  return ownName(upstream, instead) ?? instead;
}

/** Row F14. */
function noKeys({ at }: Service, why: string): Failure {
  const message = `No keys are available for ${at}: ${why}.`;
  return new Failure('bad-request', message, { status: 402, code: 'proxy_no_keys_available' });
}

/** Row F1: people who open the address in a browser see the front page. */
function toFrontPage(request: HttpRequest): Entry {
  const { method, url, headers } = request;
  if (method === 'GET' && headers.accept?.includes('text/html'))
    return { answer: { status: 302, headers: { location: '/' } } };
  const message = `Nothing is served at ${method} ${cutUrl(url).path}. Services: ${services.map(({ at }) => at).join(', ')}.`;
  return { request: led(request, { url, direction: { refusal: new Failure('not-found', message) } }) };
}
