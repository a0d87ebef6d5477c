import type { Chunk } from './bytes/framing.ts';
import type { Notice } from './conversation/notice.ts';
import type { Usage } from './conversation/usage.ts';
import type { HeaderMap } from './dialects/dialect.ts';

/** Everything the core asks of the outside world. Each port has a version in memory: memory.ts. */
export interface Ports {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly callers: Callers;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly log: Log;
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
  readonly signal: AbortSignal;
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
  readonly body?: Chunk | Source;
  readonly signal: AbortSignal;
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
  /** What policies may go by: `special` callers are exempt from most of the server's. */
  readonly role?: string;
}

export interface Limits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
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

/** The durable record of calls. Appending must not wait for storage. */
export interface Ledger {
  append(record: CallRecord): void;
}

export interface CallRecord {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Until the first byte of the reply, where there was one. */
  readonly firstByteMs?: number;
  readonly callerId?: string;
  /** The caller's network address, where known. */
  readonly address?: string;
  /** As it was asked for, without its query. */
  readonly path?: string;
  readonly dialect?: string;
  readonly operation?: string;
  readonly model?: string;
  readonly streaming?: boolean;
  readonly status: number;
  readonly upstream?: string;
  readonly upstreamModel?: string;
  /** Whether bytes went through untouched or over the hub. */
  readonly way?: 'relay' | 'convert';
  readonly attempts: readonly AttemptRecord[];
  readonly usage?: Usage;
  readonly notices: readonly Notice[];
  /** The failure's kind and message, when the call did not end well. `client-gone` when the client left. */
  readonly failure?: { readonly kind: string; readonly message: string };
}

export interface AttemptRecord {
  readonly upstream: string;
  readonly model: string;
  /** Names the credential without revealing it. */
  readonly credential: string;
  readonly status: number;
  readonly durationMs: number;
  readonly failure?: string;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Fields never hold secrets or prompts. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
