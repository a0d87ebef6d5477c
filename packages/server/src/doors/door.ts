import type { Direction, HeaderMap, HttpAnswer, HttpRequest, Transport, Upstream } from '@proxy/core';
import type { CorsConfig } from '../config/cors.ts';
import type { DoorsConfig } from '../config/doors.ts';
import type { PictureStore } from './picture-store.ts';
import type { Pricing } from '../pricing/index.ts';

/**
 * A door of a predecessor's. It answers nothing of its own accord: a request becomes one at a door of the gateway's, which
 * does everything else. Undefined: the request is not at this door.
 */
export type Door = (request: HttpRequest, place: Place) => Entry | undefined;

/** What a door may know of the server. */
export interface Place {
  readonly config: DoorsConfig;
  readonly cors: CorsConfig;
  readonly upstreams: readonly Upstream[];
  readonly pricing: Pricing;
  /** To addresses that callers name. Absent: nobody may name one. */
  readonly guarded?: Transport;
  /** Keeps generated pictures; absent: nobody does. */
  readonly pictures?: PictureStore;
}

export type Entry = Entered | { readonly answer: HttpAnswer | Promise<HttpAnswer> };

interface Entered {
  readonly request: HttpRequest;
  /** The gateway's whole answer as the predecessor's clients know it. */
  reshape?(answer: HttpAnswer): HttpAnswer | Promise<HttpAnswer>;
  /** The caller spends a key of its own, so that no access key of ours stands in front. */
  readonly ownKey?: boolean;
}

interface Changes {
  readonly url: string;
  readonly headers?: HeaderMap;
  readonly direction?: Direction;
  readonly address?: string;
}

/** The same request, at another door. */
export function led(request: HttpRequest, changes: Changes): HttpRequest {
  const { method, body, signal } = request;
  const { url, headers = request.headers, direction, address = request.address } = changes;
  return {
    method,
    url,
    headers,
    signal,
    ...(body && { body }),
    ...(address !== undefined && { address }),
    ...(direction && { direction }),
  };
}

/** Cut at the question mark, which stays with the query. */
export function cutUrl(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark) };
}

/** What follows `prefix` in a path, beginning with a slash, or ''; undefined when the path is another. */
export function below(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  return rest === '' || rest.startsWith('/') ? rest : undefined;
}

/** Dialects' paths begin with a version; a predecessor's may do without. */
export function versioned(path: string): string {
  return /^\/v\d/.test(path) ? path : `/v1${path}`;
}
