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

/**
 * `baseUrl` + `path`, where `path` begins with a version (`/v1/messages`) that the base may have already: people paste both
 * `https://host` and `https://host/v1`. A base that ends in `#` is used as it is, without a version of ours.
 */
export function joinUrl(baseUrl: string, path: string): string {
  const asIs = baseUrl.endsWith('#');
  const base = (asIs ? baseUrl.slice(0, -1) : baseUrl).replace(/\/+$/, '');
  const versioned = asIs || /\/v\d+(?:(?:alpha|beta)\d*)?$/.test(base);
  return base + (versioned ? path.replace(/^\/v\d+(?:(?:alpha|beta)\d*)?(?=\/)/, '') : path);
}

/** The URL with a caller's own query behind it, its credentials left out. */
export function withQuery(url: string, query: URLSearchParams | undefined): string {
  if (!query || query.size === 0) return url;
  const kept = new URLSearchParams(query);
  kept.delete('key');
  if (kept.size === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${kept}`;
}
