import type { FoundPrice, Rate } from './found-price.ts';
import type { Atto } from './money.ts';
import type { PricedTarget } from './price-row.ts';

/** The most that a call may turn out to use. */
export interface MostUsage {
  /** The whole prompt, cached or not. */
  readonly maxInputTokens: number;
  /** Of all candidates together. */
  readonly maxOutputTokens: number;
  readonly images?: number | undefined;
  readonly searches?: number | undefined;
  readonly audioSeconds?: number | undefined;
}

export type BoundedTarget = PricedTarget & MostUsage;

/** The dearest of all tiers that the prompt may reach, every token of the dearest kind. */
export function mostAt({ tiers, pieces }: FoundPrice, most: MostUsage): Atto {
  const input = count(most.maxInputTokens);
  const output = count(most.maxOutputTokens);
  let tokens: Atto = 0n;
  for (const { above, dearestInput, dearestOutput } of tiers) {
    if (above >= most.maxInputTokens) continue;
    const atto = dearestInput * input + dearestOutput * output;
    if (atto > tokens) tokens = atto;
  }
  return (
    tokens +
    at(pieces.image, most.images) +
    at(pieces.search, most.searches) +
    at(pieces.audioSecond, most.audioSeconds) +
    at(pieces.request, 1)
  );
}

function at(rate: Rate | undefined, quantity: number | undefined): Atto {
  return rate && quantity !== undefined ? rate.atto * count(quantity) : 0n;
}

function count(quantity: number): bigint {
  return BigInt(Math.ceil(quantity));
}
