import type {
  Affinity,
  BreakerRules,
  Limits,
  ModelFacts,
  ModelFactsRow,
  Route,
  RouteTarget,
  SelectorName,
  SocketOptions,
  Timeouts,
  Vendor,
} from '@proxy/core';
import type { GeneralProxies } from '@proxy/node';
import type { AccessKey, UserConfig } from './access-keys.ts';
import type { AdminConfig } from './admin.ts';

export type { AccessKey } from './access-keys.ts';
import type { ConnectionConfig } from './connection.ts';
import type { CorsConfig } from './cors.ts';
import type { DoorsConfig } from './doors.ts';
import type { GuardsConfig } from './guards.ts';
import type { QueueConfig } from './queue.ts';
import type { RecordsConfig } from './records.ts';
import type { PriceRow } from '../pricing/price-row.ts';
import type { StorageConfig } from './storage.ts';
import type { KeyChecksConfig } from './routing.ts';
import type { logLevels } from './schema.ts';

/** Everything the server needs to know, from wherever it came; names are not things yet: see build.ts. */
export interface Config {
  readonly server: ServerConfig;
  readonly doors: DoorsConfig;
  readonly admin: AdminConfig;
  readonly accessKeys: readonly AccessKey[];
  readonly users: readonly UserConfig[];
  readonly limits?: Limits;
  readonly guards: GuardsConfig;
  /** Absent: as many calls run at once as come. */
  readonly queue?: QueueConfig;
  readonly strict: boolean;
  /** Failures are answered as replies that say so, under a status of 200 (row F16). */
  readonly errorsAsCompletions: boolean;
  /** Places that the file adds to ours. */
  readonly vendors: readonly Vendor[];
  readonly upstreams: readonly UpstreamConfig[];
  readonly routes: readonly Route[];
  /** Absent: keys show by themselves what they are worth. */
  readonly checkKeys?: KeyChecksConfig;
  readonly modelFacts: readonly ModelFactsRow[];
  /** The user's own, stronger than ours. */
  readonly prices: readonly PriceRow[];
  readonly records: RecordsConfig;
  readonly log: LogConfig;
  readonly timeouts: Timeouts;
  readonly websockets: SocketOptions;
  /** How long a vendor's own list of models is kept; absent: a minute. */
  readonly modelListFreshMs?: number;
  /** The environment's, for upstreams that name none of their own. */
  readonly proxies?: GeneralProxies;
  readonly health: HealthConfig;
  readonly storage: StorageConfig;
  /** Why the address must not be listened on unless access keys are stored. */
  readonly unsafe?: string;
  /** Callers need a key even when there is none yet: GATEKEEPER=user_token, whose users are made later. */
  readonly closed?: true;
  /** What was read, for people: a path, or absent when there is no file. */
  readonly file?: string;
  /** What a person should know about this configuration though it works. */
  readonly notes: readonly string[];
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** How long running requests may go on after a signal to stop. */
  readonly drainSeconds: number;
  readonly maxBodyMb: number;
  /** Of a form (multipart/form-data), which is not held but sent on. */
  readonly maxUploadMb: number;
  readonly cors: CorsConfig;
}

export interface UpstreamConfig {
  readonly name: string;
  /** A name that providers.ts knows. */
  readonly provider: string;
  /** For people. */
  readonly description?: string;
  readonly baseUrl?: string;
  /** Absent: it needs none. Empty: it needs one and has none, so that calls are refused. */
  readonly apiKeys?: readonly ApiKey[];
  readonly models?: readonly string[] | Readonly<Record<string, string>>;
  readonly strategy?: SelectorName;
  readonly affinity?: Affinity;
  readonly breaker?: BreakerRules;
  readonly refusedKeys?: 'rest' | 'remove';
  readonly fallbacks?: readonly RouteTarget[];
  readonly dialects?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly userAgent?: string;
  readonly facts?: ModelFacts;
  readonly insecureSkipVerify?: boolean;
  readonly connection?: ConnectionConfig;
  /** The provider's own options: `region`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ApiKey {
  readonly key: string;
  readonly weight?: number;
  readonly cost?: number;
  /** -1: any number, as when it is absent. */
  readonly quota?: number;
}

export type LogLevelName = (typeof logLevels)[number];

export interface LogConfig {
  readonly level: LogLevelName;
  /** Absent: for people when stdout is a terminal, JSON lines otherwise. */
  readonly pretty?: boolean;
  /** The half of a call's line that says what was asked. With neither half there is a line for calls that failed alone. */
  readonly requests: boolean;
  /** The half that says what came of it; absent: true. */
  readonly responses?: boolean;
}

export interface HealthConfig {
  /** NODE_ENV says so; what health calls the mode. */
  readonly development: boolean;
  readonly enabled: boolean;
  readonly path: string;
  /** What GET /health says of the upstreams (acceptance row A13). */
  readonly upstreamCount: number;
  readonly currentUpstream: number;
  readonly loadBalance: string;
}
