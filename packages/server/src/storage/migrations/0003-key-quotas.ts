import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** How many calls each upstream key has had, where it is good for so many only. */
export const keyQuotas: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('key_quotas')
      .addColumn('credential', 'text', (column) => column.primaryKey())
      .addColumn('used', 'bigint', (column) => column.notNull())
      .execute();
  },
};
