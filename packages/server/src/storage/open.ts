import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CamelCasePlugin, Kysely, type Dialect } from 'kysely';
import { secretsInUrl } from '../config/url-secrets.ts';
import { createMaskText, maskable } from '../mask.ts';
import { accessKeysIn } from './access-keys.ts';
import { auditIn } from './audit.ts';
import { bansIn } from './bans.ts';
import { callsIn } from './calls.ts';
import { changesIn } from './changes.ts';
import { checkCredentials, credentialsIn } from './credentials.ts';
import { keyQuotasIn } from './key-quotas.ts';
import { migrate, migrationsOf } from './migrate.ts';
import { beside, describePlace, type StoragePlace } from './place.ts';
import { promptsIn } from './prompts.ts';
import { openKeyRing, type KeyRing } from './secrets/key-ring.ts';
import { sessionsIn } from './sessions.ts';
import { sqliteCode } from './sqlite/code.ts';
import { nodeSqliteDialect } from './sqlite/dialect.ts';
import { StorageError } from './storage-error.ts';
import type { Storage } from './storage.ts';
import type { Database, Tables } from './tables.ts';
import { totalsIn } from './totals.ts';
import { usersIn } from './users.ts';

export interface StorageOptions {
  readonly place: StoragePlace;
  /** The first seals secrets, all open them. Absent: a key in a file beside the database does. */
  readonly encryptionKeys?: readonly string[];
  /** Stored upstream keys need an encryption key then. */
  readonly production?: boolean;
  /** Hears of connections that broke while nobody used them. */
  readonly complain?: (error: Error) => void;
}

/** Opens the database, makes it when it is not there, and brings it up to date. @throws StorageError */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { place } = options;
  const db = await connect(options);
  try {
    await migrate(db);
    return storageOver(db, await openRing(db, options), options);
  } catch (error) {
    await db.destroy();
    if (error instanceof StorageError) throw error;
    throw unusable(place, error);
  }
}

/** How far a database that is there has been brought; changes nothing. @throws StorageError */
export async function howFar(place: StoragePlace): Promise<{ readonly done: number; readonly pending: number }> {
  const db = await connect({ place });
  try {
    return await migrationsOf(db);
  } catch (error) {
    throw unusable(place, error);
  } finally {
    await db.destroy();
  }
}

async function connect({ place, complain = () => undefined }: StorageOptions): Promise<Database> {
  try {
    return new Kysely<Tables>({ dialect: await dialectOf(place, complain), plugins: [new CamelCasePlugin()] });
  } catch (error) {
    throw unusable(place, error);
  }
}

async function dialectOf(place: StoragePlace, complain: (error: Error) => void): Promise<Dialect> {
  switch (place.type) {
    case 'memory':
      return nodeSqliteDialect(':memory:');
    case 'sqlite':
      mkdirSync(dirname(place.path), { recursive: true });
      closeSync(openSync(place.path, 'a', 0o600)); // a new one is nobody else's to read, and SQLite's own files follow it
      return nodeSqliteDialect(place.path);
    case 'postgres': {
      // With pg, which SQLite need not keep in memory.
      const { postgresDialect } = await import('./postgres.ts');
      return postgresDialect(place.url, complain);
    }
  }
}

async function openRing(db: Database, options: StorageOptions): Promise<KeyRing> {
  const { place, encryptionKeys = [], production = false } = options;
  const keyFile = beside(place, 'key');
  const ring = await openKeyRing(db, { encryptionKeys, ...(keyFile !== undefined && { keyFile }) });
  await checkCredentials(db, ring, { production });
  return ring;
}

function storageOver(db: Database, first: KeyRing, options: StorageOptions): Storage {
  const { place, production = false } = options;
  const changes = changesIn(db);
  let ring = first;
  const current = () => ring;
  return {
    place,
    db,
    users: usersIn(db, changes),
    accessKeys: accessKeysIn(db, changes, current),
    credentials: credentialsIn(db, changes, current, { production }),
    bans: bansIn(db, changes),
    keyQuotas: keyQuotasIn(db),
    sessions: sessionsIn(db),
    audit: auditIn(db),
    calls: callsIn(db),
    totals: totalsIn(db),
    prompts: promptsIn(db, place),
    changes,
    async useKeys(encryptionKeys) {
      ring = await openRing(db, { ...options, encryptionKeys });
    },
    close: () => db.destroy(),
  };
}

function unusable(place: StoragePlace, error: unknown): StorageError {
  const own = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
  const secrets = place.type === 'postgres' ? maskable([place.url, ...secretsInUrl(place.url)]) : [];
  const why = createMaskText(() => secrets)(own);
  const said = [`The storage ${describePlace(place)} cannot be used: ${why}.`, mendOf(error)];
  return new StorageError(said.filter(Boolean).join(' '), { cause: error });
}

function mendOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown }; // of the system's errors, and PostgreSQL's
  return sqliteMends[sqliteCode(error) ?? 0] ?? systemMends[String(code)];
}

const writable = 'Let the server’s user write there, or name another place: storage, DATABASE_PATH.';
const another = 'Move it away, bring it back from a backup, or name another place: storage, DATABASE_PATH.';

/** sqlite.org/rescode.html: BUSY, READONLY, CORRUPT, FULL, CANTOPEN, NOTADB. */
const sqliteMends: Readonly<Record<number, string>> = {
  5: 'Another program holds it: end that, or wait for it.',
  8: writable,
  11: another,
  13: 'Make room on its disk.',
  14: writable,
  26: another,
};

const systemMends: Readonly<Record<string, string>> = {
  EACCES: writable,
  EPERM: writable,
  EROFS: writable,
  ENOENT: writable, // so Node tells a folder that cannot be made on a read-only disk
  EEXIST: 'A file is where its folder should be: name another place (storage, DATABASE_PATH).',
  ENOTDIR: 'A file is where its folder should be: name another place (storage, DATABASE_PATH).',
  EISDIR: 'It is a folder: name a file (storage, DATABASE_PATH).',
  ENOSPC: 'Make room on its disk.',
};
