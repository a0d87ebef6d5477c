import type { HeaderMap, HttpAnswer, HttpRequest } from '@proxy/core';
import type { CorsConfig } from '../config/cors.ts';

/** What a browser is told about a page that calls us; undefined when nobody asks or the page is not allowed. */
export function corsHeaders({ headers: { origin } }: HttpRequest, cors: CorsConfig): HeaderMap | undefined {
  if (origin === undefined) return undefined;
  if (cors === 'any') return { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };
  if (!cors.includes(origin)) return undefined;
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': '*', vary: 'Origin' };
}

/** The answer to a preflight: every method and every header that was asked for, since access is by key and not by cookie. */
export function preflight({ method, headers }: HttpRequest, allowed: HeaderMap | undefined): HttpAnswer | undefined {
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined || !allowed) return undefined;
  const asked = headers['access-control-request-headers'] ?? '';
  return {
    status: 204,
    headers: {
      ...allowed,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
      ...(/^[\w\-, ]+$/.test(asked) && { 'access-control-allow-headers': asked }),
      'access-control-max-age': '86400',
    },
  };
}
