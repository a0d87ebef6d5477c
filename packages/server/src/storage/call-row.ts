import { totalInputTokens, type CallRecord, type Charge } from '@proxy/core';
import type { Mutable } from '../mutable.ts';
import {
  attemptOf,
  chargeOf,
  costOf,
  shortAttempt,
  shortCharge,
  shortCost,
  shortUsage,
  usageOf,
  type ShortAttempt,
  type ShortCharge,
  type ShortCost,
  type ShortUsage,
} from './short-forms.ts';
import { callNanos, callTokens, plain, storableJson } from './storable.ts';
import type { StoredCall } from './stored-call.ts';
import type { CallTable } from './tables.ts';

/** A caller may write megabytes for a model. Beyond this, texts and lists of a record are cut, so that it fits into a frame of the journal. */
const maxRecordUnits = 1024 * 1024;
const maxTextUnits = 1000;
const maxItems = 100;

/** A call as its row: what has no column of its own is in `record`. `onCut` hears of a record that was too long. */
export function rowOf(call: StoredCall, onCut?: () => void): CallTable {
  const { usage, cost, failure } = call;
  const row: Mutable<CallTable> = {
    requestId: call.requestId,
    startedAt: call.startedAt,
    durationMs: call.durationMs,
    status: call.status,
    callerId: call.callerId ?? null,
    userId: call.userId ?? null,
    operation: call.operation ?? null,
    model: plain(call.model),
    upstream: call.upstream ?? null,
    upstreamModel: plain(call.upstreamModel),
    inputTokens: usage ? callTokens(totalInputTokens(usage)) : 0,
    outputTokens: callTokens(usage?.outputTokens ?? 0),
    costNanos: cost ? callNanos(cost.usd) : null,
    failure: failure?.kind ?? null,
    record: '',
  };
  const rest = restOf(call, row);
  let record = JSON.stringify(rest);
  if (record.length > maxRecordUnits) {
    onCut?.();
    record = JSON.stringify(rest, cut);
  }
  row.record = storableJson(record);
  return row;
}

/** The call of a row, of earlier versions as well, whose records were whole. */
export function callOf({ record, ...columns }: CallTable): StoredCall {
  const { attempts = [], charges, holder, usage, cost, ...rest } = JSON.parse(record) as Partial<Rest>; // written by this program
  const { requestId, startedAt, durationMs, status, callerId, userId, operation, model, upstream, upstreamModel } =
    columns;
  return {
    ...{ requestId, startedAt, durationMs, status, notices: [] },
    ...(callerId !== null && { callerId }),
    ...(userId !== null && { userId }),
    ...(operation !== null && { operation }),
    ...(model !== null && { model }),
    ...(upstream !== null && { upstream }),
    ...(upstreamModel !== null && { upstreamModel }),
    ...rest,
    attempts: attempts.map((attempt) => attemptOf(attempt, columns)),
    ...(usage && { usage: usageOf(usage) }),
    ...(charges && { charges: charges.map((charge) => chargeOf(charge, holder)) }),
    ...(cost && { cost: costOf(cost) }),
  };
}

/** What a call took of budgets, from its row. */
export function chargesOf({ record }: Pick<CallTable, 'record'>): readonly Charge[] {
  const { charges = [], holder } = JSON.parse(record) as Partial<Rest>;
  return charges.map((charge) => chargeOf(charge, holder));
}

/** Every member of a call that no column has in full. Written for each call, so that its lists are short. */
type Rest = Partial<Omit<StoredCall, NamesOfColumns | 'attempts' | 'usage' | 'charges' | 'cost'>> & {
  readonly attempts: readonly ShortAttempt[];
  readonly usage?: ShortUsage | CallRecord['usage'];
  /** Of the charges that name none. */
  readonly holder?: string | undefined;
  readonly charges?: readonly (ShortCharge | Charge)[] | undefined;
  readonly cost?: ShortCost | StoredCall['cost'];
};

type NamesOfColumns = 'requestId' | 'startedAt' | 'durationMs' | 'status' | 'callerId' | 'userId' | 'operation' | 'upstream'; // prettier-ignore

function restOf(call: StoredCall, columns: CallTable): Rest {
  const { door, model, upstreamModel, notices, why, usage, charges, failure, promptHash } = call;
  const holder = charges?.[0]?.holder;
  const rest: Mutable<Rest> = {
    path: call.path,
    dialect: call.dialect,
    attempts: call.attempts.map((attempt) => shortAttempt(attempt, columns)),
    firstByteMs: call.firstByteMs,
    address: call.address,
    streaming: call.streaming,
    provider: call.provider,
    way: call.way,
    usage: usage && shortUsage(usage),
    holder,
    charges: charges?.map((charge) => shortCharge(charge, holder)),
    cost: shortCost(call.cost),
  };
  // What few calls have: JSON.stringify takes its time for members that are undefined as well.
  if (door !== undefined) rest.door = door;
  // Names that had to be cut for their columns.
  if (model !== undefined && model !== columns.model) rest.model = model;
  if (upstreamModel !== undefined && upstreamModel !== columns.upstreamModel) rest.upstreamModel = upstreamModel;
  if (notices.length > 0) rest.notices = notices;
  if (why) rest.why = why;
  if (failure) rest.failure = failure;
  if (promptHash !== undefined) rest.promptHash = promptHash;
  return rest;
}

/** Of a list the end stays: the last attempt is the one that served. */
function cut(_name: string, value: unknown): unknown {
  if (typeof value === 'string' && value.length > maxTextUnits) return `${value.slice(0, maxTextUnits)}…`;
  return Array.isArray(value) ? value.slice(-maxItems) : value;
}
