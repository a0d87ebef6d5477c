/** What calls cost: a table of prices with its sources, and the exact arithmetic over it. */
export type { Cost, CostLine } from './cost.ts';
export { sumDollars } from './money.ts';
export { pieceKinds, type PriceKind, type PricedTarget, type PriceRow } from './price-row.ts';
export { createPricing, pricingOf, type Pricing } from './pricing.ts';
export { targetAt } from './target-at.ts';
export type { BoundedTarget, MostUsage } from './upper-bound.ts';
