import type { Selector } from './selector.ts';

/** In turn, beginning with the first listed; a call that fails goes on with the ones that follow. */
export function roundRobin(): Selector {
  let turn = 0;
  return {
    order(candidates) {
      if (candidates.length < 2) return candidates;
      const first = turn % candidates.length;
      turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      return first === 0 ? candidates : [...candidates.slice(first), ...candidates.slice(0, first)];
    },
  };
}
