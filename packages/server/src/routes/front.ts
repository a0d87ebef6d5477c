import type { Gateway, HttpAnswer, HttpRequest } from '@proxy/core';
import type { HealthConfig } from '../config/config.ts';
import { health, ping } from './health.ts';
import { refuseForeign } from './local-only.ts';
import { welcome } from './welcome.ts';

/** What answers at this moment; a reload replaces the whole of it, and running requests keep what they began with. */
export interface Live {
  readonly gateway: Gateway;
  readonly health: HealthConfig;
  /** Nobody needs an access key. */
  readonly open: boolean;
}

/** The doors that are no dialect's, in front of whichever gateway is current. */
export function frontOf(live: () => Live): Gateway {
  return {
    knows: (method, url) => ownAnswer(method, url, live()) !== undefined || live().gateway.knows(method, url),
    handle(request) {
      const now = live();
      const answer = before(request, now);
      return answer ? Promise.resolve(answer) : now.gateway.handle(request);
    },
    connect(request) {
      const now = live();
      const answer = before(request, now);
      return answer ? Promise.resolve(answer) : now.gateway.connect(request);
    },
    async fetch(request) {
      const now = live();
      const { pathname, search } = new URL(request.url);
      const headers = { host: new URL(request.url).host, ...Object.fromEntries(request.headers) };
      const { method, signal } = request;
      const answer = before({ method, url: pathname + search, headers, signal }, now);
      if (!answer) return now.gateway.fetch(request);
      return new Response((answer.body as string | undefined) ?? null, answer); // these doors answer in text only
    },
  };
}

function before(request: HttpRequest, live: Live): HttpAnswer | undefined {
  return ownAnswer(request.method, request.url, live) ?? (live.open ? refuseForeign(request) : undefined);
}

function ownAnswer(method: string, url: string, live: Live): HttpAnswer | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  const answer = page(url.split('?')[0] ?? '/', live);
  if (!answer || method === 'GET') return answer;
  return { status: answer.status, headers: answer.headers };
}

function page(path: string, { health: config }: Live): HttpAnswer | undefined {
  if (config.enabled && path === config.path) return health(config);
  if (path === '/ping') return ping();
  return path === '/' ? welcome(config.enabled ? config.path : undefined) : undefined;
}
