import type { PriceRow } from './price-row.ts';
import prices from './prices.json' with { type: 'json' };

interface VendorPrices {
  readonly vendor: string;
  readonly source: string;
  readonly defaults?: Partial<PriceRow>;
  readonly prices: readonly PriceRow[];
}

/** Our rows, vendor by vendor: each with its group's source and defaults. */
const byVendor: ReadonlyMap<string, readonly PriceRow[]> = new Map(
  (prices.vendors as readonly unknown[] as readonly VendorPrices[]).map(
    // prices.json is ours, and pricing.test.ts holds it to this form
    ({ vendor, source, defaults, prices: rows }) => [vendor, rows.map((row) => ({ source, ...defaults, ...row }))],
  ),
);

/** Every row of one vendor. */
export function pricesOf(vendor: string): readonly PriceRow[] {
  return byVendor.get(vendor) ?? [];
}

/** Vendors that have rows. */
export const pricedVendors: readonly string[] = [...byVendor.keys()];
