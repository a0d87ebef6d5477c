import type { Credential } from '../auth/authorize.ts';
import type { Selector } from './selector.ts';

/**
 * Smooth weighted round-robin, as nginx does it: exact shares without randomness, and no bursts (weights 2 and 1 give
 * a b a, never a a b). A weight of 0 is a reserve: it comes last, whatever the turn.
 */
export function weighted(): Selector {
  /** What each credential is owed, by id; only as many as there are credentials. */
  const owed = new Map<string, number>();
  return {
    order(credentials) {
      if (credentials.length < 2) return credentials;
      let total = 0;
      for (const credential of credentials) {
        const weight = weightOf(credential);
        total += weight;
        owed.set(credential.id, (owed.get(credential.id) ?? 0) + weight);
      }
      const ordered = [...credentials].sort((a, b) => rank(b) - rank(a));
      const [first] = ordered;
      if (first) owed.set(first.id, (owed.get(first.id) ?? 0) - total);
      return ordered;
    },
  };

  function rank(credential: Credential): number {
    return weightOf(credential) > 0 ? (owed.get(credential.id) ?? 0) : -Number.MAX_VALUE;
  }
}

function weightOf({ weight = 1 }: Credential): number {
  return weight > 0 && Number.isFinite(weight) ? weight : 0;
}
