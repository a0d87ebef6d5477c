import { stringify } from 'yaml';
import type { Config } from '../config/config.ts';
import type { ConnectionConfig } from '../config/connection.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { createMaskText, mask } from '../mask.ts';

/** `proxy check`: exit code 0 and the effective configuration, or 1 and every problem. */
export function check(flags: Flags, json: boolean): void {
  try {
    const config = masked(loadConfig({ cwd: process.cwd(), env: process.env, flags }));
    const text = json ? JSON.stringify(config, null, 2) : stringify(config, { aliasDuplicateObjects: false }).trimEnd();
    process.stdout.write(`${createMaskText(() => [])(text)}\n`); // a base URL may hold a key in its query
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** The same configuration with every secret masked. */
export function masked(config: Config): Config {
  return {
    ...config,
    accessKeys: config.accessKeys.map((accessKey) => ({ ...accessKey, key: mask(accessKey.key) })),
    storage: {
      ...config.storage,
      place: withoutPassword(config.storage.place),
      encryptionKeys: config.storage.encryptionKeys.map(mask),
    },
    ...(config.proxies && { proxies: maskedProxies(config.proxies) }),
    upstreams: config.upstreams.map(({ apiKeys, headers, connection, ...upstream }) => ({
      ...upstream,
      ...(connection && { connection: maskedConnection(connection) }),
      ...(apiKeys && { apiKeys: apiKeys.map((apiKey) => ({ ...apiKey, key: mask(apiKey.key) })) }),
      ...(headers && { headers: maskedHeaders(headers) }),
    })),
    vendors: config.vendors.map(({ headers, ...vendor }) => ({
      ...vendor,
      ...(headers && { headers: maskedHeaders(headers) }),
    })),
  };
}

/** A header may be anything, and one of them may be a key. */
function maskedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, mask(value)]));
}

function maskedConnection({ proxy, key, passphrase, ...rest }: ConnectionConfig): ConnectionConfig {
  return {
    ...rest,
    ...(proxy !== undefined && { proxy: withoutPassword(proxy) }),
    ...(key !== undefined && { key: '***' }),
    ...(passphrase !== undefined && { passphrase: '***' }),
  };
}

function maskedProxies({ http, https, ...rest }: NonNullable<Config['proxies']>): NonNullable<Config['proxies']> {
  return {
    ...rest,
    ...(http !== undefined && { http: withoutPassword(http) }),
    ...(https !== undefined && { https: withoutPassword(https) }),
  };
}

function withoutPassword(proxy: string): string {
  return proxy.replace(/:\/\/[^/]*@/, '://***@');
}
