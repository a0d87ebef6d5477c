import type { Candidate, Sending } from './selector.ts';

/** How many calls run at each candidate. */
interface RunningCalls {
  at(candidate: Candidate): number;
  begin(candidate: Candidate): Required<Pick<Sending, 'over'>>;
}

/** So many are remembered with nothing running: a map that grows and shrinks with each call makes garbage that outlives it. */
const maxIdle = 10_000;

export function createRunningCalls(): RunningCalls {
  const running = new Map<string, number>();
  return {
    at: ({ id }) => running.get(id) ?? 0,
    begin({ id }) {
      running.set(id, (running.get(id) ?? 0) + 1);
      let over = false;
      return {
        over() {
          if (over) return;
          over = true;
          const left = (running.get(id) ?? 1) - 1;
          if (left > 0 || running.size <= maxIdle) running.set(id, left);
          else running.delete(id);
        },
      };
    },
  };
}
