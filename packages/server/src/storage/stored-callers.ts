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

export async function storedCallersOf({ accessKeys }: Pick<Storage, 'accessKeys'>): Promise<StoredCallers> {
  const known = new LRUCache<string, Caller>({ max: maxKnown });
  const unknown = new LRUCache<string, true>({ max: maxUnknown });
  let some = (await accessKeys.count()) > 0;
  /** Grows with every change: an answer from before it is not kept. */
  let era = 0;

  async function ask(accessKey: string): Promise<Caller | undefined> {
    const asked = era;
    const found = await accessKeys.recognize(accessKey);
    const caller = found && callerOf(found.accessKey, found.user);
    if (asked !== era) return caller;
    if (caller) known.set(accessKey, caller);
    else unknown.set(accessKey, true);
    return caller;
  }

  return {
    get some() {
      return some;
    },
    find: (accessKey) => known.get(accessKey) ?? (unknown.has(accessKey) ? undefined : ask(accessKey)),
    async refresh() {
      era += 1;
      known.clear();
      unknown.clear();
      some = (await accessKeys.count()) > 0;
    },
  };
}

/** Also one that is refused: the gateway tells its owner why. */
function callerOf(accessKey: StoredAccessKey, user: User | undefined): Caller {
  const { id, name, limits, models, operations, expiresAt } = accessKey;
  const role = accessKey.role ?? user?.role;
  const disabled = whyDisabled(accessKey, user);
  return {
    id,
    ...(name !== undefined && { name }),
    ...(limits && { limits }),
    ...(user && { userId: user.id, userName: user.name }),
    ...(user?.limits && { userLimits: user.limits }),
    ...(role && { role }),
    ...(models && { models }),
    ...(operations && { operations }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(disabled !== undefined && { disabled }),
  };
}

function whyDisabled({ revokedAt, revokedReason }: StoredAccessKey, user: User | undefined): string | undefined {
  if (revokedAt !== undefined) return `This access key has been revoked${because(revokedReason)}.`;
  if (user?.disabledAt !== undefined) return `The user of this access key is disabled${because(user.disabledReason)}.`;
  return undefined;
}

function because(reason = ''): string {
  return reason === '' ? '' : `: ${reason}`;
}
