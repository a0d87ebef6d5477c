import { ofTheLatest } from './latest.ts';
import type { Selector } from './selector.ts';

/** The candidate that was chosen or used longest ago; one that was never chosen before all others, as listed. */
export function leastRecentlyUsed(): Selector {
  /** The number of the last choice that fell on each: the smaller, the longer ago. */
  const lastChoice = ofTheLatest<number>();
  let choices = 0;
  return {
    order(candidates) {
      if (candidates.length < 2) return candidates;
      const ordered = [...candidates].sort((a, b) => (lastChoice.get(a.id) ?? 0) - (lastChoice.get(b.id) ?? 0));
      const [first] = ordered;
      // Marked when it is chosen, not when it is sent to: of calls that come at once no two take the same.
      if (first) lastChoice.set(first.id, (choices += 1));
      return ordered;
    },
    begin({ id }) {
      lastChoice.set(id, (choices += 1));
      return {};
    },
    scores({ id }) {
      const last = lastChoice.get(id);
      return last === undefined ? {} : { choicesAgo: choices - last };
    },
  };
}
