import type { Provider } from '@proxy/core';
import * as z from 'zod';
import { cloudKeysFrom } from './cloud-keys.ts';
import type { AccessKey, ApiKey, LogLevelName, UpstreamConfig } from './config.ts';
import { set, type Environment } from './expand.ts';
import { reverseProxyAccess } from './legacy/reverse-proxy.ts';
import { unknownName } from './problems.ts';
import { logLevels } from './schema.ts';
import type { Files } from './files.ts';
import type { KnownProviders } from './providers.ts';

/** What environment variables say, in the words of the configuration. */
export interface EnvironmentConfig {
  readonly port?: number;
  readonly host?: string;
  readonly accessKeys: readonly AccessKey[];
  readonly closed: boolean;
  readonly logLevel?: LogLevelName;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

export function readEnvironment(env: Environment): EnvironmentConfig {
  const problems: string[] = [];
  const notes: string[] = [];
  const port = portOf(env, problems);
  const host = hostOf(env, notes);
  const logLevel = logLevelOf(env, problems);
  const accessKey = set(env, 'PROXY_ACCESS_KEY');
  const access = reverseProxyAccess(env);
  problems.push(...access.problems);
  return {
    accessKeys: [
      ...(accessKey === undefined ? [] : [{ key: accessKey, name: 'PROXY_ACCESS_KEY' }]),
      ...access.accessKeys,
    ],
    closed: access.closed,
    problems,
    notes,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(logLevel !== undefined && { logLevel }),
  };
}

/**
 * One upstream for each provider whose key is in the environment; those that only offer what others are at home with, the
 * clouds, come last. `note` hears of keys that cannot be used.
 */
export function upstreamsFrom(
  env: Environment,
  providers: KnownProviders,
  files: Files,
  note: (text: string) => void,
): readonly UpstreamConfig[] {
  const found = providers.names.flatMap((name) => {
    const provider = providers.find(name);
    if (!provider) return [];
    try {
      const apiKeys = keysFrom(provider, env, files);
      if (apiKeys.length === 0) return [];
      const bare: UpstreamConfig = { name, provider: name, apiKeys, ...baseUrlFrom(provider, env) };
      const upstream = withSettings(bare, provider, env);
      const missing = missingSetting(upstream, provider);
      if (missing === undefined) return [{ upstream, cloud: provider.settings !== undefined }];
      const variables = [...(provider.variables?.baseUrl ?? []), ...(provider.settings?.[missing]?.variables ?? [])];
      note(`There is a key for ${name}, but no address, so it is ignored: set ${variables.join(' or ')}.`);
    } catch (error) {
      note(`The key for ${name} is ignored: ${error instanceof Error ? error.message : String(error)}`);
    }
    return [];
  });
  return [...found.filter(({ cloud }) => !cloud), ...found.filter(({ cloud }) => cloud)].map(
    ({ upstream }) => upstream,
  );
}

/** The provider's keys in the environment: mostly one or none. @throws Error when it is in a file that cannot be read. */
export function keysFrom(provider: Provider, env: Environment, files: Files): readonly ApiKey[] {
  const key = set(env, ...(provider.variables?.key ?? []));
  const keys = key === undefined ? cloudKeysFrom(provider.name, env, files) : [key];
  return keys.map((one) => ({ key: one }));
}

/** The setting that the provider's address has a hole for and nobody fills; undefined when there is none. */
export function missingSetting(
  { baseUrl, settings = {}, apiKeys = [] }: UpstreamConfig,
  provider: Provider,
): string | undefined {
  const holes = [...(baseUrl ?? provider.baseUrl ?? '').matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const brought = (name: string) =>
    apiKeys.length > 0 && apiKeys.every(({ key }) => bringsSetting(provider, key, name));
  return holes.find((name) => {
    const known = settings[name] ?? provider.settings?.[name]?.default;
    return known === undefined && !brought(name);
  });
}

/** Whether a key says this setting itself. */
export function bringsSetting(provider: Provider, key: string, name: string): boolean {
  try {
    return Object.hasOwn(provider.settingsOf?.({ id: '', secret: key }) ?? {}, name);
  } catch {
    // The key is malformed, which cross-check.ts tells.
    return false;
  }
}

/** The upstream with those of its provider's settings that only the environment says. */
export function withSettings<Some extends Pick<UpstreamConfig, 'settings'>>(
  upstream: Some,
  provider: Provider,
  env: Environment,
): Some {
  const settings: Record<string, string> = {};
  for (const [name, { variables = [] }] of Object.entries(provider.settings ?? {})) {
    const value = set(env, ...variables);
    if (value !== undefined) settings[name] = value;
  }
  return Object.keys(settings).length === 0
    ? upstream
    : { ...upstream, settings: { ...settings, ...upstream.settings } };
}

/** The provider's address where the environment moves it. */
export function baseUrlFrom({ variables }: Provider, env: Environment): { readonly baseUrl?: string } {
  const baseUrl = set(env, ...(variables?.baseUrl ?? []));
  return baseUrl === undefined ? {} : { baseUrl };
}

function portOf(env: Environment, problems: string[]): number | undefined {
  const name = set(env, 'PROXY_PORT') === undefined ? 'PORT' : 'PROXY_PORT'; // ai-proxy's
  const text = set(env, name);
  if (text === undefined) return undefined;
  const port = parsePort(text);
  if (port === undefined) problems.push(`${name}: "${text}" is not a port. Write a whole number from 0 to 65535.`);
  return port;
}

export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? port : undefined;
}

const address = z.union([z.ipv4(), z.ipv6()]);

// conda, csh and some CI systems set HOST to something of their own ("x86_64-conda-linux-gnu").
function hostOf(env: Environment, notes: string[]): string | undefined {
  const bind = set(env, 'BIND_ADDRESS');
  if (bind !== undefined) return bind;
  const host = set(env, 'HOST');
  if (host === undefined || host === 'localhost' || address.safeParse(host).success) return host;
  notes.push(`HOST is "${host}", which is no address, so it is ignored. Use --host to listen on a name.`);
  return undefined;
}

function logLevelOf(env: Environment, problems: string[]): LogLevelName | undefined {
  const text = set(env, 'LOG_LEVEL')?.toLowerCase();
  if (text === undefined) return undefined;
  const level = logLevels.find((known) => known === text);
  if (level === undefined) problems.push(`LOG_LEVEL: ${unknownName(text, 'a log level', logLevels)}`);
  return level;
}
