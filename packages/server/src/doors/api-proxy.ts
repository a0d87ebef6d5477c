import { Failure, type Direction, type HttpRequest, type Upstream, type UpstreamModel } from '@proxy/core';
import { apiPage } from './api-proxy-pages.ts';
import { below, cutUrl, led, versioned, type Door, type Entry, type Place } from './door.ts';
import { apiProxyNames, isCalled, placesOf } from './model-names.ts';

/** caoergou/api-proxy: OpenAI in front under /api, the provider by `?provider=` or in the path (acceptance rows E1–E11). */
export const apiProxy: Door = (request, place) => {
  const { path, query } = cutUrl(request.url);
  const rest = below(path, '/api');
  if (!rest || !place.config.api) return undefined;
  const proxied = below(rest, '/proxy');
  if (proxied) return directProxy(request, place, proxied, query);

  const asked = new URLSearchParams(query);
  const provider = asked.get('provider') ?? undefined;
  asked.delete('provider');
  const page = apiPage(rest, request, place, provider);
  if (page) return page;
  const door = doorOf(rest);
  if (door === undefined) return undefined;
  const url = door + (asked.size > 0 ? `?${asked}` : '');
  return { request: led(request, { url, direction: preferring(place.upstreams, provider) }) };
};

/** The first version had its paths without one. */
function doorOf(rest: string): string | undefined {
  if (rest.startsWith('/v1/')) return rest;
  return rest === '/chat/completions' || below(rest, '/models') !== undefined ? versioned(rest) : undefined;
}

/** `provider` is a wish: whoever else has the model is tried after it. */
function preferring(all: readonly Upstream[], provider: string | undefined): Direction {
  if (provider === undefined)
    return { withoutKeys: noneSuitable(), destinations: (model, usual) => alsoByTable(all, model, usual) };
  const wanted = all.filter((upstream) => isCalled(upstream, provider));
  const upstreams = [...wanted, ...all.filter((upstream) => !wanted.includes(upstream))];
  return {
    upstreams,
    withoutKeys: noneSuitable(),
    destinations: (model) => anyOf(placesOf(upstreams, model, apiProxyNames), model),
  };
}

/** Row E7, in the predecessor's words. */
function noneSuitable(model?: string): Failure {
  const what = model === undefined ? '' : ` for "${model}"`;
  return new Failure('server', `No suitable provider or API key available${what}.`);
}

/** As the configuration routes it; the table gives the names, and the places to go on to. */
function alsoByTable(
  all: readonly Upstream[],
  model: string,
  usual: (model: string) => readonly UpstreamModel[],
): readonly UpstreamModel[] {
  const tabled = placesOf(all, model, apiProxyNames);
  let routed: readonly UpstreamModel[] = [];
  try {
    routed = usual(model);
  } catch (error) {
    if (tabled.length === 0) throw error;
  }
  const named = routed.map((place) =>
    place.model === model ? (tabled.find(({ upstream }) => upstream === place.upstream) ?? place) : place,
  );
  const further = tabled.filter(({ upstream }) => !named.some((place) => place.upstream === upstream));
  return Object.hasOwn(apiProxyNames, model) ? [...named, ...further] : named;
}

function anyOf(places: readonly UpstreamModel[], model: string): readonly UpstreamModel[] {
  if (places.length > 0) return places;
  throw noneSuitable(model);
}

/** `/api/proxy/openai/chat/completions`: whatever stands at that path, at that provider, in the caller's dialect. */
function directProxy(request: HttpRequest, { upstreams: all }: Place, path: string, query: string): Entry | undefined {
  const [, provider = '', ...parts] = path.split('/');
  const upstreams = all.filter((upstream) => isCalled(upstream, provider));
  const [first] = upstreams;
  const callersRefusal = new Failure(
    'not-found',
    `There is no provider "${provider}" here. GET /api/providers lists them.`,
  );
  const direction: Direction = {
    upstreams,
    destinations: (model, usual) => {
      const places = placesOf(upstreams, model, apiProxyNames);
      return places.length > 0 ? places : usual(model);
    },
    otherPaths: first?.provider.speaks.find(({ name }) => name !== 'openai-responses')?.name ?? 'openai-chat',
    ...(!first && { callersRefusal }),
  };
  return { request: led(request, { url: versioned(`/${parts.join('/')}`) + query, direction }) };
}
