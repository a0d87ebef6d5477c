import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { found, type Finding } from '../faults.ts';
import type { Machine } from '../machine.ts';

const leastFreeBytes = 100 * 1024 * 1024;

/** Whether records and the database can be written; `folder` may still be to make. */
export function probeDataFolder(folder: string, { freeBytes }: Machine): readonly Finding[] {
  const there = nearestThere(folder);
  if (!statSync(there).isDirectory())
    return [found('data-folder-unwritable', folder, `${there} is a file, where a folder is to be.`)];
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return [found('data-folder-unwritable', folder, `${there} cannot be written by this user (${code}).`)];
  }
  const free = freeBytes(there);
  if (free >= leastFreeBytes) return [];
  return [found('disk-full', folder, `Only ${Math.floor(free / 1024 / 1024)} MB are free there.`)];
}

function nearestThere(folder: string): string {
  return existsSync(folder) ? folder : nearestThere(dirname(folder));
}
