import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const credentialDetails: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('credentials').addColumn('details', 'text').execute();
  },
};
