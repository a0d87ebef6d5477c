import type { Selector } from './selector.ts';

/** In turn, beginning with the first listed; a call that fails goes on with the ones that follow. */
export function roundRobin(): Selector {
  let turn = 0;
  return {
    order(credentials) {
      if (credentials.length < 2) return credentials;
      const first = turn % credentials.length;
      turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      return first === 0 ? credentials : [...credentials.slice(first), ...credentials.slice(0, first)];
    },
  };
}
