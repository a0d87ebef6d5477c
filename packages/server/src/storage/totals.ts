import type { Mutable } from '../mutable.ts';
import type { Entry } from './entry.ts';
import { preparedQuery } from './prepared.ts';
import { nanosOf } from './storable.ts';
import type { Database, TotalTable } from './tables.ts';

/** What a caller has used of a model since ever. */
export interface Total {
  readonly callerId: string;
  readonly model: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  readonly lastAt: number;
}

export interface Totals {
  list(of?: { readonly callerIds?: readonly string[] }): Promise<readonly Total[]>;
  /** Counts from elsewhere, on top of what is here: an imported user's. */
  add(total: Total): Promise<void>;
}

export function totalsIn(db: Database): Totals {
  return {
    async list({ callerIds } = {}) {
      const rows = await db
        .selectFrom('totals')
        .selectAll()
        .$if(callerIds !== undefined, (query) => query.where('callerId', 'in', [...(callerIds ?? []), '']))
        .orderBy('callerId')
        .orderBy('model')
        .execute();
      return rows.map(({ costNanos, ...row }) => ({ ...row, costUsd: costNanos / 1e9 }));
    },
    async add({ costUsd, ...total }) {
      await upsert(db, [{ ...total, costNanos: nanosOf(costUsd) }]);
    },
  };
}

/** Adds calls that have just been put on record. */
export async function addTotals(tx: Database, entries: readonly Entry[]): Promise<void> {
  const sums = new Map<string, Mutable<TotalTable>>();
  const sumOf = (callerId: string, model: string): Mutable<TotalTable> => {
    const key = `${callerId}\n${model}`;
    let sum = sums.get(key);
    if (!sum)
      sums.set(key, (sum = { callerId, model, calls: 0, inputTokens: 0, outputTokens: 0, costNanos: 0, lastAt: 0 }));
    return sum;
  };
  let sum: Mutable<TotalTable> | undefined;
  for (const { row } of entries) {
    const { callerId, model, inputTokens, outputTokens, startedAt, costNanos } = row;
    if (callerId === null) continue;
    // Calls that are alike often come one behind the other.
    if (sum?.callerId !== callerId || sum.model !== (model ?? '')) sum = sumOf(callerId, model ?? '');
    sum.calls += 1;
    sum.inputTokens += inputTokens;
    sum.outputTokens += outputTokens;
    sum.costNanos += costNanos ?? 0;
    sum.lastAt = Math.max(sum.lastAt, startedAt);
  }
  // In one order in every process, so that two never wait for each other.
  const rows = [...sums.keys()].sort().map((key) => sums.get(key) as TotalTable); // its own keys
  if (rows.length > 0) await upsert(tx, rows);
}

/** Each in as few statements as there are sizes: their texts are few, and prepared. */
async function upsert(db: Database, rows: readonly TotalTable[]): Promise<void> {
  let at = 0;
  for (const { size, run } of upserts)
    for (; at + size <= rows.length; at += size) await run(db, rows.slice(at, at + size));
}

const upserts = [64, 8, 1].map((size) => ({
  size,
  run: preparedQuery<readonly TotalTable[]>((db, value) => {
    const members = ['callerId', 'model', 'calls', 'inputTokens', 'outputTokens', 'costNanos', 'lastAt'] as const;
    const rowAt = (at: number) =>
      Object.fromEntries(
        members.map((member) => [member, value((rows) => rows[at]?.[member])]),
      ) as unknown as TotalTable;
    return db
      .insertInto('totals')
      .values(Array.from({ length: size }, (_, at) => rowAt(at)))
      .onConflict((conflict) =>
        conflict.columns(['callerId', 'model']).doUpdateSet((row) => ({
          calls: row('totals.calls', '+', row.ref('excluded.calls')),
          inputTokens: row('totals.inputTokens', '+', row.ref('excluded.inputTokens')),
          outputTokens: row('totals.outputTokens', '+', row.ref('excluded.outputTokens')),
          costNanos: row('totals.costNanos', '+', row.ref('excluded.costNanos')),
          lastAt: row.ref('excluded.lastAt'),
        })),
      );
  }),
}));
