import { providerByName, providerNames, vendorProvider, type Provider, type Vendor } from '@proxy/core';
import { demoProvider } from '../demo/provider.ts';

/** Every place that `provider:` may name: the core's, the demo, and what the file's `vendors` add. */
export interface KnownProviders {
  readonly names: readonly string[];
  find(name: string): Provider | undefined;
}

export function knownProviders(vendors: readonly Vendor[] = []): KnownProviders {
  const added = new Map(vendors.map((vendor) => [vendor.name, vendorProvider(vendor)]));
  return {
    names: [...builtIn, ...added.keys()],
    find: (name) => (name === demoProvider.name ? demoProvider : (providerByName(name) ?? added.get(name))),
  };
}

/** Names that `vendors` cannot take. */
export const builtIn: readonly string[] = [...providerNames, demoProvider.name];

/** Every option that some provider has for itself. */
export const settingNames: readonly string[] = [
  ...new Set(providerNames.flatMap((name) => Object.keys(providerByName(name)?.settings ?? {}))),
];
