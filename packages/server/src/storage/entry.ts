import type { Charge } from '@proxy/core';
import { chargesOf, rowOf } from './call-row.ts';
import type { StoredCall } from './stored-call.ts';
import type { CallTable } from './tables.ts';

/** A call on its way into the database. */
export interface Entry {
  readonly row: CallTable;
  /** What it took of budgets. */
  readonly charges: readonly Charge[];
}

/** `onCut` hears of a record that was too long. */
export function entryOf(call: StoredCall, onCut?: () => void): Entry {
  return { row: rowOf(call, onCut), charges: call.charges ?? noCharges };
}

const noCharges: readonly Charge[] = [];

/** In the order of the journal's texts, and of `cellsOf`. */
export const columns = [
  'requestId',
  'startedAt',
  'durationMs',
  'status',
  'callerId',
  'userId',
  'operation',
  'model',
  'upstream',
  'upstreamModel',
  'inputTokens',
  'outputTokens',
  'costNanos',
  'failure',
] as const satisfies readonly (keyof CallTable)[];

/** Everything but the record. One by one, since looking members up by names that change is dear, and done for every call. */
export function cellsOf(row: CallTable): readonly (string | number | null)[] {
  return [
    row.requestId,
    row.startedAt,
    row.durationMs,
    row.status,
    row.callerId,
    row.userId,
    row.operation,
    row.model,
    row.upstream,
    row.upstreamModel,
    row.inputTokens,
    row.outputTokens,
    row.costNanos,
    row.failure,
  ];
}

/** As it stands in the journal: what has a column in a line, then the record, which is not put into a text again. */
export function entryText(row: CallTable): string {
  return `${JSON.stringify(cellsOf(row))}\n${row.record}`;
}

/** The entry of a text; earlier versions wrote the whole call. */
export function entryIn(text: string): Entry {
  // Their checksum says that we wrote them.
  if (!text.startsWith('[')) return entryOf(JSON.parse(text) as StoredCall);
  const end = text.indexOf('\n');
  const values = JSON.parse(text.slice(0, end)) as readonly unknown[];
  const named = Object.fromEntries(columns.map((name, at) => [name, values[at]]));
  const row = { ...named, record: text.slice(end + 1) } as CallTable;
  return { row, charges: chargesOf(row) };
}
