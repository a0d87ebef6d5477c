import { Migrator } from 'kysely/migration';
import { migrations } from './migrations/index.ts';
import { StorageError } from './storage-error.ts';
import type { Database } from './tables.ts';

/** Brings the database up to this program's schema; processes that start at once wait for each other. @throws StorageError, or what the driver says */
export async function migrate(db: Database): Promise<void> {
  const { error } = await migratorOf(db).migrateToLatest();
  if (error === undefined) return;
  const message = error instanceof Error ? error.message : String(error);
  const newer = /previously executed migration (\S+) is missing/.exec(message)?.[1];
  if (newer === undefined) throw error;
  throw new StorageError(
    `The database was written by a newer version of this program (it knows "${newer}"). Start that version, or name another database.`,
    { cause: error },
  );
}

/** How many migrations have been made, and how many are to come; changes nothing. */
export async function migrationsOf(db: Database): Promise<{ readonly done: number; readonly pending: number }> {
  const all = await migratorOf(db).getMigrations();
  const done = all.filter(({ executedAt }) => executedAt !== undefined).length;
  return { done, pending: all.length - done };
}

function migratorOf(db: Database): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
}
