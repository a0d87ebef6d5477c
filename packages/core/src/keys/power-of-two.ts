import { createHeadroom } from './headroom.ts';
import { createPace } from './pace.ts';
import { createRunningCalls } from './running-calls.ts';
import type { Candidate, Selector, SelectorPorts } from './selector.ts';

/**
 * Of two candidates drawn at random the one with the smaller load: calls running × time until a reply begins ÷ share of the
 * vendor's rate limits that is left. Two draws keep a herd of processes from all running to the one that looked best.
 */
export function powerOfTwo({ random, clock }: SelectorPorts): Selector {
  const running = createRunningCalls();
  const pace = createPace();
  const headroom = createHeadroom(clock);
  return {
    order(candidates, model) {
      if (candidates.length < 2) return candidates;
      const loads = new Map(candidates.map((candidate) => [candidate.id, load(candidate, model)]));
      const lighter = (a: Candidate, b: Candidate) => (loads.get(a.id) ?? 0) - (loads.get(b.id) ?? 0);
      const rest = [...candidates];
      const drawn = [draw(rest), draw(rest)].filter((candidate) => candidate !== undefined).sort(lighter);
      return [...drawn, ...rest.sort(lighter)];
    },
    begin(candidate, model) {
      const call = running.begin(candidate);
      return { ...call, began: (afterMs) => pace.learn(candidate, model, afterMs) };
    },
    hear: headroom.hear,
    scores: (candidate, model) => ({
      running: running.at(candidate),
      beginsAfterMs: Math.round(pace.of(candidate, model) ?? 0),
      headroom: headroom.of(candidate, model),
      load: load(candidate, model),
    }),
  };

  function draw<T>(list: T[]): T | undefined {
    return list.splice(Math.floor(random() * list.length), 1)[0];
  }

  /** The call to come counts as well, or all idle candidates would be alike however slow they are. */
  function load(candidate: Candidate, model: string): number {
    return ((running.at(candidate) + 1) * (pace.of(candidate, model) ?? 1)) / headroom.of(candidate, model);
  }
}
