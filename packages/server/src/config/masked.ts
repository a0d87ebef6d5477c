import { mask } from '../mask.ts';
import type { Config } from './config.ts';
import type { ConnectionConfig } from './connection.ts';
import { withoutSecrets } from './url-secrets.ts';

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
      place: withoutSecrets(config.storage.place),
      encryptionKeys: config.storage.encryptionKeys.map(mask),
    },
    ...(config.proxies && { proxies: maskedProxies(config.proxies) }),
    upstreams: config.upstreams.map(({ apiKeys, baseUrl, headers, connection, ...upstream }) => ({
      ...upstream,
      ...(baseUrl !== undefined && { baseUrl: withoutSecrets(baseUrl, mask) }),
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
    ...(proxy !== undefined && { proxy: withoutSecrets(proxy) }),
    ...(key !== undefined && { key: '***' }),
    ...(passphrase !== undefined && { passphrase: '***' }),
  };
}

function maskedProxies({ http, https, ...rest }: NonNullable<Config['proxies']>): NonNullable<Config['proxies']> {
  return {
    ...rest,
    ...(http !== undefined && { http: withoutSecrets(http) }),
    ...(https !== undefined && { https: withoutSecrets(https) }),
  };
}
