import { mask } from '../mask.ts';
import type { Config } from './config.ts';
import type { ConnectionConfig } from './connection.ts';

/** The same configuration with every secret masked. */
export function masked(config: Config): Config {
  const { telemetry, prompts } = config.records;
  return {
    ...config,
    records: {
      ...config.records,
      ...(telemetry && { telemetry: { ...telemetry, headers: maskedHeaders(telemetry.headers) } }),
      ...(prompts && { prompts: { ...prompts, headers: maskedHeaders(prompts.headers) } }),
    },
    admin: { ...config.admin, ...(config.admin.key !== undefined && { key: mask(config.admin.key) }) },
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
