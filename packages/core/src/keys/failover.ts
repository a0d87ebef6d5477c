import type { Selector } from './selector.ts';

/** As listed: the first candidate takes everything while it is well. */
export function failover(): Selector {
  return { order: (candidates) => candidates };
}
