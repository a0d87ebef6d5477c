import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { LRUCache } from 'lru-cache';
import { sqliteCode } from './code.ts';

/** Parsing a statement costs more than running it, and the server runs the same few. */
const maxStatements = 100;
/** Another process may be writing: the command line beside the server. */
const maxWaitMs = 10_000;
const pollMs = 5;
const busy = 5; // SQLITE_BUSY

interface Prepared {
  readonly statement: StatementSync;
  /** Whether it gives rows back. */
  readonly reads: boolean;
  /** Whether it does nothing else, and may run twice. */
  readonly selects: boolean;
}

/** Runs what Kysely compiled; a database that is locked is waited for without holding up this process. */
export class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #prepared = new LRUCache<string, Prepared>({ max: maxStatements });

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const prepared = this.#prepare(sql);
    const { statement, reads } = prepared;
    const bound = parameters as readonly SQLInputValue[]; // Kysely hands on what the repositories gave
    if (reads) return { rows: (await patiently(() => rowsOf(prepared, bound))) as Row[] }; // what the schema says
    const { changes, lastInsertRowid } = await patiently(() => statement.run(...bound));
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    const { statement } = this.#prepare(sql);
    for (const row of statement.iterate(...(parameters as readonly SQLInputValue[]))) yield { rows: [row as Row] }; // as above
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, reads: statement.columns().length > 0, selects: /^\s*select\b/i.test(sql) };
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** Sums of what upstreams claimed may be beyond 2^53, which node:sqlite refuses to round. */
function rowsOf({ statement, selects }: Prepared, bound: readonly SQLInputValue[]): Record<string, SQLOutputValue>[] {
  try {
    return statement.all(...bound);
  } catch (error) {
    if (!selects || (error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error;
  }
  statement.setReadBigInts(true);
  try {
    return statement.all(...bound).map(rounded);
  } finally {
    statement.setReadBigInts(false);
  }
}

function rounded(row: Record<string, SQLOutputValue>): Record<string, SQLOutputValue> {
  const cells = Object.entries(row);
  return Object.fromEntries(cells.map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]));
}

/** SQLite's own busy timeout would sleep with the whole process, and for ever when the lock is this process's own. */
export function patiently<Result>(run: () => Result): Result | Promise<Result> {
  try {
    return run();
  } catch (error) {
    if (sqliteCode(error) !== busy) throw error;
    return retry(run);
  }
}

async function retry<Result>(run: () => Result): Promise<Result> {
  const deadline = performance.now() + maxWaitMs;
  for (;;) {
    await sleep(pollMs);
    try {
      return run();
    } catch (error) {
      if (sqliteCode(error) !== busy || performance.now() > deadline) throw error;
    }
  }
}
