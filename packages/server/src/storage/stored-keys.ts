import type { Config } from '../config/config.ts';
import type { OpenedCredential } from './credentials.ts';

/** The configuration with the stored keys of its upstreams behind those of the file. */
export function withStoredKeys(config: Config, credentials: readonly OpenedCredential[]): Config {
  if (credentials.length === 0) return config;
  const upstreams = config.upstreams.map((upstream) => {
    const stored = credentials.filter((credential) => credential.upstream === upstream.name);
    if (stored.length === 0) return upstream;
    const keys = stored.map(({ key, weight }) => ({ key, ...(weight !== undefined && { weight }) }));
    return { ...upstream, apiKeys: [...(upstream.apiKeys ?? []), ...keys] };
  });
  return { ...config, upstreams };
}
