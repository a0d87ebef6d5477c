import { ofTheLatest } from './latest.ts';
import { pairKey } from './pair-key.ts';
import type { Candidate } from './selector.ts';

/** How long candidates take until their reply begins, as a moving average by model. */
interface Pace {
  /** Milliseconds; undefined while nothing is known. */
  of(candidate: Candidate, model: string): number | undefined;
  learn(candidate: Candidate, model: string, afterMs: number): void;
}

/** So much of the newest reply goes into the average: the last ten make nine tenths of it. */
const newest = 0.2;

export function createPace(): Pace {
  const averages = ofTheLatest<number>();
  return {
    of: ({ id }, model) => averages.get(pairKey(id, model)),
    learn({ id }, model, afterMs) {
      const key = pairKey(id, model);
      const known = averages.get(key);
      averages.set(key, known === undefined ? afterMs : known + newest * (afterMs - known));
    },
  };
}
