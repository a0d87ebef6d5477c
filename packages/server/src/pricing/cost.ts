import { totalInputTokens, type Usage } from '@proxy/core';
import type { FoundPrice } from './find-price.ts';
import { attoOf, dollarsOf, type Atto } from './money.ts';
import type { PieceKind, PriceKind, PriceRow, TokenKind, TokenPrices } from './price-row.ts';

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

const million = 10n ** 6n;

/** The arithmetic of one call at one price. */
export function costAt({ row, factors }: FoundPrice, usage: Usage): Cost {
  const prices = tierFor(row, totalInputTokens(usage));
  const lines: CostLine[] = [];
  const unpriced: PriceKind[] = [];
  let total: Atto = 0n;
  const add = (
    kind: PriceKind,
    counted: number,
    price: number | undefined,
    pieces: bigint,
    times: readonly number[],
  ) => {
    const quantity = billable(counted);
    if (quantity === 0) return;
    if (price === undefined) {
      unpriced.push(kind);
      return;
    }
    const atto = timesQuantity(attoOf(price, pieces, times), quantity);
    total += atto;
    const factor = times.reduce((product, one) => product * one, 1);
    lines.push({ kind, quantity, price, ...(factor !== 1 && { factor }), usd: dollarsOf(atto) });
  };
  for (const [kind, quantity] of tokensByKind(usage, prices))
    add(kind, quantity, priceOf(prices, kind), million, factors);
  for (const [kind, quantity] of piecesByKind(usage, row)) add(kind, quantity, row[kind], 1n, []);
  return { usd: dollarsOf(total), lines, ...(unpriced.length > 0 && { unpriced }) };
}

/** The prices that hold for a prompt of this length. */
export function tierFor(row: PriceRow, promptTokens: number): TokenPrices {
  const tier = row.above?.findLast(({ tokens }) => promptTokens > tokens);
  return tier ? { ...row, ...tier } : row;
}

/** A kind without a price of its own costs what the next wider kind does: vendors without a discount for caches bill in full. */
export function priceOf(prices: TokenPrices, kind: TokenKind): number | undefined {
  const own = prices[kind];
  const wider = widerKind[kind];
  return own ?? (wider && priceOf(prices, wider));
}

const widerKind: { readonly [K in TokenKind]?: TokenKind } = {
  cacheRead: 'input',
  cacheWrite: 'input',
  cacheWrite1h: 'cacheWrite',
  audioInput: 'input',
  imageInput: 'input',
  audioOutput: 'output',
  imageOutput: 'output',
};

/** Each token in one kind. Sound and pictures are told apart from text only where they have a price of their own. */
function tokensByKind(usage: Usage, prices: TokenPrices): readonly (readonly [TokenKind, number])[] {
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
  return [
    ['input', input],
    ['cacheRead', cacheReadTokens],
    ['cacheWrite', cacheWriteTokens - hour],
    ['cacheWrite1h', hour],
    ['audioInput', audioInput],
    ['imageInput', imageInput],
    ['output', output],
    ['audioOutput', audioOutput],
    ['imageOutput', imageOutput],
  ];
}

/** Sound and pictures that a cache held are counted by vendors twice; they have been paid for as cached. */
function apart(all: number, audio = 0, image = 0): readonly [rest: number, audio: number, image: number] {
  const sound = Math.min(audio, all);
  const pictures = Math.min(image, all - sound);
  return [all - sound - pictures, sound, pictures];
}

function piecesByKind(usage: Usage, row: PriceRow): readonly (readonly [PieceKind, number])[] {
  const { webSearches = 0, images = 0, audioSeconds = 0 } = usage;
  return [
    ['search', webSearches],
    // Most are billed by their tokens.
    ['image', row.image === undefined && row.output !== undefined ? 0 : images],
    ['audioSecond', audioSeconds],
    ['request', row.request === undefined ? 0 : 1],
  ];
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
