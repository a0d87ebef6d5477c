import { LRUCache } from 'lru-cache';
import ipaddr, { type IPv6 } from 'ipaddr.js';

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

/** Whoever has one IPv6 address has a whole /64 of them (RFC 6177). */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const ip = ipaddr.process(address);
  if (ip.kind() === 'ipv4') return ip.toString();
  return (ip as IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':'); // kind() tells which
}
