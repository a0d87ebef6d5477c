import { totalInputTokens, type CallRecord } from '@proxy/core';
import type { Cost } from '../pricing/index.ts';
import type { CallTable } from './tables.ts';

/** A call as it is kept: the gateway's record, and what the server adds to it. */
export interface StoredCall extends CallRecord {
  /** Whose access key it was. */
  readonly userId?: string;
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
    model: call.model ?? null,
    upstream: call.upstream ?? null,
    upstreamModel: call.upstreamModel ?? null,
    inputTokens: totalInputTokens(usage),
    outputTokens: usage.outputTokens ?? 0,
    costNanos: cost ? nanosOf(cost.usd) : null,
    failure: failure?.kind ?? null,
    record: json,
  };
}

export function nanosOf(usd: number): number {
  return Math.round(usd * 1e9);
}
