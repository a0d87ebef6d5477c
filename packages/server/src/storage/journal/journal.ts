import { mkdirSync } from 'node:fs';
import type { Bookkeeping } from '../book-calls.ts';
import type { StoredCall } from '../stored-call.ts';
import type { Storage } from '../storage.ts';
import { beside } from '../place.ts';
import { asideIn } from './aside.ts';
import { tryLock, type Lock } from './lock.ts';
import { FileJournal } from './file-journal.ts';
import { Mover, type Queued } from './mover.ts';
import { told } from './told.ts';
import { lockPath, recoverJournal } from './recover.ts';

/**
 * The way of a call onto the record. `append` hands it to the operating system before the answer's last byte leaves, so that no end of
 * this process loses it; from there it is moved into the database in batches, once.
 */
export interface Journal {
  /** Where the answer may wait, calls that end in the same turn of the event loop are written at once; then it resolves. */
  append(call: StoredCall, mayWait?: boolean): Promise<void> | void;
  /** Resolves when everything that was appended is in the database. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly books?: readonly Bookkeeping[];
  readonly tell: Tell;
}

/** What people should know: calls that were recovered, a disk that is full, a database that is away. */
export type Tell = (level: 'info' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Takes in what earlier processes left, and begins a journal of this one's own. In memory there is nothing to take in. */
export async function openJournal(storage: Storage, { books = [], tell }: JournalOptions): Promise<Journal> {
  const folder = beside(storage.place, 'calls');
  const aside = asideIn(folder, tell);
  const mover = new Mover(storage, { books, tell, aside });
  if (storage.place.type === 'memory' && storage.place.withoutCalls) return { append: () => undefined, ...ends(mover) };
  if (folder === undefined) return { append: (call) => mover.push(inMemory(call, tell)), ...ends(mover) };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { slot, lock } = takeSlot(folder);
  try {
    const { calls, damaged } = await recoverJournal(storage.db, folder, slot, books, aside);
    if (calls > 0) tell('info', 'Calls of a process that ended early are on record now.', { calls });
    for (const path of damaged) tell('error', 'A part of the journal is damaged; what follows it is lost.', { path });
  } catch (error) {
    lock.release();
    throw error;
  }
  return new FileJournal(folder, slot, lock, mover, tell);
}

function ends(mover: Mover): Pick<Journal, 'settled' | 'close'> {
  return { settled: () => mover.settled(), close: () => mover.close() };
}

function inMemory(call: StoredCall, tell: Tell): Queued {
  return { ...told(call, tell), segment: undefined, position: 0 };
}

function takeSlot(folder: string): { readonly slot: number; readonly lock: Lock } {
  for (let slot = 0; ; slot += 1) {
    const lock = tryLock(lockPath(folder, slot));
    if (lock) return { slot, lock };
  }
}
