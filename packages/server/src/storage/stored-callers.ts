import type { Caller } from '@proxy/core';
import { LRUCache } from 'lru-cache';
import type { OtherCallers } from '../callers.ts';
import type { StoredAccessKey } from './access-keys.ts';
import type { Storage } from './storage.ts';
import type { User } from './users.ts';

/** Callers whose access keys are stored, as the gateway asks for them: at once when it has seen the key before. */
export interface StoredCallers extends OtherCallers {
  /** Somebody changed them: asks the storage from now on. */
  refresh(): Promise<void>;
}

/** Keys that were right before: hashing and asking cost more than all else that is done to know a caller. */
const maxKnown = 10_000;
/** Keys that were wrong before, so that a client that keeps trying one costs no query each time. */
const maxUnknown = 1000;

interface Known {
  readonly caller: Caller;
  readonly expiresAt: number;
}

export async function storedCallersOf({ accessKeys }: Pick<Storage, 'accessKeys'>): Promise<StoredCallers> {
  const known = new LRUCache<string, Known>({ max: maxKnown });
  const unknown = new LRUCache<string, true>({ max: maxUnknown });
  let some = (await accessKeys.count()) > 0;
  /** Grows with every change: an answer from before it is not kept. */
  let era = 0;

  async function ask(accessKey: string): Promise<Caller | undefined> {
    const asked = era;
    const found = await accessKeys.recognize(accessKey);
    const caller = found && callerOf(found.accessKey, found.user);
    if (asked === era) {
      if (caller) known.set(accessKey, { caller, expiresAt: found.accessKey.expiresAt ?? Infinity });
      else unknown.set(accessKey, true);
    }
    return caller && stillValid(found.accessKey.expiresAt) ? caller : undefined;
  }

  return {
    get some() {
      return some;
    },
    find(accessKey) {
      const hit = known.get(accessKey);
      if (hit) return stillValid(hit.expiresAt) ? hit.caller : undefined;
      return unknown.has(accessKey) ? undefined : ask(accessKey);
    },
    async refresh() {
      era += 1;
      known.clear();
      unknown.clear();
      some = (await accessKeys.count()) > 0;
    },
  };
}

function stillValid(expiresAt = Infinity): boolean {
  return expiresAt === Infinity || expiresAt > Date.now();
}

/** Undefined: the key opens nothing any longer. */
function callerOf(accessKey: StoredAccessKey, user: User | undefined): Caller | undefined {
  if (accessKey.revokedAt !== undefined || user?.disabledAt !== undefined) return undefined;
  const { id, name, limits } = accessKey;
  const role = accessKey.role ?? user?.role;
  return { id, ...(name !== undefined && { name }), ...(limits && { limits }), ...(role && { role }) };
}
