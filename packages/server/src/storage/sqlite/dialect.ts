import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Dialect } from 'kysely';
import { storable } from '../storable.ts';
import { NodeSqliteDriver } from './driver.ts';

/** Kysely over node:sqlite. `path` may be `:memory:`. */
export function nodeSqliteDialect(path: string): Dialect {
  return {
    createDriver: () => new NodeSqliteDriver(path),
    createAdapter: () => new TransactionalAdapter(),
    createQueryCompiler: () => new CleaningCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** So that two processes that open a new file migrate it one after the other: SQLite's tables are made within transactions. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class CleaningCompiler extends SqliteQueryCompiler {
  protected override addParameter(parameter: unknown): void {
    super.addParameter(storable(parameter));
  }
}
