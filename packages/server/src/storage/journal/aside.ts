import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { callOf } from '../call-row.ts';
import type { Entry } from '../entry.ts';
import type { CallTable } from '../tables.ts';
import type { Tell } from './journal.ts';

/** Takes a record that the database refuses for what it holds. @throws the system's error when it cannot be kept. */
export type SetAside = (entry: Entry, error: unknown) => void;

export const asideName = 'refused.jsonl';
/** A database that refuses every record must not fill the disk with them. */
const maxAsideBytes = 64 * 1024 * 1024;

/** Keeps them in a file beside the journal's until somebody has them put on record: asked at once, the database would only refuse them again. */
export function asideIn(folder: string | undefined, tell: Tell, maxBytes = maxAsideBytes): SetAside {
  return ({ row }, error) => {
    const { requestId } = row;
    const reason = reasonOf(error);
    const path = folder && join(folder, asideName);
    const line = asideLine(row, reason);
    if (path === undefined || sizeOf(path) + line.length > maxBytes) {
      tell('error', 'The database refuses the record of a call; it is lost.', { requestId, reason });
      return;
    }
    appendFileSync(path, line, { mode: 0o600 });
    tell('error', 'The database refuses the record of a call; it has been set aside.', { requestId, reason, path });
  };
}

/** With the whole call, for people. */
export function asideLine(row: CallTable, reason: string): string {
  return `${JSON.stringify({ refusedAt: new Date().toISOString(), reason, record: callOf(row) })}\n`;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whether it is about what a record holds, so that waiting mends nothing: not about a database that is away, locked or full. */
export function refusesRecord(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }; // as drivers add them
  if (typeof errcode === 'number') return sqliteRefusals.has(errcode & 0xff); // the rest says which constraint
  return typeof code === 'string' && (postgresRefusals.test(code) || unbindable.has(code));
}

/** SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH: https://sqlite.org/rescode.html */
const sqliteRefusals: ReadonlySet<number> = new Set([18, 19, 20]);
/** Data exceptions, violated constraints, limits exceeded: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const postgresRefusals = /^(22|23|54)[0-9A-Z]{3}$/;
/** Of node:sqlite, for values that are none of SQL's. */
const unbindable: ReadonlySet<string> = new Set(['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE']);
