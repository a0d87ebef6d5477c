import type { Budgets, Prices } from '@proxy/core';
import { serveBudgets, type ServedBudgets } from './budgets/kept-budgets.ts';
import { budgetBooks } from './budgets/sql-store.ts';
import { exceeded, type AddressBook, type AddressRules } from './caller.ts';
import type { Config } from './config/config.ts';
import { keptDays } from './config/records.ts';
import type { StorageConfig } from './config/storage.ts';
import type { ServerLog } from './log.ts';
import type { OpenedCredential } from './storage/credentials.ts';
import { follow } from './storage/follow.ts';
import { openJournal, type Journal } from './storage/journal/journal.ts';
import { openStorage } from './storage/open.ts';
import { placeOf } from './storage/place.ts';
import { sqliteCode } from './storage/sqlite/code.ts';
import { StorageError } from './storage/storage-error.ts';
import type { Storage } from './storage/storage.ts';
import { storedCallersOf, type StoredCallers } from './storage/stored-callers.ts';
import { withStoredKeys } from './storage/stored-keys.ts';
import { sweepHourly } from './storage/sweep.ts';

/** The storage as a running server has it: calls go in, and what it needs at every request is in memory and kept fresh. */
export interface Durable {
  readonly storage: Storage;
  readonly journal: Journal;
  readonly callers: StoredCallers;
  readonly budgets: Budgets;
  /** The configuration with the stored upstream keys as they are now. */
  complete(config: Config): Config;
  /** Takes over what a reload changed. */
  configure(config: Config): void;
  close(): Promise<void>;
}

export interface DurableOptions {
  readonly config: Config;
  readonly log: ServerLog;
  /** For budgets of money. */
  readonly prices: Prices;
  /** Where keys were used from. */
  readonly addresses: AddressBook;
  /** The stored upstream keys are others now. */
  readonly keysChanged: () => void;
}

/** @throws StorageError */
export async function openDurable({ config, log, addresses, prices, keysChanged }: DurableOptions): Promise<Durable> {
  const storage = await openOrMemory(config.storage, log);
  const tell = (level: 'info' | 'error', message: string, fields = {}) => log.logger[level](fields, message);
  const complain = (what: string) => (error: unknown) =>
    tell('error', what, { reason: error instanceof Error ? error.message : String(error) });
  let current = config;
  /** Row C16. */
  const addressRules = (): AddressRules => {
    const { most, revoke } = current.guards.keyAddresses ?? {};
    return { ...(most !== undefined && { most }), ...(revoke && { exclude }) };
  };
  const exclude = (id: string) =>
    void storage.accessKeys
      .revoke(id, exceeded)
      .then(async (revoked) => {
        if (revoked) await storage.audit.append({ actor: 'server', action: 'access-key.revoke', object: id });
      })
      .catch(complain('A key that is used from too many addresses could not be revoked.'));
  let journal: Journal;
  let budgets: ServedBudgets;
  let callers: StoredCallers;
  let credentials: readonly OpenedCredential[];
  try {
    journal = await openJournal(storage, { tell, books: [budgetBooks] });
    budgets = await serveBudgets(storage, prices, complain('The books of budgets cannot be reached.'));
    callers = await storedCallersOf(storage, addresses, addressRules);
    credentials = await storage.credentials.open();
  } catch (error) {
    await storage.close();
    throw error;
  }

  const refreshCallers = () => void callers.refresh().catch(complain('Access keys could not be read again.'));
  const refreshKeys = () =>
    void storage.credentials
      .open()
      .then((opened) => {
        credentials = opened;
        keysChanged();
      })
      .catch(complain('Stored upstream keys could not be read again, so the old ones stay.'));
  const following = await follow(
    storage.changes,
    { callers: refreshCallers, credentials: refreshKeys },
    complain('The storage could not be asked for changes.'),
  );
  const keeping = () => ({
    ...keptDays(current.records),
    temporaryKeyHours: current.storage.temporaryKeyHours,
  });
  const stopSweeping = sweepHourly(storage, keeping, complain('Old records could not be swept.'));

  return {
    storage,
    journal,
    budgets: budgets.budgets,
    get callers() {
      return callers;
    },
    complete: (next) => withStoredKeys(next, credentials),
    configure(config) {
      const now = current.storage;
      const next = config.storage;
      current = config;
      refreshCallers();
      if (next.place !== now.place || next.folder !== now.folder)
        log.logger.warn('storage takes effect at the next start.');
      if (next.encryptionKeys.join('\n') !== now.encryptionKeys.join('\n'))
        void storage
          .useKeys(next.encryptionKeys)
          .then(refreshKeys, complain('The new encryption keys cannot be used, so the old ones stay.'));
    },
    async close() {
      following.stop();
      stopSweeping();
      await journal.close();
      await budgets.close();
      await storage.close();
    },
  };
}

/** A place that nobody named may not be writable, in a container say: the server is of use without it. */
async function openOrMemory(config: StorageConfig, log: ServerLog): Promise<Storage> {
  const { place, folder = process.cwd(), named, encryptionKeys, production } = config;
  const complain = (error: Error) => log.logger.warn({ reason: error.message }, 'A connection to PostgreSQL broke.');
  const open = (text: string) => openStorage({ place: placeOf(text, folder), encryptionKeys, production, complain });
  try {
    return await open(place);
  } catch (error) {
    if (named || !(error instanceof StorageError) || !notWritable(error.cause)) throw error;
    log.logger.warn(
      `${error.message} Nothing is kept beyond the end of this process; name another place with storage or DATABASE_PATH.`,
    );
    return open('memory');
  }
}

// On a read-only disk Node tells of a folder that cannot be made as ENOENT.
const fileCodes: ReadonlySet<unknown> = new Set(['EACCES', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS']);

/** SQLITE_CANTOPEN, SQLITE_READONLY; folders that cannot be made. */
function notWritable(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { code?: unknown }; // what the file system adds
  const sqlite = sqliteCode(cause);
  return sqlite === 14 || sqlite === 8 || fileCodes.has(code);
}
