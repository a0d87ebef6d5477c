import { ofTheLatest } from './latest.ts';
import { createRunningCalls } from './running-calls.ts';
import type { Candidate, Selector } from './selector.ts';

/** The candidate with the fewest calls running; among equals the one unused for longest. */
export function leastBusy(): Selector {
  const running = createRunningCalls();
  /** The number of the last call that each candidate took: the smaller, the longer ago. */
  const lastCall = ofTheLatest<number>();
  let calls = 0;
  return {
    order(candidates) {
      return candidates.length < 2 ? candidates : [...candidates].sort(busier);
    },
    begin(candidate) {
      lastCall.set(candidate.id, (calls += 1));
      return running.begin(candidate);
    },
    scores: (candidate) => ({ running: running.at(candidate) }),
  };

  function busier(a: Candidate, b: Candidate): number {
    return running.at(a) - running.at(b) || (lastCall.get(a.id) ?? 0) - (lastCall.get(b.id) ?? 0);
  }
}
