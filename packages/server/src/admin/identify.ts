import { bearerToken, type HttpRequest } from '@proxy/core';
import { isLocal } from '../routes/insider.ts';
import { callerByKey } from './known-callers.ts';
import type { AdminPlace } from './place.ts';
import { nobody, type Principal } from './principal.ts';
import { Refusal } from './refusal.ts';
import { isSame } from './secrets.ts';
import { sessionOf } from './session.ts';

/**
 * Who asks: by a bearer token (the admin key, or an access key), by a browser's session, or, where no admin key is configured,
 * by being on this machine. @throws Refusal when something is shown that is not right
 */
export async function identify(request: HttpRequest, address: string, place: AdminPlace): Promise<Principal> {
  const { attempts } = place;
  const key = keyIn(request);
  const cookie = key === undefined ? await sessionOf(request, address, place) : undefined;
  if (cookie) return cookie;
  if (key === undefined) return mayBeLocal(request, place) ? local : nobody;
  const known = await byKey(key, address, place);
  if (known) return known;
  attempts.failed(address);
  if (attempts.locked(address)) throw tooManyAttempts();
  throw new Refusal('unauthorized', 'This key is not known here.', challenge);
}

/** By a key that was shown, in a header or at the login; undefined: it is nobody's. @throws Refusal after too many wrong ones */
export async function byKey(key: string, address: string, place: AdminPlace): Promise<Principal | undefined> {
  const { attempts } = place;
  if (attempts.locked(address)) throw tooManyAttempts();
  const known = await ownerOf(key, address, place);
  // Whoever has another key could go on guessing the administrator's, with theirs in between.
  if (known?.role === 'admin') attempts.succeeded(address);
  return known;
}

/** Who sent a request that still runs, by what holds now: its key or session may have ended. Counts as no attempt. */
export async function identifyAgain(request: HttpRequest, address: string, place: AdminPlace): Promise<Principal> {
  const key = keyIn(request);
  if (key !== undefined) return (await ownerOf(key, address, place)) ?? nobody;
  return (await sessionOf(request, address, place)) ?? (mayBeLocal(request, place) ? local : nobody);
}

async function ownerOf(key: string, address: string, place: AdminPlace): Promise<Principal | undefined> {
  const { key: adminKey } = place.config().admin;
  if (adminKey !== undefined && isSame(key, adminKey)) return { role: 'admin', id: 'admin', by: 'admin-key' };
  return callerByKey(key, address, place);
}

export const challenge = { headers: { 'www-authenticate': 'Bearer realm="proxy admin"' } };

/** Row C28. */
function tooManyAttempts(): Refusal {
  return new Refusal('unauthorized', 'Too many attempts. Wait a quarter of an hour.', challenge);
}

function keyIn({ headers }: HttpRequest): string | undefined {
  return bearerToken(headers) ?? headers['x-api-key'];
}

const local: Principal = { role: 'admin', id: 'local', by: 'local' };

/** Row C31: without an admin key, this machine alone. */
function mayBeLocal(request: HttpRequest, { config }: AdminPlace): boolean {
  return config().admin.key === undefined && isLocal(request);
}
