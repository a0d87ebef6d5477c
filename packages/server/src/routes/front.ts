import {
  answerFetch,
  type AcceptedSocket,
  type Gateway,
  type HeaderMap,
  type HttpAnswer,
  type HttpRequest,
  type KeyedGateway,
  type Log,
  type Policy,
} from '@proxy/core';
import type { CorsConfig } from '../config/cors.ts';
import type { GuardsConfig } from '../config/guards.ts';
import type { HealthConfig } from '../config/config.ts';
import type { Entry, Place } from '../doors/door.ts';
import { enter } from '../doors/table.ts';
import { withCallersAddress } from '../guards/address.ts';
import { guardedPage, type PageAnswer } from '../guards/page.ts';
import type { LiveRecords } from '../records/records.ts';
import { corsHeaders, preflight } from './cors.ts';
import { apiHealth, health, ping } from './health.ts';
import { refuseForeign } from './local-only.ts';
import { pictureAt } from './pictures.ts';
import { welcome } from './welcome.ts';

/** What answers at this moment; a reload replaces the whole of it, and running requests keep what they began with. */
export interface Live {
  readonly gateway: KeyedGateway;
  readonly health: HealthConfig;
  /** Nobody needs an access key. */
  readonly open: boolean;
  readonly cors: CorsConfig;
  readonly policies: readonly Policy[];
  readonly log: Log;
  readonly trustedProxies: GuardsConfig['trustedProxies'];
  readonly place: Place;
  /** What calls leave behind, for those who may look at it; absent: nothing is shown. */
  readonly records?: LiveRecords;
}

/** What a server has beside the gateway. */
export interface Pages {
  /** Undefined: the request is for none of them. */
  answer(request: HttpRequest): (() => Promise<PageAnswer>) | undefined;
}

/** The doors that are no dialect's, in front of whichever gateway is current. */
export function frontOf(live: () => Live, pages?: Pages): Gateway {
  function handle(received: HttpRequest): Promise<HttpAnswer> {
    const now = live();
    const page = pageAt(received, now.health);
    const cors = corsHeaders(received, now.cors);
    const added = now.health.development ? { ...cors, ...developmentMark } : cors;
    if (page) return Promise.resolve(withHeaders(page, added));
    const request = withCallersAddress(received, now.trustedProxies);
    const ours = pages?.answer(request);
    if (ours) return guardedPage(ours, request, now);
    const shown = now.records?.page?.(request);
    if (shown) return guardedPage(() => shown, request, now);
    const entry = admit(request, now, cors);
    if ('answer' in entry)
      return guardedPage(() => entry.answer, request, now).then((answer) => withHeaders(answer, added));
    const { enter, watch } = now.records ?? {};
    const answering = now.gateway.handle(enter?.(entry.request) ?? entry.request);
    if (!added && !entry.reshape && !watch) return answering;
    const seen = watch ? answering.then(watch) : answering;
    const shaped = seen.then((answer) => entry.reshape?.(answer) ?? answer);
    return shaped.then((answer) => withHeaders(answer, added));
  }
  return {
    handle,
    knows: (method, url) => {
      const now = live();
      const signal = AbortSignal.abort();
      const request = { method, url, headers: {}, signal };
      if (pageAt(request, now.health) || pages?.answer(request)) return true;
      const entry = admit(request, now, undefined);
      return 'answer' in entry || entry.request.url !== url || now.gateway.knows(method, url);
    },
    async connect(received): Promise<HttpAnswer | AcceptedSocket> {
      const now = live();
      const page = pageAt(received, now.health);
      if (page) return page;
      const request = withCallersAddress(received, now.trustedProxies);
      const entry = admit(request, now, undefined);
      return 'answer' in entry ? guardedPage(() => entry.answer, request, now) : now.gateway.connect(entry.request);
    },
    fetch: (request) => answerFetch(handle, request),
  };
}

/** Acceptance row A5: a developer sees whom he talks to. */
const developmentMark: HeaderMap = { 'x-development-mode': 'true' };

function withHeaders(answer: HttpAnswer, headers: HeaderMap | undefined): HttpAnswer {
  return headers ? { ...answer, headers: { ...answer.headers, ...headers } } : answer;
}

/** What goes to the gateway, or the answer that it does not come to that. */
function admit(request: HttpRequest, live: Live, cors: HeaderMap | undefined): Entry {
  const picture = pictureAt(request, live.place.pictures);
  if (picture) return { answer: picture };
  const entry = enter(request, live.place) ?? { request };
  if ('answer' in entry) return entry;
  if (entry.ownKey) return entry;
  const refusal = live.open ? refuseForeign(request) : undefined;
  const answer = refusal ?? preflight(request, cors) ?? frontPage(request, live.health);
  return answer ? { answer } : entry;
}

/** These answer under any host name and to everybody, banned or not: monitors ask (row A14). */
function pageAt(request: HttpRequest, config: HealthConfig): HttpAnswer | undefined {
  if (config.enabled && isAt(config.path, request)) return forMethod(request, health(config));
  if (isAt('/api/health', request)) return forMethod(request, apiHealth());
  return isAt('/ping', request) ? forMethod(request, ping()) : undefined;
}

function frontPage(request: HttpRequest, config: HealthConfig): HttpAnswer | undefined {
  return isAt('/', request) ? forMethod(request, welcome(config.enabled ? config.path : undefined)) : undefined;
}

function isAt(path: string, { method, url }: HttpRequest): boolean {
  if (!url.startsWith(path) || (method !== 'GET' && method !== 'HEAD')) return false;
  return url.length === path.length || url[path.length] === '?';
}

function forMethod({ method }: HttpRequest, { status, headers, body }: HttpAnswer): HttpAnswer {
  return { status, headers, ...(method === 'GET' && body !== undefined && { body }) };
}
