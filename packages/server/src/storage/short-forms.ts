/** Parts of a call as its record has them: a call is written three times until it is at rest, so that each byte counts. */
import type { AttemptRecord, Charge } from '@proxy/core';
import type { CostLine } from '../pricing/index.ts';
import type { StoredCall } from './stored-call.ts';
import type { CallTable } from './tables.ts';

/** For literals that name every member, which JSON then leaves out where there is nothing. */
export type Undefinable<T> = { readonly [K in keyof Required<T>]: T[K] | undefined };

type Shared = Pick<CallTable, 'upstream' | 'upstreamModel' | 'status'>;

/** What it has in common with its call is left out. */
export type ShortAttempt = Omit<Undefinable<AttemptRecord>, 'credential' | 'startedAt' | 'durationMs'> &
  Pick<AttemptRecord, 'credential' | 'startedAt' | 'durationMs'>;

export function shortAttempt(attempt: AttemptRecord, { upstream, upstreamModel, status }: Shared): ShortAttempt {
  return {
    upstream: attempt.upstream === upstream ? undefined : attempt.upstream,
    model: attempt.model === upstreamModel ? undefined : attempt.model,
    credential: attempt.credential,
    status: attempt.status === status ? undefined : attempt.status,
    startedAt: attempt.startedAt,
    durationMs: attempt.durationMs,
    failure: attempt.failure,
    message: attempt.message,
    restsUntil: attempt.restsUntil,
    removed: attempt.removed,
  };
}

type Told = Partial<AttemptRecord> & Pick<AttemptRecord, 'credential' | 'startedAt' | 'durationMs'>;

export function attemptOf(short: ShortAttempt, { upstream, upstreamModel, status }: Shared): AttemptRecord {
  return { upstream: upstream ?? '', model: upstreamModel ?? '', status, ...(short as Told) }; // undefined is not in JSON
}

export type ShortCharge = readonly [
  budget: string,
  of: Charge['of'],
  amount: number,
  endsAt: number,
  holder: string | null,
  rollingMs?: number | null,
  estimated?: boolean | null,
];

export function shortCharge({ budget, of, amount, endsAt, holder, rollingMs, estimated }: Charge): ShortCharge {
  const short = [budget, of, amount, endsAt, holder ?? null] as const;
  return rollingMs === undefined && estimated === undefined ? short : [...short, rollingMs ?? null, estimated ?? null];
}

export function chargeOf(short: ShortCharge | Charge): Charge {
  if (!isTuple(short)) return short;
  const [budget, of, amount, endsAt, holder, rollingMs = null, estimated = null] = short;
  return {
    ...{ budget, of, amount, endsAt },
    ...(rollingMs !== null && { rollingMs }),
    ...(holder !== null && { holder }),
    ...(estimated !== null && { estimated }),
  };
}

export interface ShortCost extends Omit<NonNullable<StoredCall['cost']>, 'lines'> {
  readonly lines: readonly (ShortLine | CostLine)[];
}

type ShortLine = readonly [kind: CostLine['kind'], quantity: number, price: number, usd: number, factor?: number];

export function shortCost(cost: StoredCall['cost']): ShortCost | StoredCall['cost'] {
  return cost?.lines ? { ...cost, lines: cost.lines.map(shortLine) } : cost;
}

function shortLine({ kind, quantity, price, usd, factor }: CostLine): ShortLine {
  return factor === undefined ? [kind, quantity, price, usd] : [kind, quantity, price, usd, factor];
}

export function costOf({
  lines,
  ...cost
}: ShortCost | NonNullable<StoredCall['cost']>): NonNullable<StoredCall['cost']> {
  return { ...cost, ...(lines && { lines: lines.map(lineOf) }) };
}

function lineOf(short: ShortLine | CostLine): CostLine {
  if (!isTuple(short)) return short;
  const [kind, quantity, price, usd, factor] = short;
  return { kind, quantity, price, ...(factor !== undefined && { factor }), usd };
}

function isTuple<Tuple extends readonly unknown[]>(value: Tuple | object): value is Tuple {
  return Array.isArray(value);
}
