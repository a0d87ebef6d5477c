import { randomBytes } from 'node:crypto';
import type { HttpRequest } from '@proxy/core';
import { callerById } from './known-callers.ts';
import type { AdminPlace } from './place.ts';
import type { Principal } from './principal.ts';
import { fingerprint } from './secrets.ts';

const cookieName = 'proxy_admin';
/** Of its own paths alone: upstreams and models never see it. */
const cookiePath = '/admin';

export interface Login {
  readonly principal: Principal;
  readonly csrf: string;
  readonly expiresAt: number;
  readonly headers: { readonly 'set-cookie': string };
}

/** Lets a browser in: whoever brings the cookie is this principal, until the session or the key behind it ends. */
export async function beginSession(principal: Principal, address: string, place: AdminPlace): Promise<Login> {
  const { key, sessionHours, insecureCookies } = place.config().admin;
  const token = randomBytes(32).toString('base64url');
  const csrf = randomBytes(32).toString('base64url');
  const createdAt = Date.now();
  const maxAgeSeconds = Math.round(sessionHours * 3600);
  const expiresAt = createdAt + maxAgeSeconds * 1000;
  const subject = principal.keyId ?? (await adminSubject(key));
  await place.storage.sessions.sweep(createdAt);
  await place.storage.sessions.create(token, { subject, role: principal.role, csrf, address, createdAt, expiresAt });
  return {
    principal: { ...principal, by: 'session', csrf },
    csrf,
    expiresAt,
    headers: { 'set-cookie': cookie(token, maxAgeSeconds, insecureCookies) },
  };
}

/** Whose session the request brings; undefined: none, or one that is over. */
export async function sessionOf(
  request: HttpRequest,
  address: string,
  place: AdminPlace,
): Promise<Principal | undefined> {
  const token = tokenIn(request);
  const session = token === undefined ? undefined : await place.storage.sessions.find(token, Date.now());
  if (!session || session.subject === '') return undefined;
  const { subject, csrf } = session;
  if (subject === (await adminSubject(place.config().admin.key)))
    return { role: 'admin', id: 'admin', by: 'session', csrf };
  const caller = await callerById(subject, address, place);
  return caller && { ...caller, by: 'session', csrf };
}

export async function endSession(request: HttpRequest, { storage, config }: AdminPlace): Promise<Login['headers']> {
  const token = tokenIn(request);
  if (token !== undefined) await storage.sessions.end(token);
  return { 'set-cookie': cookie('', 0, config().admin.insecureCookies) };
}

/** With another admin key, or none, sessions that began with the one before are nobody's. */
async function adminSubject(key: string | undefined): Promise<string> {
  return key === undefined ? '' : `admin-${await fingerprint(key)}`;
}

function cookie(value: string, maxAgeSeconds: number, insecure: boolean): string {
  const secure = insecure ? '' : '; Secure';
  return `${cookieName}=${value}; Path=${cookiePath}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

function tokenIn({ headers }: HttpRequest): string | undefined {
  const pairs = headers.cookie?.split(';').map((pair) => pair.trim()) ?? [];
  const found = pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  return found === undefined || found === '' ? undefined : found;
}
