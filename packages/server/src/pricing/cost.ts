import { totalInputTokens, type Usage } from '@proxy/core';
import type { FoundPrice, Rate } from './found-price.ts';
import { attoOfPico, dollarsOf, dollarsOfPico, type Atto } from './money.ts';
import type { PriceKind } from './price-row.ts';

/** What a call cost. */
export interface Cost {
  /** The exact sum of all lines, rounded once to 10⁻¹² dollars. */
  readonly usd: number;
  readonly lines: readonly CostLine[];
  /** What was used and has no price here, so that it is not in the sum. */
  readonly unpriced?: readonly PriceKind[];
}

export interface CostLine {
  readonly kind: PriceKind;
  readonly quantity: number;
  /** US dollars per million tokens, or each; with the factors of a region and a batch still to come. */
  readonly price: number;
  readonly factor?: number;
  readonly usd: number;
}

/** The arithmetic of one call at one price. */
export function costAt(found: FoundPrice, usage: Usage): Cost {
  const bill = new Bill();
  addTokens(bill, found, usage);
  addPieces(bill, found, usage);
  const { usd, lines, unpriced } = bill;
  return unpriced.length > 0 ? { usd, lines, unpriced } : { usd, lines };
}

class Bill {
  /** The sum is in two parts, of which the second is nearly always nothing. */
  #pico = 0;
  #atto: Atto = 0n;
  readonly lines: CostLine[] = [];
  readonly unpriced: PriceKind[] = [];

  add(kind: PriceKind, counted: number, rate: Rate | undefined, factor: number): void {
    const quantity = billable(counted);
    if (quantity === 0) return;
    if (!rate) {
      this.unpriced.push(kind);
      return;
    }
    const usd = this.#charge(rate, quantity);
    const { price } = rate;
    this.lines.push(factor === 1 ? { kind, quantity, price, usd } : { kind, quantity, price, factor, usd });
  }

  get usd(): number {
    return this.#atto === 0n ? dollarsOfPico(this.#pico) : dollarsOf(this.#atto + attoOfPico(this.#pico));
  }

  #charge({ pico, atto: rate }: Rate, quantity: number): number {
    const sum = pico === undefined ? Infinity : pico * quantity;
    if (Number.isInteger(quantity) && this.#pico + sum <= Number.MAX_SAFE_INTEGER) {
      this.#pico += sum;
      return dollarsOfPico(sum);
    }
    const atto = timesQuantity(rate, quantity);
    this.#atto += atto;
    return dollarsOf(atto);
  }
}

/** Each token in one kind. Sound and pictures are told apart from text only where they have a price of their own. */
function addTokens(bill: Bill, { tiers, factor }: FoundPrice, usage: Usage): void {
  const prompt = totalInputTokens(usage);
  const { prices, rates } = tiers.findLast(({ above }) => prompt > above) ?? tiers[0];
  const { cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0, outputTokens = 0 } = usage;
  const plain = (usage.inputTokens ?? 0) + (usage.toolUseInputTokens ?? 0);
  const [input, audioInput, imageInput] = apart(
    plain,
    prices.audioInput === undefined ? 0 : usage.audioInputTokens,
    prices.imageInput === undefined ? 0 : usage.imageInputTokens,
  );
  const [output, audioOutput, imageOutput] = apart(
    outputTokens,
    prices.audioOutput === undefined ? 0 : usage.audioOutputTokens,
    prices.imageOutput === undefined ? 0 : usage.imageOutputTokens,
  );
  const hour = Math.min(cacheWrite1hTokens, cacheWriteTokens);
  bill.add('input', input, rates.input, factor);
  bill.add('cacheRead', cacheReadTokens, rates.cacheRead, factor);
  bill.add('cacheWrite', cacheWriteTokens - hour, rates.cacheWrite, factor);
  bill.add('cacheWrite1h', hour, rates.cacheWrite1h, factor);
  bill.add('audioInput', audioInput, rates.audioInput, factor);
  bill.add('imageInput', imageInput, rates.imageInput, factor);
  bill.add('output', output, rates.output, factor);
  bill.add('audioOutput', audioOutput, rates.audioOutput, factor);
  bill.add('imageOutput', imageOutput, rates.imageOutput, factor);
}

/** Sound and pictures that a cache held are counted by vendors twice; they have been paid for as cached. */
function apart(all: number, audio = 0, image = 0): readonly [rest: number, audio: number, image: number] {
  const sound = Math.min(audio, all);
  const pictures = Math.min(image, all - sound);
  return [all - sound - pictures, sound, pictures];
}

function addPieces(bill: Bill, { row, pieces }: FoundPrice, usage: Usage): void {
  const { webSearches = 0, images = 0, audioSeconds = 0 } = usage;
  bill.add('search', webSearches, pieces.search, 1);
  // Most are billed by their tokens.
  if (pieces.image || row.output === undefined) bill.add('image', images, pieces.image, 1);
  bill.add('audioSecond', audioSeconds, pieces.audioSecond, 1);
  if (pieces.request) bill.add('request', 1, pieces.request, 1);
}

/** What upstreams report may be anything. */
function billable(quantity: number): number {
  return quantity > 0 ? Math.min(quantity, Number.MAX_SAFE_INTEGER) : 0;
}

/** Seconds come with decimals; nothing else does. */
function timesQuantity(price: Atto, quantity: number): Atto {
  if (Number.isInteger(quantity)) return price * BigInt(quantity);
  return (price * BigInt(Math.round(quantity * 1000))) / 1000n;
}
