import { isIP } from 'node:net';
import type { Provider } from '@proxy/core';
import type { AccessKey, ApiKey, LogLevelName, UpstreamConfig } from './config.ts';
import type { Environment } from './expand.ts';
import { unknownName } from './problems.ts';
import { logLevels } from './schema.ts';
import { vendors, type Vendor } from './vendors.ts';

/** What environment variables say, in the words of the configuration. */
export interface EnvironmentConfig {
  readonly port?: number;
  readonly host?: string;
  readonly accessKeys: readonly AccessKey[];
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
  return {
    accessKeys: accessKey === undefined ? [] : [{ key: accessKey, name: 'PROXY_ACCESS_KEY' }],
    problems,
    notes,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(logLevel !== undefined && { logLevel }),
  };
}

/** A variable's value; an empty one counts as not set. */
export function set(env: Environment, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** One upstream for each vendor whose key is in the environment. */
export function upstreamsFrom(env: Environment): readonly UpstreamConfig[] {
  return Object.entries(vendors).flatMap(([name, vendor]) => {
    const apiKeys = keysFrom(vendor, env);
    if (apiKeys.length === 0) return [];
    const upstream = withSettings({ name, provider: name, apiKeys, ...baseUrlFrom(vendor, env) }, vendor, env);
    return lacksSetting(upstream, vendor) ? [] : [upstream];
  });
}

/** The vendor's keys that the environment holds. */
export function keysFrom(vendor: Vendor, env: Environment): readonly ApiKey[] {
  const single = set(env, ...vendor.keyVariables) ?? joinedKey(vendor, env);
  if (single !== undefined) return [{ key: single }];
  const several = vendor.keyListVariable === undefined ? undefined : set(env, vendor.keyListVariable);
  return (several ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
    .map((key) => ({ key }));
}

function joinedKey({ keyParts }: Vendor, env: Environment): string | undefined {
  if (!keyParts) return undefined;
  const needed = keyParts.needed.map((name) => set(env, name));
  if (!needed.every((part) => part !== undefined)) return undefined;
  return [...needed, ...keyParts.more.flatMap((name) => set(env, name) ?? [])].join(':');
}

/** Many machines hold AWS keys for something else: without a region they make no upstream. */
function lacksSetting({ settings = {}, apiKeys = [] }: UpstreamConfig, { provider }: Vendor): boolean {
  return Object.entries(provider.settings ?? {}).some(
    ([name, { required }]) =>
      required && settings[name] === undefined && !apiKeys.every(({ key }) => bringsSetting(provider, key, name)),
  );
}

/** Whether a key says this setting itself. */
export function bringsSetting(provider: Provider, key: string, name: string): boolean {
  try {
    return Object.hasOwn(provider.settingsOf?.({ id: '', secret: key }) ?? {}, name);
  } catch {
    // The key is malformed, which is told elsewhere.
    return false;
  }
}

/** The upstream with those of its provider's settings that only the environment says. */
export function withSettings(upstream: UpstreamConfig, vendor: Vendor, env: Environment): UpstreamConfig {
  const settings: Record<string, string> = {};
  for (const [name, variables] of Object.entries(vendor.settingVariables ?? {})) {
    const value = set(env, ...variables);
    if (value !== undefined) settings[name] = value;
  }
  return Object.keys(settings).length === 0
    ? upstream
    : { ...upstream, settings: { ...settings, ...upstream.settings } };
}

/** The vendor's address where the environment moves it. */
export function baseUrlFrom(vendor: Vendor, env: Environment): { readonly baseUrl?: string } {
  const baseUrl = set(env, ...vendor.baseUrlVariables);
  return baseUrl === undefined ? {} : { baseUrl };
}

function portOf(env: Environment, problems: string[]): number | undefined {
  const text = set(env, 'PORT');
  if (text === undefined) return undefined;
  const port = parsePort(text);
  if (port === undefined) problems.push(`PORT: "${text}" is not a port. Write a whole number from 0 to 65535.`);
  return port;
}

export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? port : undefined;
}

// conda, csh and some CI systems set HOST to something of their own ("x86_64-conda-linux-gnu").
function hostOf(env: Environment, notes: string[]): string | undefined {
  const bind = set(env, 'BIND_ADDRESS');
  if (bind !== undefined) return bind;
  const host = set(env, 'HOST');
  if (host === undefined || host === 'localhost' || isIP(host) !== 0) return host;
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
