import { totalInputTokens, type CallRecord } from '@proxy/core';
import type { Cost } from '../pricing/index.ts';
import { storableJson, withoutZeros } from './storable.ts';
import type { CallTable } from './tables.ts';

/** A call as it is kept: the gateway's record, and what the server adds to it. */
export interface StoredCall extends CallRecord {
  /** Whose access key it was. */
  readonly userId?: string;
  /** SHA-256 of what was asked, where such hashes are kept. */
  readonly promptHash?: string;
  /** Absent: no price is known. */
  readonly cost?: Pick<Cost, 'usd'> & Partial<Cost>;
}

/** `json`: the record as it has been written already. */
export function callRow(call: StoredCall, json: string): CallTable {
  const { usage = {}, cost, failure } = call;
  return {
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
    inputTokens: whole(totalInputTokens(usage)),
    outputTokens: whole(usage.outputTokens ?? 0),
    costNanos: cost ? nanosOf(cost.usd) : null,
    failure: failure?.kind ?? null,
    record: storableJson(json),
  };
}

export function nanosOf(usd: number): number {
  return whole(usd * 1e9);
}

/** What upstreams report may be anything: one number that the database refuses would hold up the whole journal. */
export function whole(value: number): number {
  return value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
}

/** A caller chose the name, and PostgreSQL's indexes take no long ones. */
export function plain(text: string | undefined): string | null {
  return text === undefined ? null : withoutZeros(text.slice(0, maxNameUnits)).toWellFormed();
}

const maxNameUnits = 300;
