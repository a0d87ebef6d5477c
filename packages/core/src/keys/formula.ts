import { createPace } from './pace.ts';
import type { Candidate, Selector, SelectorPorts } from './selector.ts';

/** The most calls left, then the cheapest, then the fastest (acceptance row E12). */
export function quotaFirst(ports: SelectorPorts): Selector {
  return byFormula(ports, (left, cost) => left || cost);
}

/** The cheapest, then the most calls left, then the fastest. */
export function costFirst(ports: SelectorPorts): Selector {
  return byFormula(ports, (left, cost) => cost || left);
}

function byFormula({ remaining }: SelectorPorts, first: (left: number, cost: number) => number): Selector {
  const pace = createPace();
  return {
    order(candidates, model) {
      if (candidates.length < 2) return candidates;
      return [...candidates].sort(
        (a, b) => first(more(remaining(b), remaining(a)), costOf(a) - costOf(b)) || paceAt(a, model) - paceAt(b, model),
      );
    },
    begin: (candidate, model) => ({ began: (afterMs) => pace.learn(candidate, model, afterMs) }),
    scores(candidate, model) {
      const left = remaining(candidate);
      const beginsAfterMs = Math.round(paceAt(candidate, model));
      return { ...(left < Infinity && { remaining: left }), cost: costOf(candidate), beginsAfterMs };
    },
  };

  /** One that was never asked is given its chance. */
  function paceAt(candidate: Candidate, model: string): number {
    return pace.of(candidate, model) ?? 0;
  }
}

/** Infinity from Infinity would be no number. */
function more(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function costOf({ cost = 0 }: Candidate): number {
  return cost;
}
