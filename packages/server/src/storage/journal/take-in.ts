import { readFile } from 'node:fs/promises';
import type { Bookkeeping } from '../book-calls.ts';
import { entryIn, type Entry } from '../entry.ts';
import type { Database } from '../tables.ts';
import type { SetAside } from './aside.ts';
import { bookEntries } from './book-entries.ts';
import { framesIn } from './frames.ts';
import { moveTo, positionOf } from './position.ts';

/** Few enough that other work comes in between. */
export const entriesAtOnce = 256;

export interface TakenIn {
  /** How many were not on record yet. */
  readonly calls: number;
  /** Behind the last whole frame. */
  readonly position: number;
  readonly bytes: Buffer;
}

/** Puts on record what a segment's file holds, from where the database left off. Undefined: the file is gone. */
export async function takeIn(
  db: Database,
  { id, path }: { readonly id: string; readonly path: string },
  books: readonly Bookkeeping[],
  aside: SetAside,
): Promise<TakenIn | undefined> {
  const bytes = await bytesOf(path);
  if (!bytes) return undefined;
  let position = await positionOf(db, id);
  let calls = 0;
  for (;;) {
    const entries: (Entry & { readonly end: number })[] = [];
    for (const { text, end } of framesIn(bytes, position)) {
      entries.push({ ...entryIn(text), end });
      position = end;
      if (entries.length === entriesAtOnce) break;
    }
    if (entries.length === 0) return { calls, position, bytes };
    const added = await bookEntries(db, entries, {
      books,
      aside,
      mark: (tx, some) => moveTo(tx, id, some.at(-1)?.end ?? position),
    });
    calls += added.length;
  }
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
