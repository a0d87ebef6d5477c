import type { JsonObject } from '../json.ts';

/** One row per kind of failure: the HTTP status when none is known better, and whether another credential may do better. */
export const failureKinds = {
  'bad-request': { status: 400, retryElsewhere: false },
  'context-too-long': { status: 400, retryElsewhere: false },
  'content-filtered': { status: 400, retryElsewhere: false },
  unauthenticated: { status: 401, retryElsewhere: true },
  billing: { status: 402, retryElsewhere: true },
  forbidden: { status: 403, retryElsewhere: true },
  'not-found': { status: 404, retryElsewhere: false },
  'method-not-allowed': { status: 405, retryElsewhere: false },
  conflict: { status: 409, retryElsewhere: false },
  'too-large': { status: 413, retryElsewhere: false },
  'unsupported-media': { status: 415, retryElsewhere: false },
  unprocessable: { status: 422, retryElsewhere: false },
  'rate-limited': { status: 429, retryElsewhere: true },
  'client-gone': { status: 499, retryElsewhere: false },
  server: { status: 500, retryElsewhere: true },
  'bad-upstream': { status: 502, retryElsewhere: true },
  overloaded: { status: 503, retryElsewhere: true },
  timeout: { status: 504, retryElsewhere: true },
} as const satisfies Record<string, { status: number; retryElsewhere: boolean }>;

export type FailureKind = keyof typeof failureKinds;

export interface FailureDetails {
  /** The status to answer with, when it is known better than the kind's own (a vendor's 418 stays a 418). */
  readonly status?: number;
  /** It is an upstream's own word. Absent: ours, also where an upstream did not answer, or not to the end. */
  readonly told?: true;
  /** The field of the caller's request that is at fault. */
  readonly field?: string;
  /** The vendor's own machine-readable code, for callers of the same dialect. */
  readonly code?: string;
  readonly retryAfterSeconds?: number;
  /** The vendor's own word on whether trying again is worth it (x-should-retry). */
  readonly shouldRetry?: boolean;
  /** context-too-long: what was sent and what is allowed, when the vendor told. */
  readonly tokens?: { readonly used?: number; readonly maximum?: number };
  /** Anthropic's `error.details`, which its own helpers read (message threads). */
  readonly details?: JsonObject;
  readonly requestId?: string;
  /** Of a limit of ours that is reached: how much of it, for headers and for programs. */
  readonly quota?: QuotaFigures;
  /** HTML to answer with instead, to somebody who came with a browser. */
  readonly page?: string;
  /** False when the fault lies with one credential only or with the transport; keys rest by it. */
  readonly cause?: unknown;
}

/** How a limit stood when it had no room. */
export interface QuotaFigures {
  readonly of: 'usd' | 'tokens' | 'requests' | 'images';
  readonly quota: number;
  readonly used: number;
  /** Set aside for calls that run. */
  readonly reserved: number;
  readonly requested: number;
  readonly remaining: number;
  /** Milliseconds since 1970. */
  readonly resetsAt?: number;
}

/** Anything that ends a call other than a reply: ours or an upstream's, told to the caller in the caller's dialect. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly details: FailureDetails;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.details = details;
  }

  get status(): number {
    return this.details.status ?? failureKinds[this.kind].status;
  }
}

/** The kind an HTTP status stands for when the body says nothing better. */
export function kindOfStatus(status: number): FailureKind {
  const byStatus: Readonly<Record<number, FailureKind>> = {
    401: 'unauthenticated',
    402: 'billing',
    403: 'forbidden',
    404: 'not-found',
    405: 'method-not-allowed',
    408: 'timeout',
    409: 'conflict',
    413: 'too-large',
    415: 'unsupported-media',
    422: 'unprocessable',
    429: 'rate-limited',
    499: 'client-gone',
    502: 'bad-upstream',
    503: 'overloaded',
    504: 'timeout',
    529: 'overloaded',
  };
  return byStatus[status] ?? (status >= 500 ? 'server' : 'bad-request');
}
