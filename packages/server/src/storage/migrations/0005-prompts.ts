import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const prompts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('prompts')
      .addColumn('request_id', 'text', (column) => column.primaryKey())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('caller_id', 'text')
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('prompt', 'text', (column) => column.notNull())
      .addColumn('response', 'text', (column) => column.notNull())
      .addColumn('cut', 'integer', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('prompts_by_time').on('prompts').columns(['started_at', 'request_id']).execute();
  },
};
