import type { HeaderMap } from '../dialects/dialect.ts';

/** RFC 9110 §7.6.1 and what describes a body that we rewrite or re-frame. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'content-encoding',
  // We read what comes back, so the upstream must not compress it in a way the caller asked for (H7).
  'accept-encoding',
  'expect',
]);

/** Ours to check, never an upstream's to see (H6). */
const credentials = new Set(['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie', 'set-cookie']);

/** Who and where the caller is concerns no upstream. */
const privacy = new Set(['origin', 'referer', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip', 'via']);
const privacyPrefixes = ['x-forwarded-', 'sec-', 'tailscale-', 'cf-', 'x-proxy-'];

/** The caller's headers that travel with a relayed request. */
export function relayedRequestHeaders(headers: HeaderMap): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && travels(name)) out[name] = value;
  }
  return out;
}

/** W3C Trace Context: where a call came from is true of it in any dialect. */
export function traceHeaders({ traceparent, tracestate }: HeaderMap): Record<string, string> {
  if (traceparent === undefined) return {};
  return { traceparent, ...(tracestate !== undefined && { tracestate }) };
}

/** Callers send the same few names again and again; what strangers make up is not worth remembering. */
const remembered = new Map<string, boolean>();
const maxRemembered = 500;

function travels(name: string): boolean {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const barred = hopByHop.has(name) || credentials.has(name) || privacy.has(name);
  const answer = !barred && !privacyPrefixes.some((prefix) => name.startsWith(prefix));
  if (remembered.size < maxRemembered) remembered.set(name, answer);
  return answer;
}

/** Not the callers' to know: whose account it is, and what concerns our connection alone. */
const keptBack = new Set([
  'set-cookie',
  'alt-svc',
  'openai-organization',
  'openai-project',
  'anthropic-organization-id',
]);

/** An upstream's headers that travel back with a relayed reply. */
export function relayedReplyHeaders(headers: HeaderMap): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !hopByHop.has(name) && !keptBack.has(name)) out[name] = value;
  }
  return out;
}

/** What stays true of a converted reply: whose it was, and how much of the vendor's limits is left. */
export function convertedReplyHeaders(headers: HeaderMap): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (name === 'retry-after' || name === 'retry-after-ms' || name === 'x-should-retry') out[name] = value;
    else if (name.startsWith('x-ratelimit-') || name.startsWith('anthropic-ratelimit-')) out[name] = value;
    else if (name === 'x-request-id' || name === 'request-id') out['x-upstream-request-id'] = value;
  }
  return out;
}
