import { LRUCache } from 'lru-cache';
import type { Credential } from '../auth/authorize.ts';
import type { Failure, FailureKind } from '../conversation/failure.ts';
import type { Ports } from '../ports.ts';

export interface CooldownOptions extends Pick<Ports, 'clock'> {
  /** Rest after a failure; absent: 5 minutes. */
  readonly restMs?: number;
  /** Rest after more than three failures in a row; absent: 10 minutes. */
  readonly longRestMs?: number;
  /** Rest after the first 5xx or network failure in a row; absent: 30 seconds. */
  readonly shortRestMs?: number;
  /** How many rests are remembered, the latest used ones; absent: 10 000. */
  readonly maxEntries?: number;
}

/** Lets a credential that failed rest, so that the next calls go to another one first. */
export interface Cooldown {
  /** A failure that says nothing about the credential or its place (a bad request, filtered content) rests nothing. */
  rest(credentialId: string, model: string, failure: Failure): void;
  succeeded(credentialId: string, model: string): void;
  available(credentialId: string, model: string): boolean;
  /** When it is free again, in milliseconds since 1970; 0 when it does not rest. */
  freeAtMs(credentialId: string, model: string): number;
  /** The one that is free first: what to try when all rest. Among equals the first listed. */
  soonest(credentials: readonly Credential[], modelAt: (credential: Credential) => string): Credential | undefined;
}

/** A vendor that names a time beyond this means a quota that people should hear about, not a rest. */
const maxRetryAfterMs = 24 * 60 * 60_000;
/** `retry-after: 0` while refusing would have us knock without a pause. */
const minRetryAfterMs = 1000;
const longAfterFailures = 3;

/** A wrong, unpaid or barred key is so for every model; a spent rate or a broken place often for one model alone. */
const rests: Partial<Record<FailureKind, { readonly whole: boolean; readonly transient: boolean }>> = {
  unauthenticated: { whole: true, transient: false },
  billing: { whole: true, transient: false },
  forbidden: { whole: true, transient: false },
  'rate-limited': { whole: false, transient: false },
  server: { whole: false, transient: true },
  'bad-upstream': { whole: false, transient: true },
  overloaded: { whole: false, transient: true },
  timeout: { whole: false, transient: true },
};

interface Rest {
  readonly failures: number;
  readonly freeAtMs: number;
}

export function createCooldown(options: CooldownOptions): Cooldown {
  const { clock, restMs = 5 * 60_000, longRestMs = 10 * 60_000, shortRestMs = 30_000, maxEntries = 10_000 } = options;
  const resting = new LRUCache<string, Rest>({ max: maxEntries });

  /** A lone 5xx or dead connection is mostly a hiccup: five minutes would waste a good key. */
  function durationMs(transient: boolean, failures: number): number {
    if (failures > longAfterFailures) return longRestMs;
    return transient && failures === 1 ? shortRestMs : restMs;
  }

  function freeAtMs(credentialId: string, model: string): number {
    if (resting.size === 0) return 0;
    const whole = resting.get(credentialId)?.freeAtMs ?? 0;
    const pair = resting.get(pairKey(credentialId, model))?.freeAtMs ?? 0;
    return Math.max(whole, pair);
  }

  return {
    freeAtMs,
    rest(credentialId, model, failure) {
      const row = rests[failure.kind];
      if (!row) return;
      const key = row.whole ? credentialId : pairKey(credentialId, model);
      const failures = (resting.get(key)?.failures ?? 0) + 1;
      // RFC 9110 §10.2.3: the place itself knows best, for 429 as for 503. On a refused key it means nothing.
      const told = row.whole ? undefined : failure.details.retryAfterSeconds;
      const duration =
        told === undefined
          ? durationMs(row.transient, failures)
          : Math.min(Math.max(told * 1000, minRetryAfterMs), maxRetryAfterMs);
      resting.set(key, { failures, freeAtMs: clock.now() + duration });
    },
    succeeded(credentialId, model) {
      if (resting.size === 0) return;
      resting.delete(credentialId);
      resting.delete(pairKey(credentialId, model));
    },
    available: (credentialId, model) => resting.size === 0 || freeAtMs(credentialId, model) <= clock.now(),
    soonest(credentials, modelAt) {
      let best: Credential | undefined;
      let bestAt = Infinity;
      for (const credential of credentials) {
        const at = freeAtMs(credential.id, modelAt(credential));
        if (at >= bestAt) continue;
        best = credential;
        bestAt = at;
      }
      return best;
    },
  };
}

function pairKey(credentialId: string, model: string): string {
  return `${credentialId}\u0000${model}`;
}
