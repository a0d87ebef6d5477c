import { randomBytes } from 'node:crypto';
import { mask } from '../mask.ts';
import type { Changes } from './changes.ts';
import { duplicateAs } from './duplicate.ts';
import { newId } from './ids.ts';
import { parsed, present } from './row.ts';
import type { AccessRules, Role } from './rules.ts';
import type { KeyRing } from './secrets/key-ring.ts';
import type { AccessKeyTable, Database } from './tables.ts';
import { userOf, type User } from './users.ts';

/** What a caller shows us, without the key itself: nobody can read that again. */
export interface StoredAccessKey extends AccessRules {
  readonly id: string;
  readonly userId?: string;
  readonly name?: string;
  /** The key masked, to tell one from another. */
  readonly hint: string;
  readonly role?: Role;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly revokedReason?: string;
}

export interface NewAccessKey extends AccessRules {
  readonly userId?: string;
  readonly name?: string;
  readonly role?: Role;
  readonly expiresAt?: number;
  /** A key from elsewhere; absent: a new one is made. */
  readonly key?: string;
}

/** Absent: as it is. `null`: none from now on. */
export type AccessKeyChanges = {
  readonly [Name in 'userId' | 'name' | 'role' | 'expiresAt' | keyof AccessRules]?: NewAccessKey[Name] | null;
};

export interface AccessKeys {
  /** The only time that the key itself is told. @throws StorageError when it is there already. */
  create(accessKey: NewAccessKey): Promise<{ readonly accessKey: StoredAccessKey; readonly key: string }>;
  /** Whose key this is; also one that is revoked, expired or of a disabled user: whoever asks decides what to say. */
  recognize(key: string): Promise<{ readonly accessKey: StoredAccessKey; readonly user?: User } | undefined>;
  find(id: string): Promise<StoredAccessKey | undefined>;
  /** The oldest first. */
  list(of?: { readonly userId?: string }): Promise<readonly StoredAccessKey[]>;
  /** Undefined: there is no such key. */
  update(id: string, changes: AccessKeyChanges): Promise<StoredAccessKey | undefined>;
  /** It stays listed, and no longer opens anything. False: there is no such key, or it is revoked already. */
  revoke(id: string, reason?: string): Promise<boolean>;
  /** Undoes a revocation. False: there is no such key, or it is not revoked. */
  restore(id: string): Promise<boolean>;
  /** False: there is no such key. */
  remove(id: string): Promise<boolean>;
  /** Removes temporary keys that expired before, and temporary users that had no other. How many keys. */
  sweep(before: number): Promise<number>;
  /** How many could be used now. */
  count(): Promise<number>;
}

/** As long as the vendors' own, and with a beginning by which our log knows to mask it. */
function newKey(): string {
  return `sk-proxy-${randomBytes(24).toString('base64url')}`;
}

export function accessKeysIn(db: Database, changes: Changes, ring: () => KeyRing): AccessKeys {
  return {
    async create({ userId, name, role, expiresAt, key = newKey(), ...rules }) {
      const now = Date.now();
      const row: AccessKeyTable = {
        id: newId('key', now),
        userId: userId ?? null,
        name: name ?? null,
        hash: ring().hash(key),
        hint: mask(key),
        role: role ?? null,
        rules: JSON.stringify(rules),
        createdAt: now,
        expiresAt: expiresAt ?? null,
        revokedAt: null,
        revokedReason: null,
      };
      await changes.make('callers', async (tx) => {
        await duplicateAs('This access key is there already.', tx.insertInto('accessKeys').values(row).execute());
      });
      return { accessKey: accessKeyOf(row), key };
    },
    async recognize(key) {
      const row = await db.selectFrom('accessKeys').selectAll().where('hash', '=', ring().hash(key)).executeTakeFirst();
      if (!row) return undefined;
      const accessKey = accessKeyOf(row);
      if (row.userId === null) return { accessKey };
      const user = await db.selectFrom('users').selectAll().where('id', '=', row.userId).executeTakeFirst();
      return { accessKey, ...(user && { user: userOf(user) }) };
    },
    async find(id) {
      const row = await db.selectFrom('accessKeys').selectAll().where('id', '=', id).executeTakeFirst();
      return row && accessKeyOf(row);
    },
    async list({ userId } = {}) {
      const rows = await db
        .selectFrom('accessKeys')
        .selectAll()
        .$if(userId !== undefined, (query) => query.where('userId', '=', userId ?? ''))
        .orderBy('id')
        .execute();
      return rows.map(accessKeyOf);
    },
    async update(id, { userId, name, role, expiresAt, ...rules }) {
      return changes.make('callers', async (tx) => {
        const before = await tx.selectFrom('accessKeys').selectAll().where('id', '=', id).executeTakeFirst();
        if (!before) return undefined;
        const row: AccessKeyTable = {
          ...before,
          ...(userId !== undefined && { userId }),
          ...(name !== undefined && { name }),
          ...(role !== undefined && { role }),
          ...(expiresAt !== undefined && { expiresAt }),
          rules: JSON.stringify(present({ ...parsed<AccessRules>(before.rules), ...rules })),
        };
        await tx.updateTable('accessKeys').set(row).where('id', '=', id).execute();
        return accessKeyOf(row);
      });
    },
    async revoke(id, reason) {
      return changes.make('callers', async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('accessKeys')
          .set({ revokedAt: Date.now(), revokedReason: reason ?? null })
          .where('id', '=', id)
          .where('revokedAt', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      });
    },
    async restore(id) {
      return changes.make('callers', async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('accessKeys')
          .set({ revokedAt: null, revokedReason: null })
          .where('id', '=', id)
          .where('revokedAt', 'is not', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      });
    },
    async remove(id) {
      return changes.make('callers', async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('accessKeys').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      });
    },
    async sweep(before) {
      const over = await db
        .selectFrom('accessKeys')
        .leftJoin('users', 'users.id', 'accessKeys.userId')
        .select(['accessKeys.id as id', 'accessKeys.userId as userId'])
        .where('accessKeys.expiresAt', '<', before)
        .where((is) =>
          is.or([
            is('accessKeys.role', '=', 'temporary'),
            is.and([is('accessKeys.role', 'is', null), is('users.role', '=', 'temporary')]),
          ]),
        )
        .execute();
      if (over.length === 0) return 0;
      const ids = over.map(({ id }) => id);
      const owners = over.flatMap(({ userId }) => (userId === null ? [] : [userId]));
      await changes.make('callers', async (tx) => {
        // Somebody may have given one of them more time meanwhile.
        await tx.deleteFrom('accessKeys').where('id', 'in', ids).where('expiresAt', '<', before).execute();
        if (owners.length === 0) return;
        await tx
          .deleteFrom('users')
          .where('id', 'in', owners)
          .where('role', '=', 'temporary')
          .where((is) =>
            is.not(
              is.exists(
                is.selectFrom('accessKeys').select('accessKeys.id').whereRef('accessKeys.userId', '=', 'users.id'),
              ),
            ),
          )
          .execute();
      });
      return over.length;
    },
    async count() {
      const { many } = await db
        .selectFrom('accessKeys')
        .select((row) => row.fn.countAll<number>().as('many'))
        .where('revokedAt', 'is', null)
        .executeTakeFirstOrThrow();
      return many;
    },
  };
}

function accessKeyOf(row: AccessKeyTable): StoredAccessKey {
  const { id, userId, name, hint, createdAt, expiresAt, revokedAt, revokedReason } = row;
  const role = row.role as Role | null; // written by this file, as the rules are
  const own = present({ id, userId, name, hint, role, createdAt, expiresAt, revokedAt, revokedReason });
  return { ...own, ...parsed<AccessRules>(row.rules) };
}
