import type { Chunk } from './bytes/framing.ts';
import type { Notice } from './conversation/notice.ts';
import type { Usage } from './conversation/usage.ts';
import type { AskedPictures, HeaderMap } from './dialects/dialect.ts';

/** Everything the core asks of the outside world. Each port has a version in memory: memory.ts. */
export interface Ports {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly callers: Callers;
  readonly counters: Counters;
  /** Absent: no budget is kept, and a caller that has one is served without. */
  readonly budgets?: Budgets;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly quotas: Quotas;
}

/**
 * Bytes that are pushed: no promise and no stream object per chunk. `start` may deliver at once, so a sink's methods must
 * not depend on the Flow that `start` returns. After `end` or `fail` nothing more comes.
 */
export interface Source {
  start(sink: Sink): Flow;
  /**
   * Everything as one piece, where the source can do better than by pushing (it knows the length, say). Instead of `start`;
   * undefined, with nothing read, when it cannot.
   */
  gather?(maxBytes: number): Promise<Uint8Array> | undefined;
}

/** Of a body that may be whole, or none. */
export function isSource(body: Chunk | Source | undefined): body is Source {
  return typeof body === 'object' && 'start' in body;
}

export interface Sink {
  /** False: enough for now. The source pauses until `Flow.resume`. */
  write(chunk: Chunk): boolean;
  end(): void;
  /** The source broke off; what was written is all there will be. */
  fail(error: unknown): void;
}

export interface Flow {
  resume(): void;
  /** Nobody listens any longer: stop, and let go of the connection. */
  cancel(): void;
}

/**
 * What we use of an AbortSignal, which is one. A shell may bring its own: making one, listening and taking leave cost a small request a
 * twentieth of all it does.
 */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: CancelListener): void;
  removeEventListener(type: 'abort', listener: CancelListener): void;
}

export type CancelListener = (() => void) | { handleEvent(): void };

/** For `fetch` and whoever else takes nothing less. */
export function toAbortSignal(signal: CancelSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return controller.signal;
}

/** Sends one request to an upstream. */
export interface Transport {
  /**
   * Resolves when status and headers are there. Aborting `signal` cancels at any time, also after that.
   * @throws Failure `timeout` or `bad-upstream` when there is no answer at all.
   */
  send(request: OutboundRequest): Promise<UpstreamResponse>;
  /**
   * Opens a WebSocket; a response is the upstream's refusal. Aborting `signal` cancels until then. Absent: this runtime opens
   * none, and their doors answer 426.
   * @throws Failure as `send` does.
   */
  open?(request: OutboundSocket): Promise<OpenedSocket | UpstreamResponse>;
}

export interface OutboundSocket {
  /** With the scheme `http` or `https`, as every other request to that upstream. */
  readonly url: string;
  /** Without those of the handshake itself. */
  readonly headers: HeaderMap;
  /** Subprotocols to offer. */
  readonly protocols: readonly string[];
  readonly signal: CancelSignal;
  /** Until the handshake is over. */
  readonly headersTimeoutMs: number;
  /** A longer message breaks the connection off (1009). */
  readonly maxMessageBytes: number;
}

export interface OpenedSocket {
  readonly socket: Socket;
  /** The subprotocol that the upstream chose. */
  readonly protocol?: string;
}

/** One end of a WebSocket that is open. Pings are answered by the shell; fragments come joined. */
export interface Socket {
  /** Messages wait until this is called, once. */
  listen(listener: SocketListener): void;
  /** False: enough for now. The listener's `drained` says when there is room again. */
  send(message: Chunk, binary: boolean): boolean;
  /** No messages are delivered until `resume`; one may still come. */
  pause(): void;
  resume(): void;
  /** Begins the closing handshake. Without a code: a close frame without one. */
  close(code?: number, reason?: string): void;
}

export interface SocketListener {
  message(message: Uint8Array, binary: boolean): void;
  drained(): void;
  /** The last call. RFC 6455 §7.1.5: 1005 when the other side gave no code, 1006 when it broke off. */
  closed(code: number, reason: string): void;
}

export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  /** A Source is sent while it comes in; it is started when the connection stands, and cancelled when no more is wanted. */
  readonly body?: Chunk | Source | undefined;
  readonly signal: CancelSignal;
  /** Until status and headers are there. */
  readonly headersTimeoutMs: number;
  /** Longest silence within a body. */
  readonly idleTimeoutMs: number;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: Source;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** Who may call. */
export interface Callers {
  /** True: nobody needs an access key (the demo, a loopback-only server). */
  readonly open: boolean;
  find(accessKey: string): Caller | undefined | Promise<Caller | undefined>;
}

export interface Caller {
  /** Names the caller in records and limits; never the access key itself. */
  readonly id: string;
  readonly name?: string;
  /** Limits of this caller alone; absent members fall back to the gateway's. */
  readonly limits?: Limits;
  /** Whose key it is: what limits the user limits all keys of that user together, on top of what limits each. */
  readonly userId?: string;
  readonly userName?: string;
  readonly userLimits?: Limits;
  /** `special` and `admin` have no limits and no budgets; a budget of a `temporary` one is never filled again. Absent: normal. */
  readonly role?: Role;
  /** The only models that may be asked for, as patterns; one that begins with "!" takes back. */
  readonly models?: readonly string[];
  /** The only operations that may be asked for (`generate`, `embed`, `upload-file` …). */
  readonly operations?: readonly string[];
  /** Milliseconds since 1970, from which on the key is refused. */
  readonly expiresAt?: number;
  /** Why the key is refused, for its owner to read. */
  readonly disabled?: string;
  /** Asked at every door where the call comes from. @throws Failure when the key may not be used from there. */
  admit?(address: string | undefined): void;
}

export type Role = 'normal' | 'special' | 'temporary' | 'admin';

export interface Limits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
  readonly budgets?: readonly Budget[];
}

/** How much may be spent, of what, and when it is there again. */
export interface Budget {
  readonly amount: number;
  readonly of: Spendable;
  /** A span of the calendar, `total` (never filled again), or a cron expression (seconds allowed) of when it is filled. */
  readonly per: string;
  /** Counts what was spent within the last minute, hour … instead of since the calendar's began. */
  readonly rolling?: boolean;
  /** Only what these models spend, as patterns; absent: whatever is spent. */
  readonly models?: readonly string[];
  /** Of the calendar: an IANA name; absent: UTC. */
  readonly timeZone?: string;
}

export type Spendable = 'usd' | 'tokens' | 'requests' | 'images';

/** Keeps what callers spend within their budgets. */
export interface Budgets {
  /**
   * Sets aside the most that a call can spend, of every budget that bounds its caller; undefined: none does.
   * @throws Failure that names the budget without room for it.
   */
  reserve(spending: Spending): Hold | undefined | Promise<Hold | undefined>;
}

/** A call that is about to spend. */
export interface Spending {
  readonly caller: Caller;
  /** Of a caller that neither has budgets of its own nor of its user. */
  readonly defaults?: readonly Budget[];
  /** As the caller asked for it. */
  readonly model: string;
  /** Where it may go; whichever serves it, it is paid for there. */
  readonly targets: readonly SpendingTarget[];
  /** Why its cost cannot be told beforehand: a batch is paid for when nobody looks. */
  readonly unseen?: string | undefined;
  /** The caller's word for the most tokens that a reply may have. */
  readonly outputField?: string;
  /** An upper bound. Asked only where somebody counts it. */
  most(): Most;
}

export interface SpendingTarget {
  readonly upstream: string;
  readonly provider: string;
  /** The upstream's own name. */
  readonly model: string;
  /** The caller's. */
  readonly askedModel: string;
  readonly region?: string | undefined;
}

/** The most that a call can spend. */
export interface Most {
  readonly inputTokens: number;
  /** Of all candidates together. */
  readonly outputTokens: number;
  readonly candidates?: number | undefined;
  readonly images?: AskedPictures | undefined;
  readonly searches?: number | undefined;
  /** Of sound that is to be heard. */
  readonly audioSeconds?: number | undefined;
}

/** What was set aside for one call. */
export interface Hold {
  /** The call is over: what it spent is charged, the rest is free again. Only the first time counts. */
  settle(spent: Spent): readonly Charge[];
  /**
   * A session has spent this and goes on: it is charged, and as much as at first is set aside for what comes next.
   * @throws Failure when there is no room for that; what was spent is charged all the same.
   */
  spend(usage: Usage, target?: SpendingTarget): void | Promise<void>;
}

export interface Spent {
  /** Nothing was asked of any upstream. */
  readonly nothing?: boolean | undefined;
  readonly target?: SpendingTarget | undefined;
  /** Absent: nobody reported any, and what was set aside is charged. */
  readonly usage?: Usage | undefined;
  /** The usage is a guess: the stream broke off before it was told. */
  readonly estimated?: boolean | undefined;
}

/** What a call took of one budget. */
export interface Charge {
  /** Names the budget and whose it is: `key-1f2e:usd/month`. */
  readonly budget: string;
  readonly of: Spendable;
  /** Whole units: billionths of a dollar, tokens, requests, images. */
  readonly amount: number;
  /** When the budget is filled again, in milliseconds since 1970; 0: never, or it rolls. */
  readonly endsAt: number;
  /** Of a budget that rolls. */
  readonly rollingMs?: number | undefined;
  /** Whose lease it is paid from, where several processes share the books. */
  readonly holder?: string | undefined;
  readonly estimated?: boolean | undefined;
}

/**
 * Fast shared numbers. Every method is atomic, so that several processes may share one store.
 * Keys are opaque; `windowMs` windows slide.
 */
export interface Counters {
  /**
   * Adds `amount` to a sliding window unless that would pass `limit`.
   * Refused: `retryAfterMs` says when `amount` will fit; Infinity when it is more than the limit.
   */
  take(key: string, amount: number, limit: number, windowMs: number): Taken | Promise<Taken>;
  /**
   * Corrects the take made at `takenAtMs` (`Taken.atMs`), once the truth is known. More: counts from now on, and may
   * pass the limit, since it has been spent. Less: given back where it was taken, unless that has left the window.
   */
  adjust(key: string, difference: number, windowMs: number, takenAtMs: number): void | Promise<void>;
  /**
   * One more at a time, unless `limit` are running. The ones never left are forgotten after `expiryMs`; `holder` names
   * this one, so that a process that died takes nobody else's place.
   */
  enter(key: string, limit: number, expiryMs: number, holder: string): boolean | Promise<boolean>;
  leave(key: string, holder: string): void | Promise<void>;
}

export interface Taken {
  readonly ok: boolean;
  readonly remaining: number;
  /** When it was, by the store's own clock; to be handed to `adjust`. */
  readonly atMs: number;
  /** Milliseconds until the window has room again. */
  readonly retryAfterMs: number;
}

/**
 * How many calls upstream credentials are still good for, by the id of each and the number that it was given. Taking is
 * atomic, so that several processes may share one store.
 */
export interface Quotas {
  /** As far as this process knows; it need not ask a store for it. */
  remaining(credentialId: string, quota: number): number;
  /** One call less, before it is sent; false when none is left. */
  take(credentialId: string, quota: number): boolean | Promise<boolean>;
  /** The call did not succeed. */
  giveBack(credentialId: string): void;
}

/** The durable record of calls. Appending must not wait for storage. */
export interface Ledger {
  /**
   * Has the record in keeping when it returns, since the last byte of the answer leaves right behind. Where the answer `mayWait` a moment,
   * it may instead resolve when that is so: many are then kept at the price of one.
   */
  append(record: CallRecord, mayWait?: boolean): Promise<void> | void;
}

export interface CallRecord {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Until the first byte of the reply, where there was one. */
  readonly firstByteMs?: number | undefined;
  readonly callerId?: string | undefined;
  readonly userId?: string | undefined;
  /** The caller's network address, where known. */
  readonly address?: string | undefined;
  /** As it was asked for, without its query; behind a door of another's, as that door passed it on. */
  readonly path?: string | undefined;
  /** By whose door it came, where that was not the gateway's own: `Direction.door`. */
  readonly door?: string | undefined;
  readonly dialect?: string | undefined;
  readonly operation?: string | undefined;
  readonly model?: string | undefined;
  readonly streaming?: boolean | undefined;
  readonly status: number;
  readonly upstream?: string | undefined;
  /** The name of the upstream's provider. */
  readonly provider?: string | undefined;
  readonly upstreamModel?: string | undefined;
  /** Whether bytes went through untouched or over the hub. */
  readonly way?: 'relay' | 'convert' | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly usage?: Usage | undefined;
  /** What the call took of its caller's budgets. */
  readonly charges?: readonly Charge[] | undefined;
  readonly notices: readonly Notice[];
  /** How its targets were chosen, where there was a choice. */
  readonly why?: RoutingRecord | undefined;
  /** The failure's kind and message, when the call did not end well. `client-gone` when the client left. */
  readonly failure?: { readonly kind: string; readonly message: string } | undefined;
}

export interface AttemptRecord {
  readonly upstream: string;
  readonly model: string;
  /** Names the credential without revealing it. */
  readonly credential: string;
  readonly status: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly failure?: string;
  /** What the failure says, without secrets. */
  readonly message?: string;
  /** The credential rests until then because of it; milliseconds since 1970. */
  readonly restsUntil?: number;
  /** The credential left the pool because of it. */
  readonly removed?: true;
}

/** Why a call went where it went. */
export interface RoutingRecord {
  /** The pattern of the route that led there. */
  readonly route?: string;
  /** How that route chooses among its targets. */
  readonly strategy?: string;
  /** What named the session by which its targets were chosen: `header x-session-id`, `metadata.user_id`. */
  readonly affinity?: string;
  /** As they are configured, those that were left out behind the others; `attempts` says which were tried, in which order. */
  readonly candidates: readonly CandidateRecord[];
}

export interface CandidateRecord {
  readonly upstream: string;
  readonly model: string;
  readonly credential: string;
  /** How its upstream chooses among credentials. */
  readonly strategy: string;
  /** The numbers by which that was decided. */
  readonly scores?: Readonly<Record<string, number>>;
  /** The numbers by which the route chose its target. */
  readonly branchScores?: Readonly<Record<string, number>>;
  /** Why it was left out, or put last: it rests, its vendor refuses it, its quota is spent. */
  readonly skipped?: 'resting' | 'refused' | 'spent';
  /** The kind of failure that brought it there. */
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly restsUntil?: number;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Fields never hold secrets or prompts. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
