import { failover } from './failover.ts';
import { fastest } from './fastest.ts';
import { costFirst, quotaFirst } from './formula.ts';
import { leastBusy } from './least-busy.ts';
import { leastRecentlyUsed } from './least-recently-used.ts';
import { powerOfTwo } from './power-of-two.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import type { Selector, SelectorName, SelectorPorts } from './selector.ts';
import { weighted } from './weighted.ts';

const selectors = {
  failover,
  'round-robin': roundRobin,
  random,
  weighted,
  'least-busy': leastBusy,
  'least-recently-used': leastRecentlyUsed,
  'quota-first': quotaFirst,
  'cost-first': costFirst,
  fastest,
  'power-of-two': powerOfTwo,
} as const satisfies Record<SelectorName, (ports: SelectorPorts) => Selector>;

/** A selector of its own: each remembers whose turn it is. */
export function createSelector(name: SelectorName, ports: SelectorPorts): Selector {
  return selectors[name](ports);
}
