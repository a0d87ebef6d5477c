import type { Credential } from '../auth/authorize.ts';
import type { Selector } from './selector.ts';

/** Every order is equally likely, so a call that fails does not always fall on the same neighbour. */
export function random(uniform: () => number): Selector {
  return {
    order(credentials) {
      if (credentials.length < 2) return credentials;
      const shuffled = [...credentials];
      for (let last = shuffled.length - 1; last > 0; last -= 1)
        swap(shuffled, last, Math.floor(uniform() * (last + 1)));
      return shuffled;
    },
  };
}

function swap(list: Credential[], a: number, b: number): void {
  const [first, second] = [list[a], list[b]];
  if (!first || !second) return;
  list[a] = second;
  list[b] = first;
}
