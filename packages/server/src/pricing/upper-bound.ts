import { priceOf, tierFor } from './cost.ts';
import type { FoundPrice } from './find-price.ts';
import { attoOf, type Atto } from './money.ts';
import type { PricedTarget, PriceRow, TokenKind, TokenPrices } from './price-row.ts';

/** The most that a call may turn out to use. */
export interface MostUsage {
  /** The whole prompt, cached or not. */
  readonly maxInputTokens: number;
  /** Of all candidates together. */
  readonly maxOutputTokens: number;
  readonly images?: number;
  readonly searches?: number;
  readonly audioSeconds?: number;
  /** Kinds that cannot come up: a request without sound need not set its price aside. */
  readonly without?: readonly TokenKind[];
}

export type BoundedTarget = PricedTarget & MostUsage;

const inputKinds = ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'audioInput', 'imageInput'] as const;
const outputKinds = ['output', 'audioOutput', 'imageOutput'] as const;

/** The dearest of all tiers that the prompt may reach, every token of the dearest kind. */
export function mostAt({ row, factors }: FoundPrice, most: MostUsage): Atto {
  const tiers = [0, ...(row.above ?? []).map(({ tokens }) => tokens + 1)]
    .filter((tokens) => tokens <= most.maxInputTokens)
    .map((tokens) => tierFor(row, tokens));
  const tokens = tiers.map(
    (prices) =>
      dearest(prices, inputKinds, most, factors) * count(most.maxInputTokens) +
      dearest(prices, outputKinds, most, factors) * count(most.maxOutputTokens),
  );
  return tokens.reduce((a, b) => (a > b ? a : b), 0n) + pieces(row, most);
}

function dearest(
  prices: TokenPrices,
  kinds: readonly TokenKind[],
  { without = [] }: MostUsage,
  factors: readonly number[],
): Atto {
  return kinds
    .filter((kind) => !without.includes(kind))
    .map((kind) => attoOf(priceOf(prices, kind) ?? 0, 10n ** 6n, factors))
    .reduce((a, b) => (a > b ? a : b), 0n);
}

function pieces({ image = 0, search = 0, audioSecond = 0, request = 0 }: PriceRow, most: MostUsage): Atto {
  return (
    attoOf(image, 1n) * count(most.images ?? 0) +
    attoOf(search, 1n) * count(most.searches ?? 0) +
    attoOf(audioSecond, 1n) * count(most.audioSeconds ?? 0) +
    attoOf(request, 1n)
  );
}

function count(quantity: number): bigint {
  return BigInt(Math.ceil(quantity));
}
