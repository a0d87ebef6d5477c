import { adminOf } from './admin.ts';
import { accessOf, limitsOf } from './access-keys.ts';
import type { Vendor } from '@proxy/core';
import type { ApiKey, Config, HealthConfig, UpstreamConfig } from './config.ts';
import { proxiesFrom } from './connection.ts';
import { baseUrlFrom, keysFrom, upstreamsFrom, withSettings, type EnvironmentConfig } from './environment.ts';
import { set, type Environment } from './expand.ts';
import type { ClaudeProxyConfig } from './legacy/claude-proxy.ts';
import { withoutAnyKey } from './legacy/reverse-proxy.ts';
import { corsOf } from './cors.ts';
import { crossCheck, pointsAtPort, unreachedRoutes } from './cross-check.ts';
import { doorsOf, servesOwnKeysOnly } from './doors.ts';
import type { Files } from './files.ts';
import { guardsOf } from './guards.ts';
import { pricesOf } from './prices.ts';
import { promptsNote, recordsOf } from './records.ts';
import { ConfigError } from './problems.ts';
import { queueOf } from './queue.ts';
import { defaultHost, publicKeyNote, unsafeHost } from './safety.ts';
import { choicesOf, keyChecksOf, routesOf, withChoices } from './routing.ts';
import type { ConfigFile } from './schema.ts';
import { isFleeting, storageOf } from './storage.ts';
import { knownProviders, type KnownProviders } from './providers.ts';

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
  readonly files: Files;
  readonly path?: string;
  readonly legacy?: ClaudeProxyConfig;
  readonly notes?: readonly string[];
  /** Where to keep what must outlive the server when nobody says; absent: nowhere. */
  readonly defaultStorage?: string;
  /** Described in files of their own; the configuration's are stronger. */
  readonly vendors?: readonly Vendor[];
}

/** Where nothing else is configured. */
export const onlyDemo: readonly UpstreamConfig[] = [
  { name: 'demo', provider: 'demo', models: ['demo', 'demo-reasoner', 'demo-tools', '*'] },
];

const defaultPort = 3000;
const defaultDrainSeconds = 30;
const defaultMaxBodyMb = 100;
const defaultMaxUploadMb = 2048;

/** Puts the sources together: flags win over the environment, which wins over the file. @throws ConfigError */
export function resolveConfig(sources: Sources): Config {
  const { env, environment, flags, file, path, legacy } = sources;
  const notes = [...environment.notes, ...(sources.notes ?? []), ...(legacy?.notes ?? [])];
  const port = flags.port ?? environment.port ?? file.server?.port ?? defaultPort;
  const access = accessOf(file.accessKeys, file.users);
  const accessKeys = [...environment.accessKeys, ...access.accessKeys];
  const doors = doorsOf(file.doors, env, path === undefined);
  const spends = !servesOwnKeysOnly(doors);
  const open = spends && !environment.closed;
  const host = flags.host ?? environment.host ?? file.server?.host ?? defaultHost(accessKeys, open);
  const vendors = vendorsOf(sources);
  const providers = knownProviders(vendors);
  const readings: string[] = [];
  const checkKeys = keyChecksOf(file.checkKeys, env);
  const found = spends ? upstreamsOf(sources, providers, port, notes, readings) : [];
  const upstreams = withChoices(found, checkKeys, env, (text) => void notes.push(text));
  if (!spends)
    notes.push('Only requests that bring a key of their own are served, under claude.api.* and openai.api.*.');
  const routes = legacy?.routes ?? routesOf(file.routes ?? []);
  notes.push(...unreachedRoutes(upstreams, routes));
  const problems = [...readings, ...crossCheck(file, upstreams, providers, port)];
  const admin = adminOf(file.admin, env, accessKeys, problems, notes);
  const guards = guardsOf(file.guards, env, doors.hosts?.only === true, problems);
  const queue = queueOf(file.queue, env, problems);
  const unsafe = unsafeHost(host, accessKeys, open);
  const storage = storageOf(file, env, sources.defaultStorage ?? 'memory', notes);
  // What else is stored is known when it is open.
  const later = !isFleeting(storage.place);
  if (unsafe !== undefined && !later) problems.push(unsafe);
  if (problems.length > 0) throw new ConfigError(problems, path);
  const records = recordsOf(file.records, env, notes);
  const logged = promptsNote(records);
  if (logged !== undefined) notes.push(logged);
  const proxies = proxiesFrom(env);
  const keyNote = publicKeyNote(accessKeys);
  if (keyNote !== undefined) notes.push(keyNote);
  return {
    server: {
      host,
      port,
      drainSeconds: file.server?.drainSeconds ?? defaultDrainSeconds,
      maxBodyMb: file.server?.maxBodyMb ?? defaultMaxBodyMb,
      maxUploadMb: file.server?.maxUploadMb ?? defaultMaxUploadMb,
      cors: corsOf(file.server?.cors, env),
    },
    doors,
    admin,
    accessKeys,
    guards,
    users: access.users,
    strict: file.strict ?? false,
    errorsAsCompletions: file.errorsAsCompletions ?? false,
    vendors,
    upstreams,
    routes,
    modelFacts: (file.modelFacts ?? []).map((row) => ({ source: path ?? 'configuration', ...row })),
    prices: pricesOf(file.prices),
    records,
    log: {
      level: environment.logLevel ?? file.log?.level ?? (env.NODE_ENV === 'development' ? 'debug' : 'info'), // row A5
      // Only this word turns them off (acceptance row A9).
      requests: env.ENABLE_REQUEST_LOGS !== 'false',
      responses: env.ENABLE_RESPONSE_LOGS !== 'false',
      ...(file.log?.pretty !== undefined && { pretty: file.log.pretty }),
    },
    timeouts: { ...legacyTimeouts(env), ...file.timeouts },
    websockets: socketsOf(file),
    ...(file.modelLists?.cacheSeconds !== undefined && { modelListFreshMs: file.modelLists.cacheSeconds * 1000 }),
    ...(proxies && { proxies }),
    ...(checkKeys && { checkKeys }),
    health: healthOf(env, upstreams, legacy),
    storage,
    ...(unsafe !== undefined && { unsafe }),
    ...(environment.closed && { closed: true }),
    notes,
    ...(queue && { queue }),
    ...(file.limits && { limits: limitsOf(file.limits) }),
    ...(path !== undefined && { file: path }),
  };
}

function vendorsOf({ file, vendors: others = [] }: Sources): readonly Vendor[] {
  const own = Object.entries(file.vendors ?? {}).map(([name, vendor]) => ({ name, ...vendor }));
  return [...own, ...others.filter(({ name }) => !own.some((known) => known.name === name))];
}

function socketsOf({ websockets = {} }: ConfigFile): Config['websockets'] {
  const { responses, maxMessageMb, idleSeconds } = websockets;
  return {
    ...(responses !== undefined && { responses }),
    ...(maxMessageMb !== undefined && { maxMessageBytes: maxMessageMb * 1024 * 1024 }),
    ...(idleSeconds !== undefined && { idleMs: idleSeconds * 1000 }),
  };
}

function upstreamsOf(
  sources: Sources,
  providers: KnownProviders,
  port: number,
  notes: string[],
  problems: string[],
): readonly UpstreamConfig[] {
  const { env, file, files, legacy, path } = sources;
  if (legacy) return legacy.upstreams;
  if (file.upstreams && file.upstreams.length > 0)
    return file.upstreams.map((upstream, index) => {
      const told = (place: string, error: unknown) =>
        void problems.push(`upstreams[${index}]${place}: ${error instanceof Error ? error.message : String(error)}`);
      return withFilesRead(upstream, files, path, told, (read) => withEnvironmentKey(read, providers, env, files));
    });
  const found = upstreamsFrom(env, providers, files, (text) => void notes.push(text)).filter((upstream) => {
    // A shell in which the banner's commands were pasted points its clients, and so this process, at ourselves.
    if (!pointsAtPort(upstream.baseUrl, port)) return true;
    notes.push(
      `The environment moves ${upstream.provider} to ${upstream.baseUrl}, which is this proxy itself: ignored.`,
    );
    return false;
  });
  if (found.length > 0) return found;
  const refusal = withoutAnyKey(env);
  if (refusal !== undefined) problems.push(refusal);
  notes.push('No upstream is configured, so the embedded demo model answers to every model name.');
  return onlyDemo;
}

type Written = NonNullable<ConfigFile['upstreams']>[number];
type Told = (place: string, error: unknown) => void;

/** The upstream as it was written, with the files that it names read; `complete` comes between keys and connection. */
function withFilesRead(
  { connection, apiKeys, affinity, breaker, ...upstream }: Written,
  files: Files,
  beside: string | undefined,
  told: Told,
  complete: (upstream: UpstreamConfig) => UpstreamConfig,
): UpstreamConfig {
  const keys = apiKeys?.flatMap((apiKey, index) => {
    try {
      return [readKey(apiKey, files, beside)];
    } catch (error) {
      told(`.apiKeys[${index}]`, error);
      return [];
    }
  });
  const choices = choicesOf({ ...(affinity !== undefined && { affinity }), ...(breaker && { breaker }) });
  let read: UpstreamConfig = { ...upstream, ...choices, ...(keys && { apiKeys: keys }) };
  try {
    read = complete(read);
    return connection ? { ...read, connection: files.connection(connection, beside) } : read;
  } catch (error) {
    told(connection ? '.connection' : '.apiKeys', error);
    return read;
  }
}

function readKey(
  { key, file, ...choice }: NonNullable<Written['apiKeys']>[number],
  files: Files,
  beside: string | undefined,
): ApiKey {
  if ((key === undefined) === (file === undefined)) throw new Error('needs either a key or a file.');
  return { key: key ?? files.key(file ?? '', beside), ...choice };
}

/** An upstream without keys takes the vendor's from the environment, but never to somebody else's address. */
function withEnvironmentKey(
  upstream: UpstreamConfig,
  providers: KnownProviders,
  env: Environment,
  files: Files,
): UpstreamConfig {
  const provider = providers.find(upstream.provider);
  if (!provider) return upstream;
  const configured = withSettings(upstream, provider, env);
  if (upstream.apiKeys || upstream.baseUrl !== undefined) return configured;
  const keys = keysFrom(provider, env, files);
  return keys.length === 0 ? configured : { ...configured, apiKeys: keys, ...baseUrlFrom(provider, env) };
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
    development: env.NODE_ENV === 'development',
    enabled: set(env, 'HEALTH_CHECK_ENABLED') !== 'false',
    path: path.startsWith('/') ? path : `/${path}`,
    ...(legacy?.health ?? {
      upstreamCount: upstreams.length,
      currentUpstream: 0,
      loadBalance: upstreams[0]?.strategy ?? 'failover',
    }),
  };
}
