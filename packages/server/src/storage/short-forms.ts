/** Parts of a call as its record has them: a call is written three times until it is at rest, so that each byte counts. */
import type { AttemptRecord, Charge, Usage } from '@proxy/core';
import type { Mutable } from '../mutable.ts';
import type { CostLine } from '../pricing/index.ts';
import type { StoredCall } from './stored-call.ts';
import type { CallTable } from './tables.ts';

type Shared = Pick<CallTable, 'upstream' | 'upstreamModel' | 'status' | 'startedAt'>;

/** What it has in common with its call is left out. */
export type ShortAttempt = Partial<AttemptRecord> &
  Pick<AttemptRecord, 'credential' | 'durationMs'> & {
    /** Milliseconds after its call began; absent: `startedAt` says it, as in earlier versions. */
    readonly after?: number;
  };

export function shortAttempt(attempt: AttemptRecord, call: Shared): ShortAttempt {
  const { upstream, model, credential, status, startedAt, durationMs, failure, message, restsUntil, removed } = attempt;
  const short: Mutable<ShortAttempt> = { credential, after: startedAt - call.startedAt, durationMs };
  if (upstream !== call.upstream) short.upstream = upstream;
  if (model !== call.upstreamModel) short.model = model;
  if (status !== call.status) short.status = status;
  if (failure !== undefined) short.failure = failure;
  if (message !== undefined) short.message = message;
  if (restsUntil !== undefined) short.restsUntil = restsUntil;
  if (removed) short.removed = removed;
  return short;
}

export function attemptOf({ after = 0, ...told }: ShortAttempt, call: Shared): AttemptRecord {
  const { upstream, upstreamModel, status, startedAt } = call;
  return { upstream: upstream ?? '', model: upstreamModel ?? '', status, startedAt: startedAt + after, ...told };
}

/** Without a holder: it is that of the call's charges. */
export type ShortCharge = readonly [
  budget: string,
  of: Charge['of'],
  amount: number,
  endsAt: number,
  holder?: string | null,
  rollingMs?: number | null,
  estimated?: boolean | null,
];

export function shortCharge(charge: Charge, holderOfAll: string | undefined): ShortCharge {
  const { budget, of, amount, endsAt, holder, rollingMs, estimated } = charge;
  if (rollingMs !== undefined || estimated !== undefined)
    return [budget, of, amount, endsAt, holder ?? null, rollingMs ?? null, estimated ?? null];
  return holder === holderOfAll ? [budget, of, amount, endsAt] : [budget, of, amount, endsAt, holder ?? null];
}

export function chargeOf(short: ShortCharge | Charge, holderOfAll: string | undefined): Charge {
  if (!isTuple(short)) return short;
  const [budget, of, amount, endsAt, holder = holderOfAll ?? null, rollingMs = null, estimated = null] = short;
  return {
    ...{ budget, of, amount, endsAt },
    ...(rollingMs !== null && { rollingMs }),
    ...(holder !== null && { holder }),
    ...(estimated !== null && { estimated }),
  };
}

/** In the order of `usageMembers`, as far as anything was reported. */
export type ShortUsage = readonly (number | null | undefined)[];

const usageMembers = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'reasoningTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'audioInputTokens',
  'audioOutputTokens',
  'imageInputTokens',
  'imageOutputTokens',
  'toolUseInputTokens',
  'webSearches',
  'images',
  'audioSeconds',
] as const satisfies readonly (keyof Usage)[];

/** One by one: looking members up by names that change is dear. */
export function shortUsage(usage: Usage): ShortUsage {
  const all = [
    usage.inputTokens,
    usage.outputTokens,
    usage.cacheReadTokens,
    usage.reasoningTokens,
    usage.cacheWriteTokens,
    usage.cacheWrite1hTokens,
    usage.audioInputTokens,
    usage.audioOutputTokens,
    usage.imageInputTokens,
    usage.imageOutputTokens,
    usage.toolUseInputTokens,
    usage.webSearches,
    usage.images,
    usage.audioSeconds,
  ];
  while (all.length > 0 && all[all.length - 1] === undefined) all.pop();
  return all;
}

export function usageOf(short: ShortUsage | Usage): Usage {
  if (!isTuple(short)) return short;
  const usage: Mutable<Usage> = {};
  for (const [at, member] of usageMembers.entries()) {
    const told = short[at];
    if (typeof told === 'number') usage[member] = told;
  }
  return usage;
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
