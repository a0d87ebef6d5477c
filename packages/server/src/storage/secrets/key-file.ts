import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from '../storage-error.ts';

const keyBytes = 32;

/** The key of an installation that names none, or undefined when there is no such file. @throws StorageError */
export function readKeyFile(path: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // the file system's errors have codes
    throw new StorageError(`The key file ${path} cannot be read.`, { cause: error });
  }
  const key = Buffer.from(text, 'base64url');
  if (key.length !== keyBytes)
    throw new StorageError(`The key file ${path} holds no key. Bring it back from a backup.`);
  return key;
}

/** Makes one that its owner alone may read; of two processes at once, both get the same. */
export function createKeyFile(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(keyBytes).toString('base64url')}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600); // a draft of an older process keeps its mode when it is written over
  try {
    linkSync(draft, path); // fails when the file is there, and never shows half of one
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // the file system's errors have codes
  } finally {
    rmSync(draft, { force: true });
  }
  return readKeyFile(path) as Buffer; // it has just been made
}
