import type { Usage } from '@proxy/core';
import { costAt, type Cost } from './cost.ts';
import { candidatesFor, priceAt, pricesOn } from './find-price.ts';
import type { FoundPrice } from './found-price.ts';
import type { PricedTarget, PriceRow } from './price-row.ts';
import { mostDollarsAt, type BoundedTarget } from './upper-bound.ts';

/** Prices: our table, and in front of it a configuration's own rows. */
export interface Pricing {
  /** What a call cost; undefined when the model has no price, which is not the same as costing nothing. */
  costOf(usage: Usage, target: PricedTarget): Cost | undefined;
  /** At least what a call will have cost, in US dollars; undefined when the model has no price. */
  mostItCanCost(target: BoundedTarget): number | undefined;
  /** The row that prices a target now. */
  priceOf(target: PricedTarget): PriceRow | undefined;
}

/** Callers invent names of models: beyond so many, all are found anew. */
const maxRemembered = 1000;

interface Remembered {
  readonly target: PricedTarget;
  readonly found: readonly FoundPrice[];
}

/** Those of a configuration are one for everybody who asks. */
export function pricingOf(own: readonly PriceRow[]): Pricing {
  let pricing = ofRows.get(own);
  if (!pricing) ofRows.set(own, (pricing = createPricing(own)));
  return pricing;
}

const ofRows = new WeakMap<readonly PriceRow[], Pricing>();

export function createPricing(own: readonly PriceRow[] = []): Pricing {
  const byModel = new Map<string, Remembered[]>();
  let remembered = 0;
  /** A call's budgets ask what its record will ask next. */
  let last: { readonly usage: Usage; readonly found: FoundPrice; readonly cost: Cost } | undefined;

  function candidates(target: PricedTarget): readonly FoundPrice[] {
    const known = byModel.get(target.model)?.find((one) => isPricedAlike(one.target, target));
    return known ? known.found : find(target);
  }

  function find(target: PricedTarget): readonly FoundPrice[] {
    const found = candidatesFor(own, target);
    if (remembered >= maxRemembered) {
      byModel.clear();
      remembered = 0;
    }
    const sameModel = byModel.get(target.model);
    if (sameModel) sameModel.push({ target, found });
    else byModel.set(target.model, [{ target, found }]);
    remembered += 1;
    return found;
  }

  return {
    costOf(usage, target) {
      const found = priceAt(candidates(target), target);
      if (!found) return undefined;
      if (last?.usage !== usage || last.found !== found) last = { usage, found, cost: costAt(found, usage) };
      return last.cost;
    },
    mostItCanCost(target) {
      let dearest: number | undefined;
      for (const price of pricesOn(candidates(target), target))
        dearest = Math.max(dearest ?? 0, mostDollarsAt(price, target));
      return dearest;
    },
    priceOf: (target) => priceAt(candidates(target), target)?.row,
  };
}

/** But for the time, which is asked of what was found. */
function isPricedAlike(a: PricedTarget, b: PricedTarget): boolean {
  return (
    a.model === b.model &&
    a.askedModel === b.askedModel &&
    a.provider === b.provider &&
    a.upstream === b.upstream &&
    a.region === b.region &&
    a.batch === b.batch
  );
}
