import { factsOf, ownName, type HttpAnswer, type HttpRequest, type Upstream } from '@proxy/core';
import { cutUrl, led, type Entry, type Place } from './door.ts';
import { targetAt, type Pricing } from '../pricing/index.ts';
import { apiProxyNames, isCalled, nameAt } from './model-names.ts';

/** What api-proxy told of its providers and models, from the gateway's own list of models (rows E3 and E4). */
export function apiPage(
  path: string,
  request: HttpRequest,
  { upstreams: all, pricing }: Place,
  provider: string | undefined,
): Entry | undefined {
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (!page || request.method !== 'GET') return undefined;
  const upstreams = provider === undefined ? all : all.filter((upstream) => isCalled(upstream, provider));
  const direction = provider === undefined ? {} : { upstreams };
  const key = new URLSearchParams(cutUrl(request.url).query).get('key');
  return {
    request: led(request, { url: '/v1/models', headers: openaiHeaders(request.headers, key), direction }),
    reshape(answer) {
      const models = listIn(answer);
      if (!models) return answer;
      const { 'content-length': _length, ...headers } = answer.headers;
      return { ...answer, headers, body: JSON.stringify(page(models, upstreams, pricing)) };
    },
  };
}

interface Listed {
  readonly id: string;
  readonly owned_by?: string;
}

type Page = (models: readonly Listed[], upstreams: readonly Upstream[], pricing: Pricing) => object;

/** By their paths below /api. */
export const pages: Readonly<Record<string, Page>> = {
  '/v1/models/detailed': (models, upstreams, pricing) => ({
    object: 'list',
    data: models.map((model) => ({
      ...model,
      capabilities: capabilitiesOf(model.id),
      pricing: perThousand(
        pricing,
        upstreams.find(({ name }) => name === model.owned_by),
        model.id,
      ),
    })),
  }),
  '/providers/capabilities': (models, upstreams, pricing) => ({
    success: true,
    data: upstreams.map((upstream) => ({
      ...identityOf(upstream),
      models: modelsAt(upstream, models).map((model) => ({
        ...model,
        cost_per_1k_tokens: perThousand(pricing, upstream, model.provider_id),
      })),
      supported_features: featuresOf(upstream),
    })),
  }),
  '/providers': (models, upstreams) => ({
    success: true,
    data: upstreams.map((upstream) => ({
      ...identityOf(upstream),
      is_active: upstream.credentials.length > 0,
      model_count: modelsAt(upstream, models).length,
    })),
  }),
  '/provider-configs': (models, upstreams) => ({
    success: true,
    data: upstreams.map((upstream) => ({
      ...identityOf(upstream),
      base_url: shownUrl(upstream.baseUrl ?? upstream.provider.baseUrl),
      request_format: upstream.provider.speaks[0]?.name ?? null,
      models: modelsAt(upstream, models).map(({ openai_id: name }) => ({ name, display_name: name })),
    })),
  }),
};

function identityOf({ name, provider }: Upstream): object {
  return { provider: provider.name, name, display_name: name, icon: null };
}

/** Names that callers may ask for, and what each is called there. */
function modelsAt(upstream: Upstream, listed: readonly Listed[]) {
  const own = listed.filter(({ owned_by }) => owned_by === upstream.name).map(({ id }) => id);
  const tabled = Object.keys(apiProxyNames).filter((name) => nameAt(upstream, name, apiProxyNames) !== undefined);
  return [...new Set([...own, ...tabled])].map((id) => ({
    openai_id: id,
    provider_id: nameAt(upstream, id, apiProxyNames) ?? id,
    display_name: id,
    description: '',
    capabilities: capabilitiesOf(id),
  }));
}

/** What is not known is null. */
function capabilitiesOf(id: string): object {
  const { maxOutputTokens = null, contextWindow = null, images = null } = factsOf(id);
  const chats = !/embed|whisper|tts|dall-e|image|moderation|rerank|transcribe/.test(id);
  return {
    supports_chat: chats,
    supports_embeddings: id.includes('embed'),
    supports_function_calling: chats,
    supports_streaming: chats,
    supports_vision: images,
    max_tokens: maxOutputTokens,
    context_window: contextWindow,
  };
}

/** What is not known is null. */
function perThousand(pricing: Pricing, upstream: Upstream | undefined, id: string): object {
  const model = upstream ? (ownName(upstream, id) ?? id) : id;
  const { input, output } = (upstream && pricing.priceOf(targetAt(upstream, model))) ?? {};
  return { input: aThousandth(input), output: aThousandth(output) };
}

function aThousandth(perMillion: number | undefined): number | null {
  return perMillion === undefined ? null : Number((perMillion / 1000).toFixed(12));
}

/** Conversations are translated to every place; the rest goes where it is spoken. */
function featuresOf({ provider }: Upstream): object {
  const { relay, speaks } = provider;
  const relays = relay !== undefined && speaks.some(({ name }) => name === 'openai-chat');
  return {
    chat_completions: true,
    completions: relays && relay.lacks?.includes('complete') !== true,
    embeddings: relays && relay.lacks?.includes('embed') !== true,
    function_calling: true,
    streaming: true,
  };
}

/** Without a query, where people put keys. */
function shownUrl(url: string | undefined): string | null {
  return url?.replace(/[?#].*$/, '') ?? null;
}

/** So that the list comes in OpenAI's shape, whoever asks and however the key is shown. */
function openaiHeaders(headers: HttpRequest['headers'], inQuery: string | null): HttpRequest['headers'] {
  const { 'anthropic-version': _version, 'x-goog-api-key': googles, ...rest } = headers;
  const shown = ['authorization', 'api-key'].some((name) => rest[name] !== undefined);
  const key = googles ?? (shown ? null : inQuery);
  return key === null ? rest : { 'x-api-key': key, ...rest };
}

function listIn({ status, body }: HttpAnswer): readonly Listed[] | undefined {
  if (status !== 200 || typeof body !== 'string') return undefined;
  return (JSON.parse(body) as { readonly data?: readonly Listed[] }).data; // the gateway wrote it a moment ago
}
