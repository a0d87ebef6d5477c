import type { Upstream } from '@proxy/core';
import type { PricedTarget } from './price-row.ts';

/** A model at an upstream, as far as it decides the price. */
export function targetAt({ name, provider, settings }: Upstream, model: string): PricedTarget {
  const region = settings?.location ?? settings?.region;
  return { provider: provider.name, upstream: name, model, ...(region !== undefined && { region }) };
}
