/**
 * SQLite's code for what went wrong; undefined: the error is not SQLite's. What stands above its eight bits says more
 * exactly what it was: a file that another process recovers is busy as well. https://sqlite.org/rescode.html
 */
export function sqliteCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown }; // node:sqlite adds it
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}
