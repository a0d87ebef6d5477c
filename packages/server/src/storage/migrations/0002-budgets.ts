import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Budgets are leased to processes, which spending by owner and period alone could not tell. */
export const budgets: Migration = {
  async up(db: Kysely<unknown>) {
    const table = (name: string) => db.schema.createTable(name);

    await db.schema.dropTable('spending').execute();

    await table('budget_books')
      .addColumn('budget', 'text', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .addColumn('spent', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('budget_books_key', ['budget', 'ends_at'])
      .execute();

    await table('budget_slices')
      .addColumn('budget', 'text', (column) => column.notNull())
      .addColumn('leaves_at', 'bigint', (column) => column.notNull())
      .addColumn('spent', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('budget_slices_key', ['budget', 'leaves_at'])
      .execute();

    await table('budget_leases')
      .addColumn('budget', 'text', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('amount', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('budget_leases_key', ['budget', 'ends_at', 'holder'])
      .execute();

    await table('budget_holders')
      .addColumn('holder', 'text', (column) => column.primaryKey())
      .addColumn('valid_until', 'bigint', (column) => column.notNull())
      .execute();
  },
};
