import type { Caller, Callers } from '@proxy/core';
import type { AccessKey } from './config/config.ts';
import { digest } from './digest.ts';

/** Callers beside those of the configuration: whose keys are stored. */
export interface OtherCallers extends Pick<Callers, 'find'> {
  /** Whether anybody needs a key because of these. */
  readonly some: boolean;
}

/**
 * Callers by the SHA-256 of their access key: looking a hash up takes no longer for a guess that begins right.
 */
export function hashedCallers(accessKeys: readonly AccessKey[], others?: OtherCallers): Callers {
  const byHash = new Map<string, Caller>();
  for (const { key, name, limits } of accessKeys) {
    const hash = digest(key);
    byHash.set(hash, { id: callerIdOf(key), ...(name !== undefined && { name }), ...(limits && { limits }) });
  }
  /** Keys that were right before: hashing costs as much as all else that is done to know a caller. */
  const proven = new Map<string, Caller>();
  return {
    get open() {
      return accessKeys.length === 0 && others?.some !== true;
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
