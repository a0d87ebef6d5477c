import { mask } from '../mask.ts';
import type { Changes } from './changes.ts';
import { duplicateAs } from './duplicate.ts';
import { newId } from './ids.ts';
import { parsed, present, written } from './row.ts';
import type { KeyRing } from './secrets/key-ring.ts';
import { StorageError } from './storage-error.ts';
import type { CredentialTable, Database } from './tables.ts';

/** What is known of a key beside the key. */
export interface CredentialDetails {
  /** For people. */
  readonly name?: string;
  /** Where it is good for, when no upstream is configured for it. */
  readonly baseUrl?: string;
  /** Of a call, to choose by. */
  readonly cost?: number;
  /** How many calls it is good for; null: any number. */
  readonly quota?: number | null;
  /** It is kept, and not used. */
  readonly disabled?: boolean;
}

/** An upstream's API key, without the key itself. */
export interface StoredCredential {
  readonly id: string;
  readonly upstream: string;
  readonly weight?: number;
  /** The key masked, to tell one from another. */
  readonly hint: string;
  readonly createdAt: number;
  readonly details?: CredentialDetails;
}

export interface NewCredential {
  readonly upstream: string;
  readonly key: string;
  readonly weight?: number;
  readonly details?: CredentialDetails;
}

export interface OpenedCredential extends NewCredential {
  readonly id: string;
}

export interface Credentials {
  /** @throws StorageError when the upstream has this key already, or when it may not be kept here. */
  add(credential: NewCredential): Promise<StoredCredential>;
  find(id: string): Promise<StoredCredential | undefined>;
  list(of?: { readonly upstream?: string }): Promise<readonly StoredCredential[]>;
  /** Undefined: there is no such credential. A key that is not given stays. */
  update(
    id: string,
    changes: {
      readonly key?: string;
      readonly weight?: number | null;
      /** All of them: what is not there is gone. */
      readonly details?: CredentialDetails;
    },
  ): Promise<StoredCredential | undefined>;
  /** False: there is no such credential. */
  remove(id: string): Promise<boolean>;
  /** The keys themselves, for the gateway alone. @throws StorageError when one cannot be opened. */
  open(): Promise<readonly OpenedCredential[]>;
  /** Seals with the first encryption key what an older one sealed; servers with both go on meanwhile. Returns how many. */
  reencrypt(): Promise<number>;
}

export interface CredentialsOptions {
  /** Refuse to keep keys that only a file beside the database protects. */
  readonly production: boolean;
}

const rowsAtOnce = 100;

export function credentialsIn(
  db: Database,
  changes: Changes,
  ring: () => KeyRing,
  { production }: CredentialsOptions,
): Credentials {
  const protect = () => {
    if (production && !ring().configured) throw new StorageError(unprotected);
  };
  const sealed = (id: string, key: string) => ({
    sealed: ring().seal(key, placeOf(id)),
    keyId: ring().keyId,
    hash: ring().hash(key),
    hint: mask(key),
  });
  return {
    async add({ upstream, key, weight, details }) {
      protect();
      const now = Date.now();
      const id = newId('cred', now);
      const row: CredentialTable = {
        id,
        upstream,
        weight: weight ?? null,
        ...sealed(id, key),
        createdAt: now,
        details: written(details),
      };
      await changes.make('credentials', async (tx) => {
        const adding = tx.insertInto('credentials').values(row).execute();
        await duplicateAs(`Upstream "${upstream}" has this key already.`, adding);
      });
      return credentialOf(row);
    },
    async find(id) {
      const row = await db.selectFrom('credentials').selectAll().where('id', '=', id).executeTakeFirst();
      return row && credentialOf(row);
    },
    async list({ upstream } = {}) {
      const rows = await db
        .selectFrom('credentials')
        .selectAll()
        .$if(upstream !== undefined, (query) => query.where('upstream', '=', upstream ?? ''))
        .orderBy('upstream')
        .orderBy('id')
        .execute();
      return rows.map(credentialOf);
    },
    async update(id, { key, weight, details }) {
      if (key !== undefined) protect();
      const row = await changes.make('credentials', async (tx) => {
        const changing = tx
          .updateTable('credentials')
          .set({
            id,
            ...(key !== undefined && sealed(id, key)),
            ...(weight !== undefined && { weight }),
            ...(details && { details: written(details) }),
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        return duplicateAs('The upstream has this key already.', changing);
      });
      return row && credentialOf(row);
    },
    async remove(id) {
      return changes.make('credentials', async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('credentials').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      });
    },
    async open() {
      const rows = await db.selectFrom('credentials').selectAll().orderBy('id').execute();
      return rows.map((row) => {
        const { id, upstream, weight, details } = row;
        return { ...present({ id, upstream, weight, details: detailsOf(details) }), key: opened(ring(), row) };
      });
    },
    async reencrypt() {
      protect();
      let done = 0;
      for (;;) {
        // A few at a time, so that a server beside this never waits long.
        const some = await db.transaction().execute((tx) => resealSome(tx, ring()));
        done += some;
        if (some < rowsAtOnce) break;
      }
      await db.transaction().execute((tx) => ring().reseal(tx));
      return done;
    },
  };
}

/** At the start rather than at the first call. @throws StorageError */
export async function checkCredentials(db: Database, ring: KeyRing, { production }: CredentialsOptions): Promise<void> {
  const rows = await db.selectFrom('credentials').select('keyId').distinct().execute();
  if (production && rows.length > 0 && !ring.configured) throw new StorageError(unprotected);
  if (rows.some(({ keyId }) => !ring.knows(keyId))) throw new StorageError(unopened);
}

const unprotected =
  'In production (NODE_ENV) stored upstream keys need an encryption key: set ENCRYPTION_KEY (encryptionKey) to a long random text and keep it safe.';
const unopened =
  'Stored upstream keys were sealed with another ENCRYPTION_KEY (encryptionKey). Start with that key; to change it, set the new one as encryptionKey, the old one in previousEncryptionKeys, and run "proxy credentials reencrypt".';

async function resealSome(tx: Database, ring: KeyRing): Promise<number> {
  const rows = await tx
    .selectFrom('credentials')
    .selectAll()
    .where('keyId', '!=', ring.keyId)
    .orderBy('id')
    .limit(rowsAtOnce)
    .execute();
  for (const row of rows) {
    const sealed = ring.seal(opened(ring, row), placeOf(row.id));
    await tx.updateTable('credentials').set({ sealed, keyId: ring.keyId }).where('id', '=', row.id).execute();
  }
  return rows.length;
}

function opened(ring: KeyRing, { id, sealed }: CredentialTable): string {
  const key = ring.open(sealed, placeOf(id));
  if (key === undefined) throw new StorageError(unopened);
  return key;
}

/** An envelope moved to another row does not open there. */
function placeOf(id: string): string {
  return `credentials.${id}`;
}

function credentialOf({ id, upstream, weight, hint, createdAt, details }: CredentialTable): StoredCredential {
  return present({ id, upstream, weight, hint, createdAt, details: detailsOf(details) });
}

function detailsOf(text: string | null): CredentialDetails | null {
  return parsed<CredentialDetails>(text) ?? null;
}
