import { CompiledQuery, PostgresAdapter } from 'kysely';
import { cellsOf, columns } from './entry.ts';
import { storable, storableJson } from './storable.ts';
import type { CallTable, Database } from './tables.ts';

/** Which of some calls the table of calls has had before is to be told. */
export class SomeKnown extends Error {
  override readonly name = 'SomeKnown';
}

/**
 * Puts rows into the table of calls. Every call of the server comes by here, so the statements are few and constant texts: building and
 * preparing one for each batch would cost more than running it.
 * @throws SomeKnown when some of them are there already, or come twice
 */
export async function insertNewCalls(tx: Database, rows: readonly CallTable[]): Promise<void> {
  let added = 0n;
  for (const insert of insertsOf(tx, rows, 'once')) added += (await tx.executeQuery(insert)).numAffectedRows ?? 0n;
  if (added < rows.length) throw new SomeKnown('Some of these calls are on record.');
}

/** The same where some may be there already; returns the ids of those that were not. */
export async function insertCalls(tx: Database, rows: readonly CallTable[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const insert of insertsOf(tx, rows, 'told')) {
    const { rows: added } = await tx.executeQuery<Pick<CallTable, 'requestId'>>(insert);
    for (const { requestId } of added) ids.add(requestId);
  }
  return ids;
}

function insertsOf(tx: Database, rows: readonly CallTable[], end: keyof typeof ends): Iterable<CompiledQuery> {
  return tx.getExecutor().adapter instanceof PostgresAdapter ? [jsonInsert(rows, ends[end])] : chunkInserts(rows, end);
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

const members = [...columns, 'record'] as const;
const once = 'on conflict (request_id) do nothing';
const ends = { once, told: `${once} returning request_id` };
const into = `into calls (${members.map(snake).join(', ')})`;

/** PostgreSQL takes 65535 parameters in a statement at most, and each costs a message: the rows are one. */
function jsonInsert(rows: readonly CallTable[], end: string): CompiledQuery {
  return CompiledQuery.raw(jsonStatement + end, [storableJson(JSON.stringify(rows))]);
}

const quoted = members.map((member) => `"${member}"`);
const typed = members.map((member) => `"${member}" ${types[member]}`);
const jsonStatement = `insert ${into} select ${quoted.join(', ')} from json_to_recordset($1) as row (${typed.join(', ')}) `;

/** SQLite reads JSON slower than it takes values. */
function* chunkInserts(rows: readonly CallTable[], end: keyof typeof ends): Generator<CompiledQuery> {
  let at = 0;
  for (const { size, ...statements } of chunks)
    for (; at + size <= rows.length; at += size) yield CompiledQuery.raw(statements[end], valuesOf(rows, at, size));
}

function valuesOf(rows: readonly CallTable[], from: number, many: number): unknown[] {
  const values: unknown[] = [];
  for (const row of rows.slice(from, from + many)) {
    for (const cell of cellsOf(row)) values.push(storable(cell));
    values.push(storable(row.record));
  }
  return values;
}

const marks = `(${members.map(() => '?').join(', ')})`;
/**
 * A row that is refused ends the statement where it is (OR FAIL), and its transaction with it: so SQLite needs no copy of each page that
 * the statement changes, by which it could be undone alone.
 */
const chunks = [128, 32, 8, 1].map((size) => {
  const statement = `insert or fail ${into} values ${Array.from({ length: size }, () => marks).join(', ')} `;
  return { size, once: statement + ends.once, told: statement + ends.told };
});

/** As the CamelCasePlugin names them. */
function snake(member: string): string {
  return member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
