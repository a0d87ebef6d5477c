import type { Provider } from './provider.ts';
import * as registry from './registry.ts';
import { vendorTable } from './vendors/table.ts';
import { vendorProvider } from './vendors/vendor.ts';

const known: readonly Provider[] = [...Object.values(registry), ...vendorTable.map(vendorProvider)];
const providers = new Map<string, Provider>(known.map((provider) => [provider.name, provider]));

/** The names that a configuration may use. */
export const providerNames: readonly string[] = [...providers.keys()];

/** The provider of that name; undefined when we have none. */
export function providerByName(name: string): Provider | undefined {
  return providers.get(name);
}
