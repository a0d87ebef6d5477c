import { ofTheLatest } from './latest.ts';
import type { Candidate, Selector } from './selector.ts';

/**
 * Smooth weighted round-robin, as nginx does it: exact shares without randomness, and no bursts (weights 2 and 1 give
 * a b a, never a a b). A weight of 0 is a reserve: it comes last, whatever the turn.
 */
export function weighted(): Selector {
  /** What each candidate is owed, by id. */
  const owed = ofTheLatest<number>();
  return {
    order(candidates) {
      if (candidates.length < 2) return candidates;
      let total = 0;
      for (const candidate of candidates) {
        const weight = weightOf(candidate);
        total += weight;
        owed.set(candidate.id, (owed.get(candidate.id) ?? 0) + weight);
      }
      const ordered = [...candidates].sort((a, b) => rank(b) - rank(a));
      const [first] = ordered;
      if (first) owed.set(first.id, (owed.get(first.id) ?? 0) - total);
      return ordered;
    },
    scores: (candidate) => ({ weight: weightOf(candidate) }),
  };

  function rank(candidate: Candidate): number {
    return weightOf(candidate) > 0 ? (owed.get(candidate.id) ?? 0) : -Number.MAX_VALUE;
  }
}

function weightOf({ weight = 1 }: Candidate): number {
  return weight > 0 && Number.isFinite(weight) ? weight : 0;
}
