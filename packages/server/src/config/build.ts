import { mayBeSecret, type Credential, type GatewayOptions, type Ports, type Upstream } from '@proxy/core';
import type { Config, UpstreamConfig } from './config.ts';
import { digest } from '../digest.ts';
import { knownProviders, type KnownProviders } from './providers.ts';
import { secretsInUrl } from './url-secrets.ts';

/** The only place where names become things: a checked Config as the gateway's options. */
export function buildGatewayOptions(
  config: Config,
  ports: GatewayOptions['ports'] & Partial<Ports>,
  rules: Pick<GatewayOptions, 'policies' | 'queue' | 'keys'> = {},
): GatewayOptions {
  const providers = knownProviders(config.vendors);
  return {
    upstreams: config.upstreams.map((upstream) => upstreamOf(upstream, providers)),
    routes: config.routes,
    strict: config.strict,
    errorsAsCompletions: config.errorsAsCompletions,
    modelFacts: config.modelFacts,
    timeouts: config.timeouts,
    sockets: config.websockets,
    maxBodyBytes: config.server.maxBodyMb * 1024 * 1024,
    maxUploadBytes: config.server.maxUploadMb * 1024 * 1024,
    ...rules,
    ports,
    ...(config.modelListFreshMs !== undefined && { modelListFreshMs: config.modelListFreshMs }),
    ...(config.limits && { limits: config.limits }),
  };
}

/** Every secret of a configuration, so that logs can leave them out. */
export function secretsOf({
  admin,
  accessKeys,
  upstreams,
  vendors,
  proxies,
  records,
  storage,
}: Config): readonly string[] {
  const collectors = [records.prompts, records.telemetry].filter((collector) => collector !== undefined);
  const headers = [...upstreams, ...vendors, ...collectors].flatMap(({ headers = {} }) =>
    Object.entries(headers).filter(([name, value]) => mayBeSecret(name, value)),
  );
  return [
    admin.key,
    ...accessKeys.map(({ key }) => key),
    ...upstreams.flatMap(({ apiKeys = [] }) => apiKeys.flatMap(({ key }) => [key, ...secretsWithin(key)])),
    ...headers.map(([, value]) => value),
    ...upstreams.flatMap(({ connection = {} }) => [connection.key, connection.passphrase]),
    ...[
      ...upstreams.flatMap(({ baseUrl, connection }) => [baseUrl, connection?.proxy]),
      ...vendors.map(({ baseUrl }) => baseUrl),
      records.prompts?.url,
      records.telemetry?.endpoint,
      proxies?.http,
      proxies?.https,
      storage.place,
    ].flatMap((url) => (url === undefined ? [] : secretsInUrl(url))),
    ...storage.encryptionKeys,
  ].filter((secret) => secret !== undefined && secret !== '') as string[]; // no undefined is left
}

/** A secret may hold others: a cloud's file its private key, `resource:deployment:key` the key, AWS keys an id and a secret. */
function secretsWithin(key: string): readonly string[] {
  const parts = key.split(':');
  const last = parts.at(-1) ?? '';
  if (!key.startsWith('{'))
    return parts.length < 2
      ? []
      : parts.filter((part) => part.length >= 16 || (part === last && part.length >= 8 && !regionLike.test(part)));
  try {
    const { private_key, client_secret, refresh_token } = JSON.parse(key) as Record<string, unknown>; // members are looked at below
    return [private_key, client_secret, refresh_token].filter((value) => typeof value === 'string');
  } catch {
    return [];
  }
}

/** No secret, and often spoken of. */
const regionLike = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** One upstream of a checked Config. */
export function upstreamOf(config: UpstreamConfig, providers: KnownProviders): Upstream {
  const provider = providers.find(config.provider);
  if (!provider) throw new Error(`No provider "${config.provider}": cross-check.ts lets none through.`);
  const { name, baseUrl, models, dialects, headers, userAgent, facts, settings } = config;
  const { strategy, affinity, breaker, refusedKeys, fallbacks } = config;
  const upstream: Upstream = {
    name,
    provider,
    credentials: credentialsOf(config),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(models && { models }),
    ...(strategy && { strategy }),
    ...(affinity && { affinity }),
    ...(breaker && { breaker }),
    ...(refusedKeys && { refusedKeys }),
    ...(fallbacks && { fallbacks }),
    ...(dialects && { dialects }),
    ...(headers && { headers: lowerCased(headers) }),
    ...(userAgent !== undefined && { userAgent }),
    ...(facts && { facts }),
    ...(settings && { settings }),
  };
  return upstream;
}

function credentialsOf({ name, apiKeys }: UpstreamConfig): readonly Credential[] {
  if (!apiKeys) return [{ id: `${name}#none`, secret: '' }];
  return apiKeys.map(({ key, weight, cost, quota = -1 }, index) => ({
    id: credentialId(name, index, key),
    secret: key,
    ...(weight !== undefined && { weight }),
    ...(cost !== undefined && { cost }),
    ...(quota >= 0 && { quota }),
  }));
}

/** Names a key in records without telling it. */
export function credentialId(upstream: string, index: number, key: string): string {
  return `${upstream}#${index + 1}-${digest(key).slice(0, 6)}`;
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
