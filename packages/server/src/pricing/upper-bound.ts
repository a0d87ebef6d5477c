import type { FoundPrice, Rate } from './found-price.ts';
import { dollarsAtLeast, dollarsOfPico, type Atto } from './money.ts';
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

/** In US dollars, rounded up: the dearest of all tiers that the prompt may reach, every token of the dearest kind. */
export function mostDollarsAt(found: FoundPrice, most: MostUsage): number {
  const pico = picoAt(found, most);
  return pico === undefined ? dollarsAtLeast(attoAt(found, most)) : dollarsOfPico(pico);
}

/** Of tokens alone, where numbers hold it: they cost less than big ones. */
function picoAt({ tiers, pieces }: FoundPrice, most: MostUsage): number | undefined {
  const { maxInputTokens, maxOutputTokens, images, searches, audioSeconds } = most;
  if (pieces.request || images !== undefined || searches !== undefined || audioSeconds !== undefined) return undefined;
  let dearest = 0;
  for (const { above, dearestPico } of tiers) {
    if (above >= maxInputTokens) continue;
    if (!dearestPico) return undefined;
    const [input, output] = dearestPico;
    const pico = input * Math.ceil(maxInputTokens) + output * Math.ceil(maxOutputTokens);
    if (!(pico <= Number.MAX_SAFE_INTEGER)) return undefined;
    dearest = Math.max(dearest, pico);
  }
  return dearest;
}

function attoAt({ tiers, pieces }: FoundPrice, most: MostUsage): Atto {
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
