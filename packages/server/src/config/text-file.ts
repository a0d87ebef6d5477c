import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import { ConfigError } from './problems.ts';

/** A file that people write: UTF-8, or UTF-16 as PowerShell's `>` makes it. @throws ConfigError when it cannot be read. */
export function readText(path: string): string {
  try {
    return textOf(readFileSync(path));
  } catch (error) {
    throw new ConfigError([
      `${path} cannot be read (${codeOf(error)}). It must be a file that the server's user may read.`,
    ]);
  }
}

/** Without the byte order mark that editors on Windows begin with. */
export function textOf(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

/** A file cannot be written; the message says why, and what can be done. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
}

/**
 * Writes a file whole or not at all. Where its folder does not let it be replaced it is written in place, and a disk that gets full
 * meanwhile cuts it. @throws WriteError
 */
export function writeText(path: string, text: string, mode: number): void {
  try {
    writeFileAtomic.sync(path, text, { mode });
  } catch (error) {
    if (!inPlace.has(codeOf(error)) || !existsSync(path)) throw writeError(path, error);
    try {
      writeFileSync(path, text);
    } catch (again) {
      throw writeError(path, again);
    }
  }
}

/** A file that is mounted by itself cannot be replaced, nor one in a folder that is another's. */
const inPlace: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV', 'EACCES', 'EPERM']);

function writeError(path: string, cause: unknown): WriteError {
  const code = codeOf(cause);
  const mend = mends[code] ?? 'See what the system says of it.';
  return new WriteError(`${path} cannot be written (${code}). ${mend}`, { cause });
}

const mends: Readonly<Record<string, string>> = {
  ENOENT: 'Make its folder first.',
  ENOTDIR: 'Make its folder first.',
  EISDIR: 'It is a folder: name a file.',
  EACCES: 'Run the command as the user whose file it is, or name another file.',
  EPERM: 'Run the command as the user whose file it is, or name another file.',
  EROFS: 'It is mounted read-only: change it where it comes from, or name another file.',
  ENOSPC: 'The disk is full: make room.',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
