import type { Compilable, CompiledQuery, QueryResult } from 'kysely';
import { storable } from './storable.ts';
import type { Database } from './tables.ts';

/** Stands in a query for a value that each run brings. */
class Placeholder<From> {
  readonly read: (from: From) => unknown;

  constructor(read: (from: From) => unknown) {
    this.read = read;
  }
}

type Value<From> = <T>(read: (from: From) => T) => T;

/**
 * A query that is run all the time with other values: building and compiling it would cost more than running it, so that is done once for
 * each database. `value` marks what is read from the argument of a run.
 */
export function preparedQuery<From, Row = never>(
  build: (db: Database, value: Value<From>) => Compilable<Row>,
): (db: Database, from: From) => Promise<QueryResult<Row>> {
  const known = new WeakMap<object, CompiledQuery<Row>>();
  const value: Value<From> = <T>(read: (from: From) => T) => new Placeholder(read) as T; // what a run puts in its place

  return (db, from) => {
    const { adapter } = db.getExecutor();
    let query = known.get(adapter);
    if (!query) known.set(adapter, (query = build(db, value).compile()));
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? storable(parameter.read(from)) : parameter,
    );
    return db.executeQuery({ ...query, parameters });
  };
}
