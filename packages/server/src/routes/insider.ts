import { bearerToken, type Caller, type Callers, type HttpRequest } from '@proxy/core';
import { isLoopback } from '../config/safety.ts';
import { refuseForeign } from './local-only.ts';

/** Signs of a proxy in front: then the loopback address is the proxy's, not the caller's. */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip', 'via'];

/** Sits at this machine itself, and not behind a web page or a proxy on it. */
export function isLocal(request: HttpRequest): boolean {
  const { address, headers } = request;
  if (address === undefined || !isLoopback(address.replace(/^::ffff:/, ''))) return false;
  return !forwarded.some((name) => headers[name] !== undefined) && refuseForeign(request) === undefined;
}

/** Has an access key; nobody has while none is configured. */
export async function hasAccessKey(request: HttpRequest, callers: Callers): Promise<boolean> {
  return (await callerOf(request, callers)) !== undefined;
}

/** Has an access key whose role is admin. */
export async function isAdmin(request: HttpRequest, callers: Callers): Promise<boolean> {
  return (await callerOf(request, callers))?.role === 'admin';
}

async function callerOf({ headers }: HttpRequest, callers: Callers): Promise<Caller | undefined> {
  const key = bearerToken(headers) ?? headers['x-api-key'];
  const caller = callers.open || key === undefined ? undefined : await callers.find(key);
  return caller && isGood(caller) ? caller : undefined;
}

/** A key that was revoked or has expired is found all the same, so that its caller can be told. */
function isGood({ disabled, expiresAt = Infinity }: Caller): boolean {
  return disabled === undefined && Date.now() < expiresAt;
}
