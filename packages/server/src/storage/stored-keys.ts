import type { ApiKey, Config, UpstreamConfig } from '../config/config.ts';
import { missingSetting } from '../config/environment.ts';
import { knownProviders } from '../config/providers.ts';
import { onlyDemo } from '../config/resolve.ts';
import type { OpenedCredential } from './credentials.ts';

/**
 * The configuration with the stored keys of its upstreams behind those of the file. Keys for a provider that no upstream is
 * configured for bring one about, as api-proxy's did (acceptance row E14).
 */
export function withStoredKeys(config: Config, credentials: readonly OpenedCredential[]): Config {
  const usable = credentials.filter(({ details }) => details?.disabled !== true);
  if (usable.length === 0) return config;
  const configured = config.upstreams.map((upstream) => {
    const keys = keysOf(upstream.name, usable);
    return keys.length === 0 ? upstream : { ...upstream, apiKeys: [...(upstream.apiKeys ?? []), ...keys] };
  });
  const brought = broughtAbout(config, usable);
  // The demo stands in only where there is nothing else.
  const others = config.upstreams === onlyDemo && brought.length > 0 ? [] : configured;
  return { ...config, upstreams: [...others, ...brought] };
}

function keysOf(upstream: string, credentials: readonly OpenedCredential[]): readonly ApiKey[] {
  return credentials
    .filter((credential) => credential.upstream === upstream)
    .map(({ key, weight, details: { cost, quota } = {} }) => ({
      key,
      ...(weight !== undefined && { weight }),
      ...(cost !== undefined && { cost }),
      ...(quota !== undefined && quota !== null && { quota }),
    }));
}

function broughtAbout(
  { upstreams, vendors }: Config,
  credentials: readonly OpenedCredential[],
): readonly UpstreamConfig[] {
  const providers = knownProviders(vendors);
  const names = new Set(credentials.map(({ upstream }) => upstream));
  return [...names].flatMap((name) => {
    const provider = providers.find(name);
    if (!provider || upstreams.some((upstream) => upstream.name === name)) return [];
    const baseUrl = credentials.find(({ upstream, details }) => upstream === name && details?.baseUrl)?.details
      ?.baseUrl;
    const upstream: UpstreamConfig = {
      name,
      provider: name,
      apiKeys: keysOf(name, credentials),
      ...(baseUrl !== undefined && { baseUrl }),
    };
    const reachable = (baseUrl ?? provider.baseUrl) !== undefined && missingSetting(upstream, provider) === undefined;
    return reachable ? [upstream] : [];
  });
}
