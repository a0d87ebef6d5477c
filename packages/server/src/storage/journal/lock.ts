import { DatabaseSync } from 'node:sqlite';

/** Held until it is released, or the process ends in whatever way. */
export interface Lock {
  release(): void;
}

/**
 * The lock of a file, or undefined when a living process has it. Node has no file locks, but SQLite does, and the system frees them
 * when their process is gone; a process's number would not do, since containers all begin with the same.
 */
export function tryLock(path: string): Lock | undefined {
  const file = new DatabaseSync(path);
  try {
    file.exec('BEGIN EXCLUSIVE');
    return { release: () => file.isOpen && file.close() };
  } catch (error) {
    file.close();
    if ((error as { errcode?: unknown }).errcode === busy) return undefined; // node:sqlite adds it
    throw error;
  }
}

/** SQLITE_BUSY */
const busy = 5;
