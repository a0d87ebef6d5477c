/** What can be billed by the token, in US dollars per million of them. */
export const tokenKinds = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'audioInput',
  'imageInput',
  'output',
  'audioOutput',
  'imageOutput',
] as const;

/** What can be billed by the piece, in US dollars each. */
export const pieceKinds = ['search', 'image', 'audioSecond', 'request'] as const;

export type TokenKind = (typeof tokenKinds)[number];
export type PieceKind = (typeof pieceKinds)[number];
export type PriceKind = TokenKind | PieceKind;

/** US dollars per million tokens. Zero is a price: it costs nothing. Absent is none: see `priceOf`. */
export type TokenPrices = { readonly [K in TokenKind]?: number };

/** What one model costs at one place, for a time. */
export interface PriceRow extends TokenPrices, Readonly<Partial<Record<PieceKind, number>>> {
  /** Names, each with `*` for any run of characters. */
  readonly model: string | readonly string[];
  /** A provider's name; absent in a configuration: any. */
  readonly provider?: string;
  /** An upstream's name, in a configuration. */
  readonly upstream?: string;
  /** The prices of a call whose whole prompt has more than so many tokens: they hold for all of it. Smallest first. */
  readonly above?: readonly (TokenPrices & { readonly tokens: number })[];
  /** Multiplies the tokens' prices in a batch. */
  readonly batch?: number;
  /** Multiplies the tokens' prices where the data must stay in a region. */
  readonly regional?: number;
  /** First day of the price, in UTC: `2026-08-17`. */
  readonly from?: string;
  /** Its last day. */
  readonly until?: string;
  /** Holds only within these hours of a day in UTC, each from the first up to the second. */
  readonly hoursUtc?: readonly (readonly [from: number, to: number])[];
  /** Where it was read. */
  readonly source?: string;
}

/** What was called, as far as it decides the price. */
export interface PricedTarget {
  readonly provider: string;
  /** The name that the provider has for it. */
  readonly model: string;
  readonly upstream?: string | undefined;
  /** What the caller asked for: a deployment's own name tells nothing of the model behind it. */
  readonly askedModel?: string | undefined;
  /** The region that an upstream is set to, where it has such a setting. */
  readonly region?: string | undefined;
  readonly batch?: boolean | undefined;
  /** When it began, in milliseconds since 1970; absent: now. */
  readonly at?: number | undefined;
}
