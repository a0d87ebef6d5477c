import type { HttpAnswer, HttpRequest } from '@proxy/core';
import { isLoopback } from '../config/safety.ts';

/**
 * Without access keys the loopback address is the only guard, and a browser on this machine gets past it: any web page
 * may post to 127.0.0.1, and a page whose name is rebound to it may even read the answer. So requests that come from
 * a foreign page, or under a public name, are refused.
 */
export function refuseForeign({ headers }: HttpRequest): HttpAnswer | undefined {
  const { host = '', origin } = headers;
  if (!isLocalName(hostName(host))) return refusal(`the Host "${host}" is not a name of this machine`);
  if (origin !== undefined && !isLocalOrigin(origin)) return refusal(`the page at ${origin} is not on this machine`);
  return undefined;
}

function refusal(why: string): HttpAnswer {
  const message = `Refused, because no access key is configured and ${why}. Set PROXY_ACCESS_KEY to let others in.`;
  return {
    status: 403,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'error', error: { type: 'permission_error', message } }),
  };
}

/** Names that no public DNS answers for: loopback, single words, and the reserved domains. */
function isLocalName(name: string): boolean {
  return name === '' || isLoopback(name) || !/[.:]/.test(name) || /\.(localhost|local|internal|test)$/.test(name);
}

function isLocalOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLocalName(new URL(origin).hostname);
}

function hostName(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}
