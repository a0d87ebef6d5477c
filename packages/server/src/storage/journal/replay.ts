import { appendFileSync, closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { Bookkeeping } from '../book-calls.ts';
import { entryOf, type Entry } from '../entry.ts';
import type { StoredCall } from '../stored-call.ts';
import type { Database } from '../tables.ts';
import { asideLine, reasonOf } from './aside.ts';
import { bookEntries } from './book-entries.ts';
import { tryLock } from './lock.ts';
import { entriesAtOnce } from './take-in.ts';

export interface Replayed {
  /** On record now, and in every book. */
  readonly added: number;
  /** These had been on record before. */
  readonly already: number;
  /** These are in the file again. */
  readonly refused: readonly { readonly requestId: string; readonly reason: string }[];
  /** Lines that hold no record, which stay as they are. */
  readonly unreadable: number;
}

/**
 * Asks the database once more for the records of such a file (aside.ts). The file is taken away meanwhile, so that a running server
 * begins another; what stays refused goes back into that one, and after an error all that is not known to be on record. A run that was
 * killed is taken up by the next one: by its id, a record is booked once. Undefined: another process is at it.
 * @throws the database's error, or the system's
 */
export async function replayAside(
  db: Database,
  path: string,
  books: readonly Bookkeeping[],
): Promise<Replayed | undefined> {
  const taken = takenFrom(path);
  if (!existsSync(path) && !existsSync(taken)) return nothing;
  const lock = tryLock(`${path}.lock`);
  if (!lock) return undefined;
  try {
    if (existsSync(taken)) giveBack(taken, path, readFileSync(taken, 'utf8'));
    if (!existsSync(path)) return nothing;
    closeSync(openSync(path, 'r+')); // throws where it is no file of ours, before it is moved
    renameSync(path, taken);
    return await replayTaken(db, taken, path, books);
  } finally {
    lock.release();
  }
}

const nothing: Replayed = { added: 0, already: 0, refused: [], unreadable: 0 };

/** Where a run has the file meanwhile. */
export function takenFrom(path: string): string {
  return `${path}.replaying`;
}

async function replayTaken(
  db: Database,
  taken: string,
  path: string,
  books: readonly Bookkeeping[],
): Promise<Replayed> {
  const bytes = readFileSync(taken);
  const { entries, unreadable } = read(bytes.toString());
  const refused = new Map<Entry, string>();
  let added = 0;
  let asked = 0;
  try {
    while (asked < entries.length) {
      const some = entries.slice(asked, asked + entriesAtOnce);
      const fresh = await bookEntries(db, some, {
        books,
        aside: (entry, error) => void refused.set(entry, reasonOf(error)),
        mark: () => Promise.resolve(),
      });
      added += fresh.length;
      asked += some.length;
    }
  } finally {
    const again = [...refused].map(([{ row }, reason]) => asideLine(row, reason));
    const unasked = entries.slice(asked).flatMap((entry) => (refused.has(entry) ? [] : [`${entry.line}\n`]));
    // A server that had the file open when it was taken away may have written behind what was read.
    const late = readFileSync(taken).subarray(bytes.length).toString();
    giveBack(taken, path, [...unreadable.map((line) => `${line}\n`), ...again, ...unasked, late].join(''));
  }
  return {
    added,
    already: entries.length - added - refused.size,
    refused: [...refused].map(([{ row }, reason]) => ({ requestId: row.requestId, reason })),
    unreadable: unreadable.length,
  };
}

function giveBack(taken: string, path: string, text: string): void {
  if (text !== '') appendFileSync(path, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
  rmSync(taken);
}

interface Kept extends Entry {
  readonly line: string;
}

/** Of a record that stands there twice, the last one counts. */
function read(text: string): { readonly entries: readonly Kept[]; readonly unreadable: readonly string[] } {
  const entries = new Map<string, Kept>();
  const unreadable: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const kept = keptIn(line);
    if (kept) entries.set(kept.row.requestId, kept);
    else unreadable.push(line);
  }
  return { entries: [...entries.values()], unreadable };
}

/** Undefined for half a line of a process that was killed, and whatever else is no record. */
function keptIn(line: string): Kept | undefined {
  try {
    const { record } = JSON.parse(line) as { record: StoredCall }; // as asideLine wrote it, or what follows throws
    const entry = entryOf(record);
    const { requestId } = entry.row;
    return typeof requestId === 'string' && requestId !== '' ? { ...entry, line } : undefined;
  } catch {
    return undefined;
  }
}
