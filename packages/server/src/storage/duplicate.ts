import { StorageError } from './storage-error.ts';

/** Tells in our words that a row is there already. @throws StorageError */
export async function duplicateAs<Result>(message: string, writing: Promise<Result>): Promise<Result> {
  try {
    return await writing;
  } catch (error) {
    if (isDuplicate(error)) throw new StorageError(message, { cause: error });
    throw error;
  }
}

/** SQLITE_CONSTRAINT_PRIMARYKEY and _UNIQUE; PostgreSQL's unique_violation. */
const sqliteCodes: ReadonlySet<unknown> = new Set([1555, 2067]);
const postgresCode = '23505';

function isDuplicate(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }; // what the two drivers add
  return code === postgresCode || sqliteCodes.has(errcode);
}
