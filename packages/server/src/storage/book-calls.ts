import { insertCalls } from './insert-calls.ts';
import { addTotals } from './totals.ts';
import { callRow, type StoredCall } from './stored-call.ts';
import type { Database } from './tables.ts';

/** A call on its way into the database, with its text as it stands in the journal. */
export interface Entry {
  readonly call: StoredCall;
  readonly json: string;
}

/** Books of others that must agree with the calls on record: budgets' spending. */
export interface Bookkeeping {
  /** Part of the transaction that puts these calls on record; each call comes once, whatever crashes. */
  apply(tx: Database, calls: readonly StoredCall[]): Promise<void>;
}

/** Puts calls on record that are not yet, and into every book with them. Returns those that were new. */
export async function bookCalls(
  tx: Database,
  entries: readonly Entry[],
  books: readonly Bookkeeping[],
): Promise<readonly StoredCall[]> {
  const rows = entries.map(({ call, json }) => callRow(call, json));
  const fresh = await insertCalls(tx, rows);
  // Within one batch the first of two alike has been taken.
  const added = entries.flatMap(({ call }) => (fresh.delete(call.requestId) ? [call] : []));
  if (added.length === 0) return added;
  await addTotals(tx, added);
  for (const book of books) await book.apply(tx, added);
  return added;
}
