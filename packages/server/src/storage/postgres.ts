import { PostgresDialect, PostgresQueryCompiler, type QueryCompiler } from 'kysely';
import pg from 'pg';
import { storable } from './storable.ts';

const maxConnections = 10;
const connectTimeoutMs = 10_000;

/** `complain` hears of connections that broke while nobody used them; the pool makes new ones. */
export function postgresDialect(url: string, complain: (error: Error) => void): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    types: { getTypeParser },
  });
  pool.on('error', complain);
  return new CleaningDialect({ pool });
}

class CleaningDialect extends PostgresDialect {
  override createQueryCompiler(): QueryCompiler {
    return new CleaningCompiler();
  }
}

class CleaningCompiler extends PostgresQueryCompiler {
  protected override addParameter(parameter: unknown): void {
    super.addParameter(storable(parameter));
  }
}

/** Whole numbers and sums of them as numbers: ours stay below 2^53. */
const numeric: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  numeric.has(oid) ? Number : pg.types.getTypeParser(oid, format as 'text'); // one overload a format
