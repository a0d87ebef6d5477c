import type { AttemptRecord, CandidateRecord, Charge, Notice, Usage } from '@proxy/core';
import { pieceKinds, type CostLine } from '../pricing/index.ts';
import type { StoredCall } from '../storage/stored-call.ts';

/** A call told from its beginning to its end: what was asked, who might have served it, what was tried, what it took. */
export interface Explanation {
  readonly requestId: string;
  readonly startedAt: string;
  readonly asked: Asked;
  readonly outcome: EndOfCall;
  readonly routing: Routing;
  readonly attempts: readonly Attempt[];
  readonly notices: readonly Notice[];
  readonly limits: readonly LimitTouched[];
  readonly usage?: Usage;
  readonly cost?: { readonly usd: number; readonly lines: readonly Sum[]; readonly unpriced: readonly string[] };
}

interface Asked {
  readonly caller?: string;
  readonly user?: string;
  readonly address?: string;
  readonly dialect?: string;
  readonly operation?: string;
  readonly path?: string;
  /** A predecessor's, where it came by one. */
  readonly door?: string;
  readonly model?: string;
  readonly streaming?: boolean;
}

interface EndOfCall {
  readonly status: number;
  readonly durationMs: number;
  readonly firstByteMs?: number;
  readonly servedBy?: string;
  readonly way?: 'relay' | 'convert';
  readonly failure?: { readonly kind: string; readonly message: string };
}

interface Routing {
  readonly route?: string;
  readonly strategy?: string;
  readonly affinity?: string;
  readonly candidates: readonly Candidate[];
}

export interface Candidate extends Omit<CandidateRecord, 'restsUntil'> {
  readonly restsUntil?: string;
  /** Which attempt it became, counted from 1; absent: none. */
  readonly attempt?: number;
}

export interface Attempt extends Omit<AttemptRecord, 'startedAt' | 'restsUntil'> {
  /** After the call began. */
  readonly afterMs: number;
  readonly restsUntil?: string;
}

export interface LimitTouched extends Omit<Charge, 'endsAt'> {
  readonly refillsAt?: string;
}

interface Sum extends CostLine {
  /** `1,200 × 3 / 1,000,000 × 0.5`. */
  readonly sum: string;
}

/** Of one record alone, so that any call can be explained that is still on record. */
export function explain(call: StoredCall): Explanation {
  const { why, cost, usage, charges = [] } = call;
  return {
    requestId: call.requestId,
    startedAt: timeOf(call.startedAt),
    asked: askedOf(call),
    outcome: endOf(call),
    routing: {
      ...(why?.route !== undefined && { route: why.route }),
      ...(why?.strategy !== undefined && { strategy: why.strategy }),
      ...(why?.affinity !== undefined && { affinity: why.affinity }),
      candidates: (why?.candidates ?? []).map((candidate) => candidateOf(candidate, call.attempts)),
    },
    attempts: call.attempts.map((attempt) => attemptOf(attempt, call.startedAt)),
    notices: call.notices,
    limits: charges.map(limitOf),
    ...(usage && { usage }),
    ...(cost && {
      cost: { usd: cost.usd, lines: (cost.lines ?? []).map(sumOf), unpriced: cost.unpriced ?? [] },
    }),
  };
}

function askedOf({ callerId, userId, address, dialect, operation, path, door, model, streaming }: StoredCall): Asked {
  return {
    ...(callerId !== undefined && { caller: callerId }),
    ...(userId !== undefined && { user: userId }),
    ...(address !== undefined && { address }),
    ...(dialect !== undefined && { dialect }),
    ...(operation !== undefined && { operation }),
    ...(path !== undefined && { path }),
    ...(door !== undefined && { door }),
    ...(model !== undefined && { model }),
    ...(streaming !== undefined && { streaming }),
  };
}

function endOf(call: StoredCall): EndOfCall {
  const { status, durationMs, firstByteMs, attempts, way, failure } = call;
  // A count of tokens has no outcome of its own, but somebody was asked.
  const last = attempts.at(-1);
  const { upstream = last?.upstream, upstreamModel = last?.model } = call;
  const place = [upstream, upstreamModel].filter((part) => part !== undefined && part !== '').join('/');
  return {
    status,
    durationMs,
    ...(firstByteMs !== undefined && { firstByteMs }),
    ...(place !== '' && { servedBy: place }),
    ...(way && { way }),
    ...(failure && { failure }),
  };
}

function candidateOf({ restsUntil, ...candidate }: CandidateRecord, attempts: readonly AttemptRecord[]): Candidate {
  const { credential, model } = candidate;
  const attempt = attempts.findIndex((one) => one.credential === credential && one.model === model) + 1;
  return {
    ...candidate,
    ...(restsUntil !== undefined && { restsUntil: timeOf(restsUntil) }),
    ...(attempt > 0 && { attempt }),
  };
}

function attemptOf({ startedAt, restsUntil, ...attempt }: AttemptRecord, callBeganAt: number): Attempt {
  return {
    ...attempt,
    afterMs: startedAt - callBeganAt,
    ...(restsUntil !== undefined && { restsUntil: timeOf(restsUntil) }),
  };
}

function limitOf({ endsAt, ...charge }: Charge): LimitTouched {
  return { ...charge, ...(endsAt > 0 && { refillsAt: timeOf(endsAt) }) };
}

/** These are priced each, tokens by the million. */
const each: readonly string[] = pieceKinds;

function sumOf(line: CostLine): Sum {
  const { kind, quantity, price, factor } = line;
  const divisor = each.includes(kind) ? '' : ' / 1,000,000';
  const times = factor === undefined ? '' : ` × ${factor}`;
  return { ...line, sum: `${quantity.toLocaleString('en-US')} × ${price}${divisor}${times}` };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
