import { userInfo } from 'node:os';
import { stdout } from 'node:process';
import Table from 'cli-table3';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { isFleeting } from '../../config/storage.ts';
import { openStorage } from '../../storage/open.ts';
import { defaultStorage, placeOf } from '../../storage/place.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Storage } from '../../storage/storage.ts';

export interface StorageFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** What a command has to say: to people, and to programs that asked for JSON. */
export interface Said {
  readonly text: string;
  readonly data: unknown;
}

/** Somebody asked for what cannot be done; the message says what can. */
export class AskedAmiss extends Error {}

/** Opens the server's storage, beside the server if it runs, and says what came of the command. */
export async function withStorage(
  flags: StorageFlags,
  act: (storage: Storage, config: Config) => Promise<Said>,
): Promise<void> {
  try {
    const { storage, config } = await open(flags);
    try {
      const { text, data } = await act(storage, config);
      stdout.write(`${flags.json ? JSON.stringify(data, null, 2) : text}\n`);
    } finally {
      await storage.close();
    }
  } catch (error) {
    if (!(error instanceof AskedAmiss || error instanceof ConfigError || error instanceof StorageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function open({ config: file }: StorageFlags): Promise<{ readonly storage: Storage; readonly config: Config }> {
  const flags = file === undefined ? {} : { config: file };
  const config = loadConfig({ cwd: process.cwd(), env: process.env, flags, defaultStorage });
  const { place, folder = process.cwd(), encryptionKeys, production } = config.storage;
  if (isFleeting(place))
    throw new AskedAmiss(
      `Nothing is kept here: storage is "${place}". Name a file or a postgres:// address as storage.`,
    );
  return { storage: await openStorage({ place: placeOf(place, folder), encryptionKeys, production }), config };
}

/** Who did it, for the audit log. */
export function actor(nameOf: () => string = () => userInfo().username): string {
  try {
    return `cli:${nameOf()}`;
  } catch {
    // A container may run as a number that no user of its image has.
    return `cli:${process.getuid?.() ?? 'unknown'}`;
  }
}

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true });
  for (const row of rows) drawn.push(row.map(String));
  return drawn.toString();
}

/** `2026-01-31 12:00`, or nothing. */
export function when(time: number | undefined): string {
  return time === undefined ? '' : new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
