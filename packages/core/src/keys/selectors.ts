import type { Ports } from '../ports.ts';
import { failover } from './failover.ts';
import { leastBusy } from './least-busy.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import type { Selector, SelectorName } from './selector.ts';
import { weighted } from './weighted.ts';

const selectors = {
  failover,
  'round-robin': roundRobin,
  random,
  weighted,
  'least-busy': leastBusy,
} as const satisfies Record<SelectorName, (uniform: () => number) => Selector>;

/** A selector of its own: each remembers whose turn it is. */
export function createSelector(name: SelectorName, ports: Pick<Ports, 'random'>): Selector {
  return selectors[name](ports.random);
}
