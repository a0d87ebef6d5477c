import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { budgetBooks } from '../../budgets/sql-store.ts';
import { asideName, reasonOf } from '../../storage/journal/aside.ts';
import { replayAside, takenFrom, type Replayed } from '../../storage/journal/replay.ts';
import { beside } from '../../storage/place.ts';
import type { Storage } from '../../storage/storage.ts';
import { actor, AskedAmiss, withStorage, type StorageFlags } from './with-storage.ts';

/** `proxy logs replay`: records that the database has refused, asked for once more. Exit code 1 while any is refused. */
export function replayCalls(file: string | undefined, flags: StorageFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const path = file === undefined ? ownFile(storage) : resolve(file);
    if (file !== undefined && !existsSync(path) && !existsSync(takenFrom(path)))
      throw new AskedAmiss(`There is no file ${path}.`);
    const replayed = await replayedFrom(path, storage);
    const { added, refused, unreadable } = replayed;
    if (added > 0)
      await storage.audit.append({ actor: actor(), action: 'call.replay', object: path, after: { added } });
    if (refused.length + unreadable > 0) process.exitCode = 1;
    return { text: told(path, replayed), data: { file: path, ...replayed } };
  });
}

/** The server's own. */
function ownFile({ place }: Storage): string {
  return join(beside(place, 'calls') ?? '', asideName); // a place in memory is refused before
}

async function replayedFrom(path: string, { db }: Storage): Promise<Replayed> {
  let replayed: Replayed | undefined;
  try {
    replayed = await replayAside(db, path, [budgetBooks]);
  } catch (error) {
    throw new AskedAmiss(`The records of ${path} cannot be put on record now, and stay there: ${reasonOf(error)}`);
  }
  if (!replayed) throw new AskedAmiss(`Another "proxy logs replay" is at ${path}: wait for it.`);
  return replayed;
}

/** Each reason is told a few times; the file has them all. */
const toldAtMost = 10;

function told(path: string, { added, already, refused, unreadable }: Replayed): string {
  if (added + already + refused.length + unreadable === 0) return `No record has been set aside: ${path} is empty.`;
  const lines = [`On record now: ${added}. On record before: ${already}. Refused again: ${refused.length}.`];
  for (const { requestId, reason } of refused.slice(0, toldAtMost)) lines.push(`  ${requestId}: ${reason}`);
  if (refused.length > toldAtMost) lines.push(`  … and ${refused.length - toldAtMost} more`);
  if (unreadable > 0) lines.push(`Lines that hold no record: ${unreadable}.`);
  if (refused.length + unreadable > 0) lines.push(`What was not taken is in ${path}.`);
  return lines.join('\n');
}
