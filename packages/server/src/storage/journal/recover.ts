import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bookkeeping } from '../book-calls.ts';
import type { Database } from '../tables.ts';
import type { SetAside } from './aside.ts';
import { isTorn } from './frames.ts';
import { tryLock } from './lock.ts';
import { forgetPosition } from './position.ts';
import { segmentOf } from './segment.ts';
import { takeIn } from './take-in.ts';

/** What a process that ended too early left in its journal, on record now. */
export interface Recovered {
  readonly calls: number;
  /** Segments that are damaged in their middle, kept under another name. */
  readonly damaged: readonly string[];
}

/** Takes in the segments of processes that are gone. `own` is the slot that the asker holds the lock of. */
export async function recoverJournal(
  db: Database,
  folder: string,
  own: number,
  books: readonly Bookkeeping[],
  aside: SetAside,
): Promise<Recovered> {
  const damaged: string[] = [];
  let calls = 0;
  for (const name of readdirSync(folder)) {
    const segment = segmentOf(name);
    if (!segment) continue;
    const lock = segment.slot === own ? undefined : tryLock(lockPath(folder, segment.slot));
    if (segment.slot !== own && !lock) continue; // its process lives
    try {
      const path = join(folder, name);
      const taken = await takeIn(db, { id: segment.id, path }, books, aside);
      if (!taken) continue; // another has taken it in since the folder was listed
      calls += taken.calls;
      // A process that died while it wrote leaves a torn tail, which nobody was promised.
      if (taken.position === taken.bytes.length || isTorn(taken.bytes, taken.position)) rmSync(path, { force: true });
      else {
        renameSync(path, `${path}.damaged`);
        damaged.push(`${path}.damaged`);
      }
      await forgetPosition(db, segment.id);
    } finally {
      lock?.release();
    }
  }
  return { calls, damaged };
}

export function lockPath(folder: string, slot: number): string {
  return join(folder, `${slot}.lock`);
}
