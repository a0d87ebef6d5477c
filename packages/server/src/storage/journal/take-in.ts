import { readFile } from 'node:fs/promises';
import { bookCalls, type Bookkeeping, type Entry } from '../book-calls.ts';
import type { StoredCall } from '../stored-call.ts';
import type { Database } from '../tables.ts';
import { framesIn } from './frames.ts';
import { moveTo, positionOf } from './position.ts';

/** Few enough that other work comes in between. */
export const entriesAtOnce = 250;

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
): Promise<TakenIn | undefined> {
  const bytes = await bytesOf(path);
  if (!bytes) return undefined;
  let position = await positionOf(db, id);
  let calls = 0;
  for (;;) {
    const entries: Entry[] = [];
    for (const { text, end } of framesIn(bytes, position)) {
      entries.push({ call: JSON.parse(text) as StoredCall, json: text }); // its checksum says that we wrote it
      position = end;
      if (entries.length === entriesAtOnce) break;
    }
    if (entries.length === 0) return { calls, position, bytes };
    const added = await db.transaction().execute(async (tx) => {
      const some = await bookCalls(tx, entries, books);
      await moveTo(tx, id, position);
      return some;
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
