import type { Caller, Callers } from '@proxy/core';
import { callerFrom, excludingIn, type AddressBook } from './caller.ts';
import type { Config } from './config/config.ts';
import { digest } from './digest.ts';

/** Callers beside those of the configuration: whose keys are stored. */
export interface OtherCallers extends Pick<Callers, 'find'> {
  /** Whether anybody needs a key because of these. */
  readonly some: boolean;
}

/**
 * Callers by the SHA-256 of their access key: looking a hash up takes no longer for a guess that begins right.
 */
export function hashedCallers(
  { accessKeys, users, unsafe, closed, guards }: Pick<Config, 'accessKeys' | 'users' | 'unsafe' | 'closed' | 'guards'>,
  { others, addresses = new Map() }: { readonly others?: OtherCallers; readonly addresses?: AddressBook } = {},
): Callers {
  const { most, revoke } = guards.keyAddresses ?? {};
  const rule = { ...(most !== undefined && { most }), ...(revoke && { exclude: excludingIn(addresses) }) };
  const byHash = new Map<string, Caller>();
  for (const { key, user, ...rules } of accessKeys) {
    const hash = digest(key);
    const owner = users.find(({ name }) => name === user);
    const known = owner && { id: userIdOf(owner.name), ...owner };
    byHash.set(hash, callerFrom({ id: callerIdOf(key), ...rules }, known, addresses, rule));
  }
  /** Keys that were right before: hashing costs as much as all else that is done to know a caller. */
  const proven = new Map<string, Caller>();
  return {
    get open() {
      // Where strangers reach us, revoking the last key lets nobody in.
      return accessKeys.length === 0 && others?.some !== true && unsafe === undefined && closed !== true;
    },
    find(accessKey) {
      const known = proven.get(accessKey);
      if (known) return known;
      const caller = byHash.get(digest(accessKey));
      if (!caller) return others?.find(accessKey);
      proven.set(accessKey, caller);
      return caller;
    },
  };
}

/** Names the owner of a configured key in records; it tells nothing of the key. */
export function callerIdOf(key: string): string {
  return `key-${digest(key).slice(0, 8)}`;
}

/** Names a user of the configuration in records and in the books of budgets. */
export function userIdOf(name: string): string {
  return `user-${name}`;
}
