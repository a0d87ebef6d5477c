import type { Selector } from './selector.ts';

/** Every order is equally likely, so a call that fails does not always fall on the same neighbour. */
export function random({ random: uniform }: { readonly random: () => number }): Selector {
  return {
    order(candidates) {
      if (candidates.length < 2) return candidates;
      const shuffled = [...candidates];
      for (let last = shuffled.length - 1; last > 0; last -= 1)
        swap(shuffled, last, Math.floor(uniform() * (last + 1)));
      return shuffled;
    },
  };
}

function swap<T>(list: T[], a: number, b: number): void {
  const [first, second] = [list[a], list[b]];
  if (first === undefined || second === undefined) return;
  list[a] = second;
  list[b] = first;
}
