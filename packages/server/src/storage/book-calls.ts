import type { Entry } from './entry.ts';
import { insertCalls, insertNewCalls } from './insert-calls.ts';
import { addTotals } from './totals.ts';
import type { CallTable, Database } from './tables.ts';

/** Books of others that must agree with the calls on record: budgets' spending. */
export interface Bookkeeping {
  /** Part of the transaction that puts these calls on record; each comes once, whatever crashes. */
  apply(tx: Database, entries: readonly Entry[]): Promise<void>;
}

/**
 * Puts calls on record, and into every book with them.
 * @throws SomeKnown when some of them are on record already: then `bookNewOf` tells which
 */
export async function bookCalls(tx: Database, entries: readonly Entry[], books: readonly Bookkeeping[]): Promise<void> {
  await insertNewCalls(tx, rowsOf(entries));
  await bookIn(tx, entries, books);
}

/** The same of those that are not on record yet, which it returns. */
export async function bookNewOf<One extends Entry>(
  tx: Database,
  entries: readonly One[],
  books: readonly Bookkeeping[],
): Promise<readonly One[]> {
  const fresh = await insertCalls(tx, rowsOf(entries));
  // Within one batch the first of two alike has been taken.
  const added = entries.filter(({ row }) => fresh.delete(row.requestId));
  if (added.length > 0) await bookIn(tx, added, books);
  return added;
}

async function bookIn(tx: Database, entries: readonly Entry[], books: readonly Bookkeeping[]): Promise<void> {
  await addTotals(tx, entries);
  for (const book of books) await book.apply(tx, entries);
}

function rowsOf(entries: readonly Entry[]): readonly CallTable[] {
  return entries.map(({ row }) => row);
}
