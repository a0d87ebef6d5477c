import { createHmac, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { settingOf, settleOn } from '../settings.ts';
import { StorageError } from '../storage-error.ts';
import type { Database } from '../tables.ts';
import { keyIdOf, seal, sealingKey, unseal, type SealingKey } from './envelope.ts';
import { createKeyFile, readKeyFile } from './key-file.ts';

/** Seals secrets of the database and opens them again; hashes access keys. */
export interface KeyRing {
  /** Of the key that seals from now on. */
  readonly keyId: string;
  /** Whether somebody configured the key that seals, rather than it lying beside the database. */
  readonly configured: boolean;
  seal(plain: string, place: string): string;
  /** Undefined: none of our keys opens it. */
  open(envelope: string, place: string): string | undefined;
  knows(keyId: string): boolean;
  /** HMAC-SHA-256 under a key that only this database's owner has. */
  hash(text: string): string;
  /** Seals the hashing key anew, so that the keys that sealed before may be forgotten. */
  reseal(db: Database): Promise<void>;
}

export interface KeyRingOptions {
  /** The first seals, all open. Empty: the key file does. */
  readonly encryptionKeys: readonly string[];
  /** Absent: in memory, forgotten with the database. */
  readonly keyFile?: string;
}

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);
// RFC 7914 §2: N=2^15, r=8 takes 32 MB and a tenth of a second, once a start.
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const keyBytes = 32;
const hashingPlace = 'settings.hashing-key';

/** @throws StorageError when none of the keys opens what the database holds. */
export async function openKeyRing(db: Database, { encryptionKeys, keyFile }: KeyRingOptions): Promise<KeyRing> {
  const salt = Buffer.from(await settleOn(db, 'key-salt', () => randomBytes(16).toString('base64url')), 'base64url');
  const keys: SealingKey[] = [];
  for (const text of encryptionKeys) keys.push(sealingKey(await derive(text, salt, keyBytes, cost)));
  const sealedHashing = await settingOf(db, 'hashing-key');
  // Read behind it: another process that begins at the same moment makes the file first.
  const ownFile = keyFile === undefined ? undefined : readKeyFile(keyFile);
  if (ownFile) keys.push(sealingKey(ownFile));

  if (sealedHashing === undefined && keys.length === 0)
    keys.push(sealingKey(keyFile === undefined ? randomBytes(keyBytes) : createKeyFile(keyFile)));
  const [first] = keys;
  if (!first) throw wrongKey(encryptionKeys, keyFile);

  const open = (envelope: string, place: string) =>
    keys.reduce<Buffer | undefined>((opened, key) => opened ?? unseal(key, envelope, place), undefined);
  const settled =
    sealedHashing ?? (await settleOn(db, 'hashing-key', () => seal(first, randomBytes(keyBytes), hashingPlace)));
  const hashingKey = open(settled, hashingPlace);
  if (!hashingKey) throw wrongKey(encryptionKeys, keyFile);

  return {
    keyId: first.id,
    configured: encryptionKeys.length > 0,
    seal: (plain, place) => seal(first, plain, place),
    open: (envelope, place) => open(envelope, place)?.toString(),
    knows: (keyId) => keys.some(({ id }) => id === keyId),
    hash: (text) => createHmac('sha256', hashingKey).update(text).digest('base64url'),
    async reseal(tx) {
      const value = await settingOf(tx, 'hashing-key');
      if (value !== undefined && keyIdOf(value) === first.id) return;
      await tx
        .updateTable('settings')
        .set({ value: seal(first, hashingKey, hashingPlace) })
        .where('name', '=', 'hashing-key')
        .execute();
    },
  };
}

function wrongKey(encryptionKeys: readonly string[], keyFile: string | undefined): StorageError {
  return new StorageError(
    encryptionKeys.length > 0
      ? 'ENCRYPTION_KEY (encryptionKey) is not the key that this database was written with. Start with the old key, or with both: the new one as encryptionKey, the old one in previousEncryptionKeys.'
      : `The database was written with a key that is not here. Set ENCRYPTION_KEY (encryptionKey) to it${keyFile === undefined ? '' : `, or bring back ${keyFile}`}.`,
  );
}
