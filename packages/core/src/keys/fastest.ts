import { createPace } from './pace.ts';
import type { Candidate, Selector, SelectorPorts } from './selector.ts';

/** One call in so many goes to any candidate, or the one that was slow once would be slow for ever. */
const explored = 0.05;

/** The candidate whose replies begin soonest. Those that were never asked come first. */
export function fastest({ random }: SelectorPorts): Selector {
  const pace = createPace();
  return {
    order(candidates, model) {
      if (candidates.length < 2) return candidates;
      const ordered = [...candidates].sort((a, b) => paceAt(a, model) - paceAt(b, model));
      if (random() >= explored) return ordered;
      const [any] = ordered.splice(Math.floor(random() * ordered.length), 1);
      return any ? [any, ...ordered] : ordered;
    },
    begin: (candidate, model) => ({ began: (afterMs) => pace.learn(candidate, model, afterMs) }),
    scores: (candidate, model) => ({ beginsAfterMs: Math.round(paceAt(candidate, model)) }),
  };

  function paceAt(candidate: Candidate, model: string): number {
    return pace.of(candidate, model) ?? 0;
  }
}
