import { CompiledQuery, PostgresAdapter } from 'kysely';
import { storable, storableJson } from './storable.ts';
import type { CallTable, Database } from './tables.ts';

/**
 * Puts rows into the table of calls; returns the ids of those that were not there. Every call of the server comes by here, so the
 * statements are few and constant texts: building and preparing one for each batch would cost more than running it.
 */
export async function insertCalls(tx: Database, rows: readonly CallTable[]): Promise<Set<string>> {
  const inserts = tx.getExecutor().adapter instanceof PostgresAdapter ? [jsonInsert(rows)] : chunkInserts(rows);
  const ids = new Set<string>();
  for (const insert of inserts) {
    const { rows: added } = await tx.executeQuery<Pick<CallTable, 'requestId'>>(insert);
    for (const { requestId } of added) ids.add(requestId);
  }
  return ids;
}

const types = {
  requestId: 'text',
  startedAt: 'bigint',
  durationMs: 'double precision',
  status: 'integer',
  callerId: 'text',
  userId: 'text',
  operation: 'text',
  model: 'text',
  upstream: 'text',
  upstreamModel: 'text',
  inputTokens: 'bigint',
  outputTokens: 'bigint',
  costNanos: 'bigint',
  failure: 'text',
  record: 'text',
} as const satisfies Readonly<Record<keyof CallTable, string>>;

const members = Object.keys(types) as readonly (keyof CallTable)[]; // its own keys
const into = `insert into calls (${members.map(snake).join(', ')})`;
const once = 'on conflict (request_id) do nothing returning request_id';

/** PostgreSQL takes 65535 parameters in a statement at most, and each costs a message: the rows are one. */
function jsonInsert(rows: readonly CallTable[]): CompiledQuery {
  return CompiledQuery.raw(jsonStatement, [storableJson(JSON.stringify(rows))]);
}

const quoted = members.map((member) => `"${member}"`);
const typed = members.map((member) => `"${member}" ${types[member]}`);
const jsonStatement = `${into} select ${quoted.join(', ')} from json_to_recordset($1) as row (${typed.join(', ')}) ${once}`;

/** SQLite reads JSON slower than it takes values. */
function* chunkInserts(rows: readonly CallTable[]): Generator<CompiledQuery> {
  let at = 0;
  for (const { size, statement } of chunks)
    for (; at + size <= rows.length; at += size) {
      const some = rows.slice(at, at + size);
      const values = some.flatMap((row) => members.map((member) => storable(row[member])));
      yield CompiledQuery.raw(statement, values);
    }
}

const marks = `(${members.map(() => '?').join(', ')})`;
const chunks = [64, 16, 4, 1].map((size) => ({
  size,
  statement: `${into} values ${Array.from({ length: size }, () => marks).join(', ')} ${once}`,
}));

/** As the CamelCasePlugin names them. */
function snake(member: string): string {
  return member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
