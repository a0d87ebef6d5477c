import { providerByName, type Ledger } from '@proxy/core';
import { credentialId } from '../config/build.ts';
import type { Config } from '../config/config.ts';
import { createPricing, pricingOf, type Cost, type PricedTarget, type Pricing } from '../pricing/index.ts';
import type { StoredCall } from '../storage/stored-call.ts';

/** Puts the cost on each record, by the prices of this configuration, before anybody else sees it. */
export function costed(config: Pick<Config, 'prices' | 'upstreams'>, next: Ledger): Ledger {
  const pricing = pricingOf(config.prices);
  const byKey = pricingsOf(config);
  const regions = regionsOf(config);
  function costOfCall(record: StoredCall): Cost | undefined {
    const target = targetOf(record, regions);
    // Nothing was said of what it used: only a price for each request is certain, where it was served.
    const usage = record.usage ?? (record.failure ? undefined : {});
    const { costOf } = byKey.get(record.attempts.at(-1)?.credential ?? '') ?? pricing;
    const cost = target && usage && costOf(usage, target);
    return record.usage || (cost && cost.lines.length > 0) ? cost : undefined;
  }
  return {
    append(record, mayWait) {
      const cost = costOfCall(record);
      // The record is this call's own; a copy would cost more than the sum did.
      const known: StoredCall = cost ? Object.assign(record, { cost }) : record;
      return next.append(known, mayWait);
    },
  };
}

/** A key whose calls have a price each: it stands behind the configuration's prices and before ours (acceptance row E17). */
function pricingsOf({ prices, upstreams }: Pick<Config, 'prices' | 'upstreams'>): ReadonlyMap<string, Pricing> {
  const priced = upstreams.flatMap(({ name, apiKeys = [] }) =>
    apiKeys.flatMap(({ key, cost }, index) => {
      if (cost === undefined) return [];
      const row = { model: '*', upstream: name, request: cost, input: 0, output: 0 };
      return [[credentialId(name, index, key), createPricing([...prices, row])] as const];
    }),
  );
  return new Map(priced);
}

/** By the names of upstreams, and by the ids of keys that say a region of their own. */
function regionsOf({ upstreams }: Pick<Config, 'upstreams'>): ReadonlyMap<string, string | undefined> {
  const regions = new Map<string, string | undefined>();
  for (const { name, provider, settings, apiKeys = [] } of upstreams) {
    regions.set(name, settings?.location ?? settings?.region);
    for (const [index, { key }] of apiKeys.entries()) {
      const own = providerByName(provider)?.settingsOf?.({ id: '', secret: key });
      const region = own?.location ?? own?.region;
      if (region !== undefined) regions.set(credentialId(name, index, key), region);
    }
  }
  return regions;
}

/** Undefined: no upstream came to be asked. */
function targetOf(
  { provider, upstream, upstreamModel, model, startedAt, attempts }: StoredCall,
  regions: ReadonlyMap<string, string | undefined>,
): PricedTarget | undefined {
  const name = upstreamModel ?? model;
  if (provider === undefined || name === undefined) return undefined;
  const region = regions.get(attempts.at(-1)?.credential ?? '') ?? regions.get(upstream ?? '');
  return { provider, model: name, at: startedAt, upstream, askedModel: model, region };
}
