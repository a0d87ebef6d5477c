import type { Limits } from '@proxy/core';
import type { Changes } from './changes.ts';
import { newId } from './ids.ts';
import { parsed, present, written } from './row.ts';
import type { Role } from './rules.ts';
import { duplicateAs } from './duplicate.ts';
import type { Database, UserTable } from './tables.ts';

/** Somebody who has access keys; the user's limits bind all of them together. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role?: Role;
  readonly limits?: Limits;
  /** For people. */
  readonly note?: string;
  readonly createdAt: number;
  readonly disabledAt?: number;
  readonly disabledReason?: string;
}

export interface NewUser {
  readonly name: string;
  readonly role?: Role;
  readonly limits?: Limits;
  readonly note?: string;
}

/** Absent: as it is. `null`: none from now on. */
export interface UserChanges {
  readonly name?: string;
  readonly role?: Role | null;
  readonly limits?: Limits | null;
  readonly note?: string | null;
  /** A reason disables the user and every key; `null` enables again. */
  readonly disabled?: string | null;
}

export interface Users {
  /** @throws StorageError when the name is taken. */
  create(user: NewUser): Promise<User>;
  /** By id or by name. */
  find(which: string): Promise<User | undefined>;
  /** By name. */
  list(): Promise<readonly User[]>;
  /** Undefined: there is no such user. @throws StorageError when the new name is taken. */
  update(id: string, changes: UserChanges): Promise<User | undefined>;
  /** With every access key; calls stay on record. False: there is no such user. */
  remove(id: string): Promise<boolean>;
}

export function usersIn(db: Database, changes: Changes): Users {
  return {
    async create({ name, role, limits, note }) {
      const now = Date.now();
      const row: UserTable = {
        id: newId('user', now),
        name,
        role: role ?? null,
        limits: written(limits),
        note: note ?? null,
        createdAt: now,
        disabledAt: null,
        disabledReason: null,
      };
      await duplicateAs(`There is a user "${name}" already.`, db.insertInto('users').values(row).execute());
      return userOf(row);
    },
    async find(which) {
      const row = await db
        .selectFrom('users')
        .selectAll()
        .where((is) => is.or([is('id', '=', which), is('name', '=', which)]))
        .executeTakeFirst();
      return row && userOf(row);
    },
    async list() {
      const rows = await db.selectFrom('users').selectAll().orderBy('name').execute();
      return rows.map(userOf);
    },
    async update(id, { name, role, limits, note, disabled }) {
      const row = await changes.make('callers', async (tx) => {
        const changing = tx
          .updateTable('users')
          .set({
            id,
            ...(name !== undefined && { name }),
            ...(role !== undefined && { role }),
            ...(limits !== undefined && { limits: limits && JSON.stringify(limits) }),
            ...(note !== undefined && { note }),
            ...(disabled !== undefined && {
              disabledAt: disabled === null ? null : Date.now(),
              disabledReason: disabled,
            }),
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        return duplicateAs(`There is a user "${String(name)}" already.`, changing);
      });
      return row && userOf(row);
    },
    async remove(id) {
      return changes.make('callers', async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('users').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      });
    },
  };
}

export function userOf({ limits, role, ...row }: UserTable): User {
  return present({ ...row, role: role as Role | null, limits: parsed<Limits>(limits) ?? null }); // written by this file
}
