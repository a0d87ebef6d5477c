import { attoOf, wholePico, type Atto } from './money.ts';
import {
  pieceKinds,
  tokenKinds,
  type PieceKind,
  type PriceRow,
  type TokenKind,
  type TokenPrices,
} from './price-row.ts';

/** A row that prices a target, its decimals worked out once: calls are many. */
export interface FoundPrice {
  readonly row: PriceRow;
  /** What the prices of tokens are multiplied by. */
  readonly factor: number;
  /** Those of short prompts first. */
  readonly tiers: readonly [Tier, ...Tier[]];
  readonly pieces: Readonly<Record<PieceKind, Rate | undefined>>;
}

/** The prices that hold for prompts of more than so many tokens. */
export interface Tier {
  readonly above: number;
  readonly prices: TokenPrices;
  readonly rates: Readonly<Record<TokenKind, Rate | undefined>>;
  readonly dearestInput: Atto;
  readonly dearestOutput: Atto;
  /** The same two in picodollars, where both are whole numbers. */
  readonly dearestPico: readonly [input: number, output: number] | undefined;
}

export interface Rate {
  /** As the row says it. */
  readonly price: number;
  /** For one, the factors of a region and a batch in it. */
  readonly atto: Atto;
  /** The same in picodollars where that is a whole number, as nearly all are: adding up numbers costs less than big ones. */
  readonly pico: number | undefined;
}

const million = 10n ** 6n;
const inputKinds = ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'audioInput', 'imageInput'] as const;
const outputKinds = ['output', 'audioOutput', 'imageOutput'] as const;

/** @throws RangeError for prices or factors of more decimals than can be added up */
export function foundPrice(row: PriceRow, factors: readonly number[]): FoundPrice {
  const tiers = (row.above ?? []).map(({ tokens, ...own }) => tierOf(tokens, { ...row, ...own }, factors));
  return {
    row,
    factor: factors.reduce((product, one) => product * one, 1),
    tiers: [tierOf(-Infinity, row, factors), ...tiers],
    pieces: ratesOf(pieceKinds, (kind) => row[kind], 1n),
  };
}

function tierOf(above: number, prices: TokenPrices, factors: readonly number[]): Tier {
  const rates = ratesOf(tokenKinds, (kind) => priceOf(prices, kind), million, factors);
  const dearest = (kinds: readonly TokenKind[]) =>
    kinds.map((kind) => rates[kind]?.atto ?? 0n).reduce((a, b) => (a > b ? a : b));
  const [dearestInput, dearestOutput] = [dearest(inputKinds), dearest(outputKinds)];
  const [input, output] = [wholePico(dearestInput), wholePico(dearestOutput)];
  const dearestPico = input === undefined || output === undefined ? undefined : ([input, output] as const);
  return { above, prices, rates, dearestInput, dearestOutput, dearestPico };
}

function ratesOf<Kind extends string>(
  kinds: readonly Kind[],
  priceFor: (kind: Kind) => number | undefined,
  pieces: bigint,
  factors?: readonly number[],
): Record<Kind, Rate | undefined> {
  const rates = kinds.map((kind) => {
    const price = priceFor(kind);
    return [kind, price === undefined ? undefined : rateOf(price, attoOf(price, pieces, factors))];
  });
  return Object.fromEntries(rates) as Record<Kind, Rate | undefined>; // each kind has its entry
}

function rateOf(price: number, atto: Atto): Rate {
  return { price, atto, pico: wholePico(atto) };
}

/** A kind without a price of its own costs what the next wider kind does: vendors without a discount for caches bill in full. */
function priceOf(prices: TokenPrices, kind: TokenKind): number | undefined {
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
