import { LRUCache } from 'lru-cache';
import { networkOf } from '../public-address.ts';

/** Row C28: the sixth try is one too many. */
const maxFailures = 5;
/** Since the last of them. */
const forgottenMs = 15 * 60_000;
const maxRemembered = 10_000;

/** Wrong keys by address, so that nobody can try them all. */
export interface Attempts {
  /** Whether this address has to wait, even with the right key. */
  locked(address: string): boolean;
  failed(address: string): void;
  succeeded(address: string): void;
}

export function createAttempts(): Attempts {
  const failures = new LRUCache<string, number>({ max: maxRemembered, ttl: forgottenMs });
  return {
    locked: (address) => (failures.get(networkOf(address)) ?? 0) > maxFailures,
    failed(address) {
      const network = networkOf(address);
      failures.set(network, (failures.get(network) ?? 0) + 1);
    },
    succeeded: (address) => void failures.delete(networkOf(address)),
  };
}
