import { DatabaseSync } from 'node:sqlite';
import { CompiledQuery, type DatabaseConnection, type Driver } from 'kysely';
import { NodeSqliteConnection, patiently } from './connection.ts';

const pageBytes = 8192;

/** One connection, which Kysely hands to one asker after the other. */
export class NodeSqliteDriver implements Driver {
  readonly #path: string;
  #database: DatabaseSync | undefined;
  #connection: NodeSqliteConnection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async init(): Promise<void> {
    const database = new DatabaseSync(this.#path, { enableForeignKeyConstraints: true });
    // Half as many writes as with SQLite's own 4096, each of which is two calls of the system. Only a new file hears it.
    database.exec(`PRAGMA page_size = ${pageBytes}`);
    // WAL with NORMAL survives the end of the process at any moment; a loss of power may undo the last commits, which the
    // journal then brings again (journal/).
    await patiently(() => database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;'));
    this.#database = database;
    this.#connection = new NodeSqliteConnection(database);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection as NodeSqliteConnection; // Kysely calls init first
  }

  // One that reads first and writes later fails at once when another process wrote in between: so it locks from its start.
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#database?.close();
  }
}
