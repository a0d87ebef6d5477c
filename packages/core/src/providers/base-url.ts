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
