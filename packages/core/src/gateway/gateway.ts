import type { Credential, Settings } from '../auth/authorize.ts';
import type { BreakerRules } from '../keys/cooldown.ts';
import type { KeyStates } from '../keys/key-states.ts';
import type { Candidate, SelectorName } from '../keys/selector.ts';
import type { ModelFacts, ModelFactsRow } from '../models/model-facts.ts';
import type { Limits, Ports } from '../ports.ts';
import type { Provider } from '../providers/provider.ts';
import type { Affinity } from './session.ts';
import type { Policy } from './policy.ts';
import type { Queue } from './queue.ts';

/** What createGateway is given. Names are resolved already: a config file's words become these in the server. */
export interface GatewayOptions {
  readonly upstreams: readonly Upstream[];
  /** Where bare model names go. Exact names win over patterns, longer patterns over shorter. */
  readonly routes?: readonly Route[];
  /** For every caller without limits of its own. */
  readonly limits?: Limits;
  /** Answer 400 naming the field instead of leaving anything out. A request may ask for it by `x-proxy-strict: true`. */
  readonly strict?: boolean;
  /** A failure is answered as a reply that says so, under a status of 200, for clients that show replies alone; a stream that fails in its middle ends as one. */
  readonly errorsAsCompletions?: boolean;
  /** Rows of the user's, stronger than ours. */
  readonly modelFacts?: readonly ModelFactsRow[];
  readonly timeouts?: Timeouts;
  /** Absent: 100 MiB. */
  readonly maxBodyBytes?: number;
  /** Of a form (multipart/form-data), which is sent on while it comes in. Absent: 2 GiB. */
  readonly maxUploadBytes?: number;
  /** Silence after which a translated stream is kept open by a keep-alive; 0 never. Absent: 15 s. */
  readonly keepAliveMs?: number;
  /** How long a list of models is kept that an upstream without `models` was asked for; absent: 60 s. */
  readonly modelListFreshMs?: number;
  readonly sockets?: SocketOptions;
  /** What is known of credentials; absent: nothing yet. */
  readonly keys?: KeyStates;
  /** Rules of the house, asked in this order. */
  readonly policies?: readonly Policy[];
  /** Absent: as many calls run at once as come. */
  readonly queue?: Queue;
  readonly ports: Partial<Ports> & Pick<Ports, 'transport'>;
}

/** A configured provider. */
export interface Upstream {
  readonly name: string;
  readonly provider: Provider;
  /** Without a version and with, with a trailing slash and without. */
  readonly baseUrl?: string;
  readonly credentials: readonly Credential[];
  /** Absent: any model. A list: these. A map: public name → upstream's name. `*` stands for any run of characters. */
  readonly models?: readonly string[] | Readonly<Record<string, string>>;
  /** Which credential next; absent: failover. */
  readonly strategy?: SelectorName;
  /** A conversation stays with the same credential while that is well; absent: the strategy alone decides. */
  readonly affinity?: Affinity;
  /** When credentials rest. */
  readonly breaker?: BreakerRules;
  /** What happens to a credential that its vendor refuses (401, 402): absent, it rests; `remove`: until it is restored. */
  readonly refusedKeys?: 'rest' | 'remove';
  /** Where a bare model name goes that led here, when it cannot be served here. */
  readonly fallbacks?: readonly RouteTarget[];
  /** Speak only these of the provider's dialects, by name. */
  readonly dialects?: readonly string[];
  /** What is known of every model here, strongest of all. */
  readonly facts?: ModelFacts;
  readonly headers?: Readonly<Record<string, string>>;
  /** Shown in place of the caller's, unless the caller is the same program: `claude-cli/2.1.0 (external, cli)`. */
  readonly userAgent?: string;
  /** Options that the provider names: `region`, `project`. */
  readonly settings?: Settings;
}

export interface Route {
  /** A model name as callers write it; `*` stands for any run of characters. */
  readonly model: string;
  readonly targets: readonly RouteTarget[];
  /** Which target next; absent: failover. */
  readonly strategy?: SelectorName;
  /** A conversation stays with the same target while that is well. */
  readonly affinity?: Affinity;
  /** Tried when no target serves, in this order. */
  readonly fallbacks?: readonly RouteTarget[];
}

export interface RouteTarget {
  /** An upstream's name. */
  readonly upstream: string;
  /** The upstream's own name for the model; absent: the caller's. */
  readonly model?: string;
  /** Relative share for the `weighted` strategy; absent is 1. */
  readonly weight?: number;
  /** What a call costs, for the strategies that choose by it; absent: the least that a key there costs. */
  readonly cost?: number;
}

/** A model under the name that one upstream has for it. */
export interface UpstreamModel {
  readonly upstream: Upstream;
  readonly model: string;
  /** Present: one of those among which a route chooses. */
  readonly branch?: Branch;
}

/** A target of a route, for its strategy. */
export interface Branch extends Candidate {
  readonly route: Route;
  readonly upstream: Upstream;
}

export interface Timeouts {
  /** Until an upstream's status and headers; absent: 600 s, the patience of the vendors' SDKs. */
  readonly headersMs?: number;
  /** Longest silence within a reply; absent: 300 s. */
  readonly idleMs?: number;
}

/** WebSockets. */
export interface SocketOptions {
  /** Whether Responses are served over a WebSocket; absent: yes. Without, the handshake is answered 426, and Codex goes on over HTTP. */
  readonly responses?: boolean;
  /** Longest message, both ways; absent: 16 MiB. */
  readonly maxMessageBytes?: number;
  /** A session without a message for so long is closed; absent: 15 minutes. */
  readonly idleMs?: number;
}
