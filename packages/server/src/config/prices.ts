import * as z from 'zod';
import { pieceKinds, tokenKinds, type PriceRow } from '../pricing/price-row.ts';
import { section, words } from './schema-parts.ts';

/** US dollars: a longer decimal could not be added up exactly. */
function dollars() {
  const wanted = 'must be a price in US dollars: a number that is not negative, with at most nine decimals.';
  return z.number({ error: wanted }).min(0, wanted).refine(hasDecimals(9), wanted);
}

function factor() {
  const wanted = 'must be a factor such as 0.5, with at most three decimals.';
  return z.number({ error: wanted }).min(0, wanted).refine(hasDecimals(3), wanted);
}

function hasDecimals(most: number): (value: number) => boolean {
  return (value) => Number(value.toFixed(most)) === value;
}

function day() {
  const wanted = 'must be a day such as 2026-01-31.';
  return words()
    .regex(/^\d{4}-\d{2}-\d{2}$/, wanted)
    .refine((text) => !Number.isNaN(Date.parse(text)), wanted);
}

const hours =
  'must be hours of a day such as [16, 24], the first before the second; over midnight they are two: [[22, 24], [0, 2]].';

function hour() {
  return z.int({ error: hours }).min(0, hours).max(24, hours);
}

const perMillion = Object.fromEntries(tokenKinds.map((kind) => [kind, dollars().exactOptional()]));
const each = Object.fromEntries(pieceKinds.map((kind) => [kind, dollars().exactOptional()]));

const priceRow = section({
  model: z.union([words(), z.array(words()).min(1, 'must not be empty.')], {
    error: 'must be the name of a model, or a list of names. `*` stands for any run of characters.',
  }),
  provider: words().exactOptional(),
  upstream: words().exactOptional(),
  ...perMillion,
  ...each,
  above: z.array(section({ tokens: z.int().min(0), ...perMillion })).exactOptional(),
  batch: factor().exactOptional(),
  regional: factor().exactOptional(),
  from: day().exactOptional(),
  until: day().exactOptional(),
  hoursUtc: z
    .array(
      z.tuple([hour(), hour()], { error: hours }).refine(([from, to]) => from < to, hours),
      { error: hours },
    )
    .exactOptional(),
  source: words().exactOptional(),
}).refine(({ from = '', until = '9' }) => from <= until, {
  path: ['until'],
  error: 'is before "from": the price would never hold.',
});

/** What the user knows better than our table; the first row that fits counts. */
export const pricesSchema = z.array(priceRow, { error: 'must be a list of prices, each with a model.' });

/** The rows as pricing takes them, tiers in order. */
export function pricesOf(file: z.output<typeof pricesSchema> | undefined): readonly PriceRow[] {
  return ((file ?? []) as readonly PriceRow[]).map((row) =>
    // the schema holds it to that form, its kinds by name
    row.above ? { ...row, above: row.above.toSorted((a, b) => a.tokens - b.tokens) } : row,
  );
}
