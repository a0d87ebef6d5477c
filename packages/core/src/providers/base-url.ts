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
  const asIs = baseUrl.endsWith('#');
  const [address = '', query] = (asIs ? baseUrl.slice(0, -1) : baseUrl).split('?', 2);
  const base = address.replace(/\/+$/, '').replace(callAddress, '');
  const rest = asIs || versioned.test(base) ? path.replace(leadingVersion, '') : path;
  return base + rest + (query === undefined || query === '' ? '' : `?${query}`);
}

/** The URL with a caller's own query behind it, its credentials left out. */
export function withQuery(url: string, query: URLSearchParams | undefined): string {
  if (!query || query.size === 0) return url;
  const kept = new URLSearchParams(query);
  kept.delete('key');
  if (kept.size === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${kept}`;
}
