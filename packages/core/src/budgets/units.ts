import { totalInputTokens, type Usage } from '../conversation/usage.ts';
import type { Most, Spendable, Spending, SpendingTarget, Spent } from '../ports.ts';

/** What things cost, in dollars. Undefined: nobody knows a price for it. */
export interface Prices {
  of(target: SpendingTarget, usage: Usage): number | undefined;
  /** The dearest that it can become. */
  most(target: SpendingTarget, most: Most): number | undefined;
}

/** Nobody knows any price. */
export const noPrices: Prices = { of: () => undefined, most: () => undefined };

/** Amounts are counted in whole units, so that no sum is ever a little off: a dollar is a billion of them. */
const perUnit: Readonly<Record<Spendable, number>> = { usd: 1e9, tokens: 1, requests: 1, images: 1 };

/** Pictures without tokens of their own are counted as if a dollar were so many (acceptance row C20). */
const tokensPerDollar = 100_000;

export function unitsOf(of: Spendable, amount: number): number {
  return Math.round(amount * perUnit[of]);
}

export function amountOf(of: Spendable, units: number): number {
  return units / perUnit[of];
}

/** The most that a call takes of a budget; undefined: without a price nobody can tell. */
export function mostUnits(of: Spendable, { targets }: Spending, most: Most, prices: Prices): number | undefined {
  switch (of) {
    case 'requests':
      return 1;
    case 'images':
      return most.images?.count ?? 0;
    case 'tokens': {
      const tokens = most.inputTokens + most.outputTokens;
      if (tokens > 0 || !most.images) return tokens;
      const usd = mostUsd(targets, most, prices);
      return usd === undefined ? undefined : Math.ceil(usd * tokensPerDollar);
    }
    case 'usd': {
      const usd = mostUsd(targets, most, prices);
      return usd === undefined ? undefined : Math.ceil(usd * perUnit.usd);
    }
  }
}

function mostUsd(targets: readonly SpendingTarget[], most: Most, prices: Prices): number | undefined {
  let dearest = 0;
  for (const target of targets) {
    const usd = prices.most(target, most);
    if (usd === undefined) return undefined;
    dearest = Math.max(dearest, usd);
  }
  return dearest;
}

/** What a call took, of which `reserved` had been set aside. What nobody reported is taken to be as much as that. */
export function spentUnits(of: Spendable, spent: Spent, reserved: number, prices: Prices): number {
  const { nothing, usage, target } = spent;
  if (nothing) return 0;
  switch (of) {
    case 'requests':
      return reserved;
    case 'images':
      return usage?.images ?? reserved;
    case 'tokens':
      return usage && tellsTokens(usage) ? totalInputTokens(usage) + (usage.outputTokens ?? 0) : reserved;
    case 'usd': {
      // What a picture of that size and quality costs is not told by how many there are.
      const told = usage && (usage.images === undefined || tellsTokens(usage)) ? usage : undefined;
      const usd = told && target ? prices.of(target, told) : undefined;
      return usd === undefined ? reserved : Math.ceil(usd * perUnit.usd);
    }
  }
}

function tellsTokens({
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  toolUseInputTokens,
}: Usage): boolean {
  return (inputTokens ?? outputTokens ?? cacheReadTokens ?? cacheWriteTokens ?? toolUseInputTokens) !== undefined;
}
