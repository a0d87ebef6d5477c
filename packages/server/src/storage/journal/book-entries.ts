import { bookCalls, bookNewOf, type Bookkeeping } from '../book-calls.ts';
import type { Entry } from '../entry.ts';
import { SomeKnown } from '../insert-calls.ts';
import type { Database } from '../tables.ts';
import { refusesRecord, type SetAside } from './aside.ts';

interface Booking<One extends Entry> {
  readonly books: readonly Bookkeeping[];
  readonly aside: SetAside;
  /** Part of the transaction that is done with these. */
  mark(tx: Database, entries: readonly One[]): Promise<void>;
  /** They are committed. */
  done?(entries: readonly One[]): void;
}

/**
 * Puts entries on record in their order, in one transaction where that goes. One that the database refuses for what it holds is found by
 * halving, set aside, and holds up no other. Returns those that were new.
 */
export async function bookEntries<One extends Entry>(
  db: Database,
  entries: readonly One[],
  booking: Booking<One>,
): Promise<readonly One[]> {
  const { aside, mark, done } = booking;
  try {
    const added = await booked(db, entries, booking);
    done?.(entries);
    return added;
  } catch (error) {
    if (!refusesRecord(error)) throw error;
    const [first, second] = entries;
    if (first && !second) {
      aside(first, error);
      await db.transaction().execute((tx) => mark(tx, entries));
      done?.(entries);
      return [];
    }
  }
  const half = Math.ceil(entries.length / 2);
  const earlier = await bookEntries(db, entries.slice(0, half), booking);
  return [...earlier, ...(await bookEntries(db, entries.slice(half), booking))];
}

/** Nearly always all are new, and need not be looked at one by one. */
async function booked<One extends Entry>(
  db: Database,
  entries: readonly One[],
  { books, mark }: Booking<One>,
): Promise<readonly One[]> {
  try {
    await db.transaction().execute(async (tx) => {
      await bookCalls(tx, entries, books);
      await mark(tx, entries);
    });
    return entries;
  } catch (error) {
    if (!(error instanceof SomeKnown)) throw error;
  }
  return db.transaction().execute(async (tx) => {
    const added = await bookNewOf(tx, entries, books);
    await mark(tx, entries);
    return added;
  });
}
