import { matchesPattern } from '@proxy/core';
import { foundPrice, type FoundPrice } from './found-price.ts';
import { placeOf } from './place.ts';
import type { PricedTarget, PriceRow } from './price-row.ts';
import { pricesOf } from './table.ts';

/** The price that holds when the target is asked; undefined when nobody told one. */
export function priceAt(candidates: readonly FoundPrice[], { at = Date.now() }: PricedTarget): FoundPrice | undefined {
  return candidates.find(({ row }) => isTimeless(row) || holdsAt(row, new Date(at)));
}

/** The prices that may hold within the hours to come: those of all hours of the day. */
export function pricesOn(candidates: readonly FoundPrice[], { at = Date.now() }: PricedTarget): readonly FoundPrice[] {
  const [first] = candidates;
  if (first && isTimeless(first.row)) return [first]; // as nearly all are; and it holds before all others
  const found = candidates.filter(({ row }) => isTimeless(row) || holdsOn(row, dayOf(at)));
  const always = found.findIndex(({ row }) => !row.hoursUtc);
  return always < 0 ? found : found.slice(0, always + 1);
}

/**
 * The prices of a target at any time, which takes a walk through the table. Rows of a configuration come first, in their order; of
 * ours, the one with the longest name that fits, and of two such the one that is for certain hours.
 */
export function candidatesFor(own: readonly PriceRow[], target: PricedTarget): readonly FoundPrice[] {
  const { vendor, models, regional } = placeOf(target);
  const batch = target.batch === true;
  const names = [...new Set([target.model, target.askedModel ?? target.model, ...models])];
  const users = own.filter((row) => isAt(row, target) && fit(row, names) !== undefined);
  const ours = models.flatMap((name) =>
    pricesOf(vendor)
      .map((row) => ({ row, length: fit(row, [name]) ?? -1 }))
      .filter(({ length }) => length >= 0)
      .sort((a, b) => b.length - a.length || Number(!a.row.hoursUtc) - Number(!b.row.hoursUtc))
      .map(({ row }) => row),
  );
  return [...users, ...ours].map((row) => foundPrice(row, factorsOf(row, regional, batch)));
}

function isAt({ provider, upstream }: PriceRow, target: PricedTarget): boolean {
  return (
    (provider === undefined || provider === target.provider) && (upstream === undefined || upstream === target.upstream)
  );
}

/** How much of a name the row spells out; undefined when it is about others. */
function fit({ model }: PriceRow, names: readonly string[]): number | undefined {
  const lengths = patternsOf(model)
    .filter((pattern) => names.some((name) => matchesPattern(pattern.toLowerCase(), name.toLowerCase())))
    .map((pattern) => pattern.length);
  return lengths.length === 0 ? undefined : Math.max(...lengths);
}

function patternsOf(model: PriceRow['model']): readonly string[] {
  return typeof model === 'string' ? [model] : model;
}

function isTimeless({ hoursUtc, from, until }: PriceRow): boolean {
  return !hoursUtc && from === undefined && until === undefined;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function holdsAt(row: PriceRow, at: Date): boolean {
  const hour = at.getUTCHours();
  const now = row.hoursUtc?.some(([from, to]) => hour >= from && hour < to) ?? true;
  return now && holdsOn(row, at.toISOString().slice(0, 10));
}

function holdsOn({ from = '', until = '9' }: PriceRow, day: string): boolean {
  return day >= from && day <= until;
}

function factorsOf({ regional: premium, batch: discount }: PriceRow, regional: boolean, batch: boolean): number[] {
  return [
    ...(regional && premium !== undefined ? [premium] : []),
    ...(batch && discount !== undefined ? [discount] : []),
  ];
}
