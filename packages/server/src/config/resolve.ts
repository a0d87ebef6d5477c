import type { Config, HealthConfig, UpstreamConfig } from './config.ts';
import {
  baseUrlFrom,
  bringsSetting,
  keysFrom,
  set,
  upstreamsFrom,
  withSettings,
  type EnvironmentConfig,
} from './environment.ts';
import type { Environment } from './expand.ts';
import type { ClaudeProxyConfig } from './legacy/claude-proxy.ts';
import { ConfigError, unknownName } from './problems.ts';
import { defaultHost, isLoopback, publicKeyNote, unsafeHost } from './safety.ts';
import type { ConfigFile } from './schema.ts';
import { vendorByName, type Vendor } from './vendors.ts';

export interface Flags {
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
}

export interface Sources {
  readonly env: Environment;
  readonly environment: EnvironmentConfig;
  readonly flags: Flags;
  readonly file: ConfigFile;
  readonly path?: string;
  readonly legacy?: ClaudeProxyConfig;
  readonly notes?: readonly string[];
}

const defaultPort = 3000;
const defaultDrainSeconds = 30;
const defaultMaxBodyMb = 100;

/** Puts the sources together: flags win over the environment, which wins over the file. @throws ConfigError */
export function resolveConfig(sources: Sources): Config {
  const { env, environment, flags, file, path, legacy } = sources;
  const notes = [...environment.notes, ...(sources.notes ?? []), ...(legacy?.notes ?? [])];
  const port = flags.port ?? environment.port ?? file.server?.port ?? defaultPort;
  const accessKeys = [...environment.accessKeys, ...(file.accessKeys ?? [])];
  const host = flags.host ?? environment.host ?? file.server?.host ?? defaultHost(accessKeys);
  const upstreams = upstreamsOf(sources, port, notes);
  const routes = legacy?.routes ?? file.routes ?? [];
  const problems = [...crossCheck(upstreams, file, port), ...routeProblems(upstreams, file)];
  const unsafe = unsafeHost(host, accessKeys);
  if (unsafe !== undefined) problems.push(unsafe);
  if (problems.length > 0) throw new ConfigError(problems, path);
  const keyNote = publicKeyNote(accessKeys);
  if (keyNote !== undefined) notes.push(keyNote);
  return {
    server: {
      host,
      port,
      drainSeconds: file.server?.drainSeconds ?? defaultDrainSeconds,
      maxBodyMb: file.server?.maxBodyMb ?? defaultMaxBodyMb,
    },
    accessKeys,
    strict: file.strict ?? false,
    upstreams,
    routes,
    modelFacts: (file.modelFacts ?? []).map((row) => ({ source: path ?? 'configuration', ...row })),
    log: {
      level: environment.logLevel ?? file.log?.level ?? 'info',
      requests: env.ENABLE_REQUEST_LOGS !== 'false', // only this word turns them off (acceptance row A9)
      ...(file.log?.pretty !== undefined && { pretty: file.log.pretty }),
    },
    timeouts: { ...legacyTimeouts(env), ...file.timeouts },
    health: healthOf(env, upstreams, legacy),
    notes,
    ...(file.limits && { limits: file.limits }),
    ...(path !== undefined && { file: path }),
  };
}

function upstreamsOf(sources: Sources, port: number, notes: string[]): readonly UpstreamConfig[] {
  const { env, file, legacy } = sources;
  if (legacy) return legacy.upstreams;
  if (file.upstreams && file.upstreams.length > 0)
    return file.upstreams.map((upstream) => withEnvironmentKey(upstream, env));
  const found = upstreamsFrom(env).filter((upstream) => {
    // A shell in which the banner's commands were pasted points its clients, and so this process, at ourselves.
    if (!pointsAtPort(upstream.baseUrl, port)) return true;
    notes.push(
      `The environment moves ${upstream.provider} to ${upstream.baseUrl}, which is this proxy itself: ignored.`,
    );
    return false;
  });
  if (found.length > 0) return found;
  notes.push('No upstream is configured, so the embedded demo model answers to every model name.');
  return [{ name: 'demo', provider: 'demo', models: ['demo', 'demo-reasoner', 'demo-tools', '*'] }];
}

/** An upstream without keys takes the vendor's from the environment, but never to somebody else's address. */
function withEnvironmentKey(upstream: UpstreamConfig, env: Environment): UpstreamConfig {
  const vendor = vendorByName(upstream.provider);
  if (!vendor) return upstream;
  const configured = withSettings(upstream, vendor, env);
  if (upstream.apiKeys || upstream.baseUrl !== undefined) return configured;
  const apiKeys = keysFrom(vendor, env);
  return apiKeys.length === 0 ? configured : { ...configured, apiKeys, ...baseUrlFrom(vendor, env) };
}

/** Where the vendor's key would have come from. */
function keyVariables({ keyVariables, keyParts }: Vendor): string {
  return [...keyVariables, ...(keyParts ? [keyParts.needed.join(' with ')] : [])].join(' or ');
}

/** Keys that their provider cannot read; its words repeat nothing of them. */
function keyProblems({ provider: name, apiKeys = [] }: UpstreamConfig, place: string): string[] {
  const provider = vendorByName(name)?.provider;
  return apiKeys.flatMap(({ key }, index) => {
    try {
      provider?.settingsOf?.({ id: '', secret: key });
      return [];
    } catch (error) {
      return [`${place}.apiKeys[${index}]: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

/** Holds an upstream's settings to what its provider knows of them. */
function settingProblems({ provider: name, settings = {}, apiKeys = [] }: UpstreamConfig, place: string): string[] {
  const provider = vendorByName(name)?.provider;
  const known = provider?.settings ?? {};
  const problems = Object.keys(settings)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) => {
      const names = Object.keys(known);
      const mend =
        names.length > 0 ? unknownName(key, `a setting of "${name}"`, names) : `provider "${name}" has no settings.`;
      return `${place}.${key}: ${mend}`;
    });
  for (const [key, { meaning, pattern, required = false }] of Object.entries(known)) {
    const value = settings[key];
    if (value === undefined) {
      // A credential may bring its own.
      const brought = provider && apiKeys.length > 0 && apiKeys.every((one) => bringsSetting(provider, one.key, key));
      if (required && !brought) problems.push(`${place}.${key}: is missing. It is ${meaning}.`);
    } else if (pattern && !pattern.test(value)) problems.push(`${place}.${key}: "${value}" is not ${meaning}.`);
  }
  return problems;
}

function crossCheck(upstreams: readonly UpstreamConfig[], file: ConfigFile, port: number): string[] {
  const problems: string[] = [];
  upstreams.forEach((upstream, index) => {
    const { name, provider, baseUrl, apiKeys, dialects = [], insecureSkipVerify = false } = upstream;
    const place = `upstreams[${index}]`;
    const vendor = vendorByName(provider);
    if (!vendor) return;
    problems.push(...settingProblems(upstream, place), ...keyProblems(upstream, place));
    const first = upstreams.findIndex((other) => other.name === name);
    if (first < index)
      problems.push(`${place}.name: "${name}" is the name of upstreams[${first}] already. Give each its own.`);
    if (baseUrl === undefined && vendor.provider.baseUrl === undefined)
      problems.push(`${place}.baseUrl: is missing, and provider "${provider}" has no address of its own.`);
    if (pointsAtPort(baseUrl, port))
      problems.push(
        `${place}.baseUrl: ${baseUrl} is this proxy itself. Write the upstream's address, or move one of the two.`,
      );
    if (!apiKeys && baseUrl === undefined && !vendor.keyless)
      problems.push(`${place}.apiKeys: is missing, and ${keyVariables(vendor)} is not set. Do one of the two.`);
    const spoken = vendor.provider.speaks.map((dialect) => dialect.name);
    dialects.forEach((dialect, at) => {
      if (spoken.includes(dialect)) return;
      problems.push(
        `${place}.dialects[${at}]: provider "${provider}" does not speak "${dialect}", only ${spoken.join(', ')}.`,
      );
    });
    const neighbour = upstreams.findIndex(
      (other) =>
        originOf(other.baseUrl) === originOf(baseUrl) && (other.insecureSkipVerify ?? false) !== insecureSkipVerify,
    );
    if (baseUrl !== undefined && insecureSkipVerify && neighbour >= 0)
      problems.push(
        `${place}.insecureSkipVerify: upstreams[${neighbour}] is at the same address and verifies. Set both alike.`,
      );
  });
  const keys = (file.accessKeys ?? []).map(({ key }) => key);
  keys.forEach((key, index) => {
    const first = keys.indexOf(key);
    if (first < index) problems.push(`accessKeys[${index}].key: is the same as accessKeys[${first}].key. Remove one.`);
  });
  return problems;
}

function routeProblems(upstreams: readonly UpstreamConfig[], { routes = [] }: ConfigFile): string[] {
  const names = upstreams.map(({ name }) => name);
  return routes.flatMap(({ model, targets }, index) => {
    const first = routes.findIndex((other) => other.model === model);
    const twice =
      first < index
        ? [`routes[${index}].model: "${model}" has a route already, routes[${first}]. Put the targets there.`]
        : [];
    const unknown = targets.flatMap((target, at) =>
      names.includes(target.upstream)
        ? []
        : [`routes[${index}].targets[${at}]: ${unknownName(target.upstream, 'an upstream', names)}`],
    );
    return [...twice, ...unknown];
  });
}

// Dead variables in the predecessor, promised by its README (acceptance rows A13, A22, C8).
function legacyTimeouts(env: Environment): { readonly headersMs?: number } {
  const text = set(env, 'REQUEST_TIMEOUT') ?? '';
  return /^[1-9]\d*$/.test(text) ? { headersMs: Number(text) } : {};
}

function healthOf(
  env: Environment,
  upstreams: readonly UpstreamConfig[],
  legacy: ClaudeProxyConfig | undefined,
): HealthConfig {
  const path = set(env, 'HEALTH_CHECK_PATH') ?? '/health';
  return {
    enabled: set(env, 'HEALTH_CHECK_ENABLED') !== 'false',
    path: path.startsWith('/') ? path : `/${path}`,
    ...(legacy?.health ?? {
      upstreamCount: upstreams.length,
      currentUpstream: 0,
      loadBalance: upstreams[0]?.strategy ?? 'failover',
    }),
  };
}

function pointsAtPort(baseUrl: string | undefined, port: number): boolean {
  const url = urlOf(baseUrl);
  if (!url || port === 0 || !isLoopback(url.hostname)) return false;
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80)) === port;
}

/** Scheme, host and port; the address as it is when it cannot be read. */
export function originOf(baseUrl: string | undefined): string | undefined {
  return urlOf(baseUrl)?.origin ?? baseUrl;
}

function urlOf(baseUrl: string | undefined): URL | undefined {
  return baseUrl !== undefined && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
}
