import type { Caller } from '@proxy/core';
import { LRUCache } from 'lru-cache';
import { callerFrom, type AccessRules, type AddressBook, type AddressRules, type KeyOwner } from '../caller.ts';
import type { OtherCallers } from '../callers.ts';
import { spelledOut } from '../config/access-keys.ts';
import type { StoredAccessKey } from './access-keys.ts';
import { present } from './row.ts';
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

export async function storedCallersOf(
  { accessKeys }: Pick<Storage, 'accessKeys'>,
  addresses: AddressBook = new Map(),
  rule: () => AddressRules = () => ({}),
): Promise<StoredCallers> {
  const known = new LRUCache<string, Caller>({ max: maxKnown });
  const unknown = new LRUCache<string, true>({ max: maxUnknown });
  let some = (await accessKeys.count()) > 0;
  /** Grows with every change: an answer from before it is not kept. */
  let era = 0;

  async function ask(accessKey: string): Promise<Caller | undefined> {
    const asked = era;
    const found = await accessKeys.recognize(accessKey);
    // Also one that is refused: the gateway tells its owner why.
    const owner = found?.user && ownerOf(found.user);
    const caller =
      found && callerFrom(spelledOut(rulesOf(found.accessKey)), owner && spelledOut(owner), addresses, rule());
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
      // Once callers needed a key, the last that is revoked or expires lets nobody in without: that takes a restart.
      some ||= (await accessKeys.count()) > 0;
    },
  };
}

function rulesOf(accessKey: StoredAccessKey): AccessRules {
  const { id, name, role, limits, models, operations, expiresAt, addresses, maxAddresses } = accessKey;
  const rules = present({ id, name, role, limits, models, operations, expiresAt, addresses, maxAddresses });
  const { revokedAt, revokedReason } = accessKey;
  const disabled = revokedAt !== undefined && `This access key has been revoked${because(revokedReason)}.`;
  return { ...(rules as AccessRules), ...(disabled !== false && { disabled }) }; // present leaves out what is undefined
}

function ownerOf({ id, name, role, limits, disabledAt, disabledReason }: User): KeyOwner {
  return {
    id,
    name,
    ...(role && { role }),
    ...(limits && { limits }),
    ...(disabledAt !== undefined && { disabled: `The user of this access key is disabled${because(disabledReason)}.` }),
  };
}

function because(reason = ''): string {
  return reason === '' ? '' : `: ${reason}`;
}
