import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { isFleeting } from '../../config/storage.ts';
import { howFar, openStorage } from '../../storage/open.ts';
import { describePlace, placeOf } from '../../storage/place.ts';
import { sqliteCode } from '../../storage/sqlite/code.ts';
import { withStoredKeys } from '../../storage/stored-keys.ts';
import { found, type FaultId, type Finding } from '../faults.ts';
import type { Machine } from '../machine.ts';
import { probeDataFolder } from './data-folder.ts';

/** What the storage holds that decides about calls, or why that cannot be told. */
export interface Stored {
  /** With the upstream keys that are stored. */
  readonly config: Config;
  readonly accessKeys: boolean;
  readonly findings: readonly Finding[];
  /** Where it was opened; absent: there is none yet, or it cannot be opened. */
  readonly opened?: string;
}

/** Opens the storage as the server would, and neither makes one nor brings one up to date. */
export async function probeStorage(config: Config, cwd: string, machine: Machine): Promise<Stored> {
  const { place: text, folder = '.', named, encryptionKeys, production } = config.storage;
  const nothing = { config, accessKeys: false, findings: [] };
  if (isFleeting(text)) return nothing;
  const place = placeOf(text, resolve(cwd, folder));
  const where = describePlace(place);
  const faulty = (id: FaultId, seen: string): Stored => ({ ...nothing, findings: [found(id, where, seen)] });
  if (place.type === 'sqlite' && !existsSync(place.path)) {
    const [unwritable] = named ? probeDataFolder(dirname(place.path), machine) : []; // else its folder was looked at already
    return unwritable ? faulty('storage-unwritable', unwritable.seen) : nothing;
  }
  try {
    const { done, pending } = await howFar(place);
    if (done === 0) return nothing;
    if (pending > 0) return faulty('storage-outdated', `${pending} of its migrations are still to be made.`);
    const storage = await openStorage({ place, encryptionKeys, production });
    try {
      const complete = withStoredKeys(config, await storage.credentials.open());
      return { config: complete, accessKeys: (await storage.accessKeys.count()) > 0, findings: [], opened: where };
    } finally {
      await storage.close();
    }
  } catch (error) {
    return faulty(faultOf(error), error instanceof Error ? error.message : String(error));
  }
}

function faultOf(error: unknown): FaultId {
  const causes = causesOf(error);
  const messages = causes.map(({ message }) => message).join('\n');
  const [byWords] = sentences.find(([, words]) => words.test(messages)) ?? [];
  if (byWords !== undefined) return byWords;
  for (const cause of causes) {
    const id = codes[String(cause.code)] ?? sqliteCodes[String(sqliteCode(cause))];
    if (id !== undefined) return id;
  }
  return 'storage-unusable';
}

interface Cause {
  readonly message: string;
  /** The system's, or PostgreSQL's. */
  readonly code?: string;
}

function causesOf(error: unknown): readonly Cause[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  return [error, ...inner.flatMap(causesOf), ...causesOf(error.cause)];
}

/** What our own storage says, and drivers that give no code. */
const sentences: readonly (readonly [FaultId, RegExp])[] = [
  ['storage-newer', /written by a newer version/],
  ['encryption-key-missing', /need an encryption key/],
  [
    'encryption-key-wrong',
    /sealed with another ENCRYPTION_KEY|is not the key that this database|written with a key that is not here/,
  ],
  ['encryption-key-wrong', /The key file .* (cannot be read|holds no key)/],
  ['storage-unreachable', /timeout|Connection terminated/i],
];

/** Of the system; PostgreSQL's are in its manual's appendix A. */
const codes: Readonly<Record<string, FaultId>> = {
  ECONNREFUSED: 'storage-unreachable',
  ECONNRESET: 'storage-unreachable',
  EHOSTUNREACH: 'storage-unreachable',
  ENETUNREACH: 'storage-unreachable',
  ENOTFOUND: 'storage-unreachable',
  EAI_AGAIN: 'storage-unreachable',
  ETIMEDOUT: 'storage-unreachable',
  EACCES: 'storage-unwritable',
  EISDIR: 'storage-unwritable',
  EPERM: 'storage-unwritable',
  EROFS: 'storage-unwritable',
  '28000': 'storage-login-refused',
  '28P01': 'storage-login-refused',
  '3D000': 'storage-database-missing',
  '42501': 'storage-not-allowed',
};

/** sqlite.org/rescode.html: READONLY, CORRUPT, CANTOPEN, NOTADB. */
const sqliteCodes: Readonly<Record<string, FaultId>> = {
  8: 'storage-unwritable',
  11: 'storage-damaged',
  14: 'storage-unwritable',
  26: 'storage-damaged',
};
