import { LRUCache } from 'lru-cache';
import type { Usage } from '@proxy/core';
import { costAt, type Cost } from './cost.ts';
import { candidatesFor, priceAt, pricesOn, type FoundPrice } from './find-price.ts';
import { dollarsAtLeast } from './money.ts';
import type { PricedTarget, PriceRow } from './price-row.ts';
import { mostAt, type BoundedTarget } from './upper-bound.ts';

/** Prices: our table, and in front of it a configuration's own rows. */
export interface Pricing {
  /** What a call cost; undefined when the model has no price, which is not the same as costing nothing. */
  costOf(usage: Usage, target: PricedTarget): Cost | undefined;
  /** At least what a call will have cost, in US dollars; undefined when the model has no price. */
  mostItCanCost(target: BoundedTarget): number | undefined;
  /** The row that prices a target now. */
  priceOf(target: PricedTarget): PriceRow | undefined;
}

/** Callers invent names of models, so only so many targets are remembered. */
const maxRemembered = 1000;

export function createPricing(own: readonly PriceRow[] = []): Pricing {
  const remembered = new LRUCache<string, readonly FoundPrice[]>({ max: maxRemembered });

  function candidates(target: PricedTarget): readonly FoundPrice[] {
    const { provider, upstream, model, askedModel, region, batch } = target;
    const key = `${provider}\n${upstream}\n${model}\n${askedModel}\n${region}\n${batch}`;
    let known = remembered.get(key);
    if (!known) remembered.set(key, (known = candidatesFor(own, target)));
    return known;
  }

  return {
    costOf(usage, target) {
      const found = priceAt(candidates(target), target);
      return found && costAt(found, usage);
    },
    mostItCanCost(target) {
      const bounds = pricesOn(candidates(target), target).map((found) => mostAt(found, target));
      if (bounds.length === 0) return undefined;
      return dollarsAtLeast(bounds.reduce((a, b) => (a > b ? a : b)));
    },
    priceOf: (target) => priceAt(candidates(target), target)?.row,
  };
}
