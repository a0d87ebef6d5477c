import type { Usage } from '@proxy/core';
import { costAt, type Cost } from './cost.ts';
import { findPrice, findPrices } from './find-price.ts';
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

export function createPricing(own: readonly PriceRow[] = []): Pricing {
  return {
    costOf(usage, target) {
      const found = findPrice(own, target);
      return found && costAt(found, usage);
    },
    mostItCanCost(target) {
      const bounds = findPrices(own, target).map((found) => mostAt(found, target));
      if (bounds.length === 0) return undefined;
      return dollarsAtLeast(bounds.reduce((a, b) => (a > b ? a : b)));
    },
    priceOf: (target) => findPrice(own, target)?.row,
  };
}
