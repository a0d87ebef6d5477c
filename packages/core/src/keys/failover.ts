import type { Selector } from './selector.ts';

/** As listed: the first credential takes everything while it is well. */
export function failover(): Selector {
  return { order: (credentials) => credentials };
}
