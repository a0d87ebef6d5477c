import type { Provider } from './provider.ts';
import * as registry from './registry.ts';

const providers = new Map<string, Provider>(Object.values(registry).map((provider) => [provider.name, provider]));

/** The names that a configuration may use. */
export const providerNames: readonly string[] = [...providers.keys()];

/** The provider of that name; undefined when we have none. */
export function providerByName(name: string): Provider | undefined {
  return providers.get(name);
}
