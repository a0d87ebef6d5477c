import type { Entry } from './entry.ts';
import { insertCalls } from './insert-calls.ts';
import { addTotals } from './totals.ts';
import type { Database } from './tables.ts';

/** Books of others that must agree with the calls on record: budgets' spending. */
export interface Bookkeeping {
  /** Part of the transaction that puts these calls on record; each comes once, whatever crashes. */
  apply(tx: Database, entries: readonly Entry[]): Promise<void>;
}

/** Puts calls on record that are not yet, and into every book with them. Returns those that were new. */
export async function bookCalls<One extends Entry>(
  tx: Database,
  entries: readonly One[],
  books: readonly Bookkeeping[],
): Promise<readonly One[]> {
  const fresh = await insertCalls(
    tx,
    entries.map(({ row }) => row),
  );
  // Within one batch the first of two alike has been taken.
  const added = entries.filter(({ row }) => fresh.delete(row.requestId));
  if (added.length === 0) return added;
  await addTotals(tx, added);
  for (const book of books) await book.apply(tx, added);
  return added;
}
