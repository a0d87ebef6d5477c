import type { Credential } from '../auth/authorize.ts';
import type { Selector } from './selector.ts';

/** The credential with the fewest calls running; among equals the one unused for longest. */
export function leastBusy(): Selector {
  const running = new Map<string, number>();
  /** The number of the last call that each credential took: the smaller, the longer ago. */
  const lastCall = new Map<string, number>();
  let calls = 0;
  return {
    order(credentials) {
      return credentials.length < 2 ? credentials : [...credentials].sort((a, b) => busier(a, b));
    },
    begin({ id }) {
      running.set(id, (running.get(id) ?? 0) + 1);
      lastCall.set(id, (calls += 1));
      let over = false;
      return () => {
        if (over) return;
        over = true;
        running.set(id, (running.get(id) ?? 1) - 1);
      };
    },
  };

  function busier(a: Credential, b: Credential): number {
    return of(running, a) - of(running, b) || of(lastCall, a) - of(lastCall, b);
  }
}

function of(counts: ReadonlyMap<string, number>, { id }: Credential): number {
  return counts.get(id) ?? 0;
}
