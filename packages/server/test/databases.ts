import { join } from 'node:path';
import { placeOf, type StoragePlace } from '../src/storage/place.ts';
import { leaveOutPostgres, newPostgresDatabase } from './postgres.ts';
import { folder } from './support.ts';

/** The databases that everything durable must hold on: `describe.each(databases)`. */
export const databases: readonly {
  readonly name: string;
  /** What the configuration's `storage` says for a new, empty one. */
  readonly address: () => Promise<string>;
}[] = [
  { name: 'SQLite', address: async () => join(folder(), 'data', 'proxy.db') },
  ...(leaveOutPostgres ? [] : [{ name: 'PostgreSQL', address: newPostgresDatabase }]),
];

export async function newPlace({ address }: (typeof databases)[number]): Promise<StoragePlace> {
  return placeOf(await address(), folder());
}
