import { LRUCache } from 'lru-cache';
import type { Failure, FailureKind } from '../conversation/failure.ts';
import type { Ports } from '../ports.ts';
import { pairKey } from './pair-key.ts';

/** When a credential is given a rest, and for how long. */
export interface BreakerRules {
  /** So many failures of a place (5xx, timeouts, dead connections) bring a rest; absent: 1. */
  readonly failures?: number;
  /** Among so many of the latest replies; absent: as many as `failures`. */
  readonly of?: number;
  /** That rest; absent: 30 seconds for a lone failure, 5 minutes, 10 after more than three in a row. */
  readonly restMs?: number;
  /** Nothing ever rests: every call tries every credential anew. */
  readonly never?: boolean;
}

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

/**
 * A circuit breaker for each credential, and for each with a model: closed while all is well, open while it rests, half-open
 * after that, when a single call finds out whether it is well again.
 */
export interface Cooldown {
  /** Nothing rests, nor is anything being found out. */
  readonly quiet: boolean;
  /**
   * A failure that says nothing about the credential or its place (a bad request, filtered content) rests nothing.
   * Returns when it is free again, in milliseconds since 1970; undefined when it does not rest.
   * `startedAtMs`: when the call began; absent: now.
   */
  rest(
    credentialId: string,
    model: string,
    failure: Failure,
    rules?: BreakerRules,
    startedAtMs?: number,
  ): number | undefined;
  /** Ends a rest, unless the call began before it: it says nothing of what has come since. */
  succeeded(credentialId: string, model: string, startedAtMs?: number): void;
  available(credentialId: string, model: string): boolean;
  /** When it is free again, in milliseconds since 1970; 0 when it does not rest. */
  freeAtMs(credentialId: string, model: string): number;
  /** A call finds out at this moment whether it is well again: others had better go elsewhere. */
  probed(credentialId: string, model: string): boolean;
  /** A call begins. Where a rest is over, it is the one that finds out. */
  begin(credentialId: string, model: string): void;
  /** A call ended that says nothing of the credential: the next one may find out. */
  release(credentialId: string, model: string): void;
  /** The one that is free first: what to try when all rest. Among equals the first listed. */
  soonest<C extends { readonly id: string }>(
    candidates: readonly C[],
    modelAt: (candidate: C) => string,
  ): C | undefined;
  /** What rests now. */
  list(): readonly Rest[];
  /** Forgets the rests of a credential, with all models; without an id, everything. */
  reset(credentialId?: string): void;
}

export interface Rest {
  readonly credential: string;
  /** Absent: it rests for every model. */
  readonly model?: string;
  readonly untilMs: number;
  readonly reason: FailureKind;
  readonly failures: number;
}

/** A vendor that names a time beyond this means a quota that people should hear about, not a rest. */
const maxRetryAfterMs = 24 * 60 * 60_000;
/** `retry-after: 0` while refusing would have us knock without a pause. */
const minRetryAfterMs = 1000;
const longAfterFailures = 3;
/** A call that finds out and never ends (its process slept) holds others off no longer than this. */
const maxProbeMs = 10 * 60_000;

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

interface Circuit {
  readonly credential: string;
  readonly model?: string;
  /** In a row. */
  failures: number;
  freeAtMs: number;
  /** When its rest began; 0 when it never rested. */
  restsSinceMs: number;
  reason: FailureKind;
  /** The latest replies, oldest first: whether each failed. */
  recent: readonly boolean[];
  /** So many of them are kept. */
  readonly among: number;
  /** When the call began that finds out; undefined when there is none. */
  probedAtMs?: number | undefined;
}

export function createCooldown(options: CooldownOptions): Cooldown {
  const { clock, restMs = 5 * 60_000, longRestMs = 10 * 60_000, shortRestMs = 30_000, maxEntries = 10_000 } = options;
  const circuits = new LRUCache<string, Circuit>({ max: maxEntries });

  /** A lone 5xx or dead connection is mostly a hiccup: five minutes would waste a good key. */
  function durationMs(transient: boolean, failures: number): number {
    if (failures > longAfterFailures) return longRestMs;
    return transient && failures === 1 ? shortRestMs : restMs;
  }

  function* both(credentialId: string, model: string): Generator<[string, Circuit]> {
    for (const key of [credentialId, pairKey(credentialId, model)]) {
      const circuit = circuits.get(key);
      if (circuit) yield [key, circuit];
    }
  }

  function freeAtMs(credentialId: string, model: string): number {
    if (circuits.size === 0) return 0;
    let freeAt = 0;
    for (const [, circuit] of both(credentialId, model)) freeAt = Math.max(freeAt, circuit.freeAtMs);
    return freeAt;
  }

  function release(credentialId: string, model: string): void {
    if (circuits.size === 0) return;
    for (const [, circuit] of both(credentialId, model)) circuit.probedAtMs = undefined;
  }

  return {
    get quiet() {
      return circuits.size === 0;
    },
    freeAtMs,
    release,
    rest(credentialId, model, failure, rules = {}, startedAtMs = clock.now()) {
      const { failures: wanted = 1, of: among = wanted, restMs: own, never } = rules;
      const row = rests[failure.kind];
      if (!row || never) {
        release(credentialId, model);
        return undefined;
      }
      const key = row.whole ? credentialId : pairKey(credentialId, model);
      const known = circuits.get(key);
      const now = clock.now();
      const halfOpen = known !== undefined && known.freeAtMs > 0 && known.freeAtMs <= now;
      // Of calls that ran side by side when the place went down each fails; it went down once.
      const late = known !== undefined && known.freeAtMs > now && startedAtMs < known.restsSinceMs;
      const circuit: Circuit = {
        credential: credentialId,
        ...(!row.whole && { model }),
        failures: (known?.failures ?? 0) + (late ? 0 : 1),
        freeAtMs: known?.freeAtMs ?? 0,
        restsSinceMs: known?.restsSinceMs ?? 0,
        reason: failure.kind,
        recent: [...(known?.recent ?? []), true].slice(-among),
        among,
      };
      circuits.set(key, circuit);
      // RFC 9110 §10.2.3: the place itself knows best, for 429 as for 503. On a refused key it means nothing.
      const told = row.whole ? undefined : failure.details.retryAfterSeconds;
      const enough = !row.transient || halfOpen || circuit.recent.filter(Boolean).length >= wanted;
      if (told === undefined && !enough) return undefined;
      const duration =
        told === undefined
          ? ((row.transient ? own : undefined) ?? durationMs(row.transient, circuit.failures))
          : Math.min(Math.max(told * 1000, minRetryAfterMs), maxRetryAfterMs);
      // What is told late may make a rest longer: a shorter one is not the word of whoever asked for a longer.
      circuit.freeAtMs = late ? Math.max(circuit.freeAtMs, now + duration) : now + duration;
      if (!late) circuit.restsSinceMs = now;
      return circuit.freeAtMs;
    },
    succeeded(credentialId, model, startedAtMs = clock.now()) {
      if (circuits.size === 0) return;
      for (const [key, circuit] of both(credentialId, model)) {
        if (startedAtMs < circuit.restsSinceMs) continue;
        circuit.failures = 0;
        circuit.recent = [...circuit.recent, false].slice(-circuit.among);
        // One that never opened remembers its failures until newer replies have pushed them out.
        if (circuit.freeAtMs > 0 || !circuit.recent.includes(true)) circuits.delete(key);
      }
    },
    available: (credentialId, model) => circuits.size === 0 || freeAtMs(credentialId, model) <= clock.now(),
    probed(credentialId, model) {
      if (circuits.size === 0) return false;
      for (const [, { probedAtMs }] of both(credentialId, model))
        if (probedAtMs !== undefined && probedAtMs > clock.now() - maxProbeMs) return true;
      return false;
    },
    begin(credentialId, model) {
      if (circuits.size === 0) return;
      for (const [, circuit] of both(credentialId, model)) if (circuit.freeAtMs > 0) circuit.probedAtMs = clock.now();
    },
    soonest(candidates, modelAt) {
      let best: (typeof candidates)[number] | undefined;
      let bestAt = Infinity;
      for (const candidate of candidates) {
        const at = freeAtMs(candidate.id, modelAt(candidate));
        if (at >= bestAt) continue;
        best = candidate;
        bestAt = at;
      }
      return best;
    },
    list: () =>
      [...circuits.values()]
        .filter(({ freeAtMs: untilMs }) => untilMs > clock.now())
        .map(({ credential, model, freeAtMs: untilMs, reason, failures }) => ({
          credential,
          ...(model !== undefined && { model }),
          untilMs,
          reason,
          failures,
        })),
    reset(credentialId) {
      if (credentialId === undefined) circuits.clear();
      else
        for (const [key, { credential }] of circuits.entries()) if (credential === credentialId) circuits.delete(key);
    },
  };
}
