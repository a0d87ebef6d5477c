import type { Settings } from '../auth/authorize.ts';
import { Failure } from '../conversation/failure.ts';

/** `https://{region}.example` with the settings in its holes. @throws Failure naming a setting that is missing. */
export function fillHoles(baseUrl: string, settings: Settings): string {
  if (!baseUrl.includes('{')) return baseUrl;
  return baseUrl.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (value === undefined)
      throw new Failure('server', `The upstream's address ${baseUrl} needs a "${name}": configure it.`);
    return encodeURIComponent(value);
  });
}
const version = String.raw`/v\d+(?:(?:alpha|beta)\d*)?`;
/** `/v1`, `/v1beta`, `/v4`, and Google's `/v1beta/openai`, which has its version before the name of the surface. */
const versioned = new RegExp(`${version}(?:/openai)?$`);
const leadingVersion = new RegExp(`^${version}(?=/)`);
/** People paste the whole address of a call. */
const callAddress = /\/(?:chat\/completions|responses|messages)$/;

/**
 * `baseUrl` + `path`, where `path` begins with a version (`/v1/messages`) that the base may have already: people paste
 * `https://host`, `https://host/v1/` and `https://host/v1/chat/completions`. A base that ends in `#` is used as it is,
 * without a version of ours. A query of the base stays at the end.
 */
export function joinUrl(baseUrl: string, path: string): string {
  const { address, hasVersion, query } = baseOf(baseUrl);
  return address + (hasVersion ? path.replace(leadingVersion, '') : path) + query;
}

interface Base {
  readonly address: string;
  /** One of its own, or none is wanted. */
  readonly hasVersion: boolean;
  /** With its question mark, or empty. */
  readonly query: string;
}

/** The same few stand in a configuration; what callers make up is not worth remembering. */
const bases = new Map<string, Base>();
const maxBases = 500;

function baseOf(baseUrl: string): Base {
  const known = bases.get(baseUrl);
  if (known) return known;
  const asIs = baseUrl.endsWith('#');
  const [before = '', query = ''] = (asIs ? baseUrl.slice(0, -1) : baseUrl).split('?', 2);
  const address = before.replace(/\/+$/, '').replace(callAddress, '');
  const base = { address, hasVersion: asIs || versioned.test(address), query: query === '' ? '' : `?${query}` };
  if (bases.size < maxBases) bases.set(baseUrl, base);
  return base;
}

/** The URL with a caller's own query behind it, its credentials left out. */
export function withQuery(url: string, query: URLSearchParams | undefined): string {
  if (!query || query.size === 0) return url;
  const kept = new URLSearchParams(query);
  kept.delete('key');
  if (kept.size === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${kept}`;
}
