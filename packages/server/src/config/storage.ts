import * as z from 'zod';
import { set, type Environment } from './expand.ts';
import { belowStart, words } from './schema-parts.ts';

/** Where what must outlive the server is kept, and under which keys. */
export interface StorageConfig {
  /** `memory`, `none`, `postgres://…` or the path of a SQLite file. */
  readonly place: string;
  /** What a path is relative to; absent: the working directory. */
  readonly folder?: string;
  /** Somebody named the place; else the server goes on in memory where it cannot be used. */
  readonly named: boolean;
  /** The first seals secrets, all open them. */
  readonly encryptionKeys: readonly string[];
  /** NODE_ENV says so: stored upstream keys need an encryption key then. */
  readonly production: boolean;
  /** How long temporary access keys stay listed after they have expired (row C15). */
  readonly temporaryKeyHours: number;
}

/** Top options of the file. */
export const storageOptions = {
  storage: words()
    .refine(
      (text) => placeProblem(text) === undefined,
      'must be memory, none, a postgres:// address or the path of a file.',
    )
    .describe(
      `memory, none, a postgres:// address, or the path of a SQLite file: ${belowStart}, or to BASE_PATH where that is set.`,
    )
    .exactOptional(),
  encryptionKey: words().exactOptional(),
  previousEncryptionKeys: z.array(words()).exactOptional(),
};

type StorageFile = { readonly [Name in keyof typeof storageOptions]?: z.output<(typeof storageOptions)[Name]> };

/** The file's word, then the environment's, then the default of whoever asks: the command line keeps a file, others nothing. */
export function storageOf(
  { storage, encryptionKey, previousEncryptionKeys = [] }: StorageFile,
  env: Environment,
  fallback: string,
  notes: string[],
): StorageConfig {
  const named = storage ?? fromVariable(env, 'DATABASE_URL', notes) ?? fromVariable(env, 'DATABASE_PATH', notes);
  const folder = set(env, 'BASE_PATH');
  const key = encryptionKey ?? set(env, 'ENCRYPTION_KEY');
  return {
    place: named ?? fallback,
    named: named !== undefined,
    encryptionKeys: key === undefined ? [] : [key, ...previousEncryptionKeys],
    production: env.NODE_ENV === 'production',
    temporaryKeyHours: hoursIn(env, notes),
    ...(folder !== undefined && { folder }),
  };
}

const defaultTemporaryKeyHours = 48;

// oai-reverse-proxy's.
function hoursIn(env: Environment, notes: string[]): number {
  const text = set(env, 'POW_TOKEN_PURGE_HOURS');
  if (text === undefined) return defaultTemporaryKeyHours;
  const hours = Number(text);
  if (hours >= 0) return hours;
  notes.push(`POW_TOKEN_PURGE_HOURS is ignored: "${text}" is no number of hours.`);
  return defaultTemporaryKeyHours;
}

/** Nothing outlives the process there. */
export function isFleeting(place: string): boolean {
  return place === 'memory' || place === 'none';
}

// Platforms set DATABASE_URL for whatever database an app has.
function fromVariable(env: Environment, name: string, notes: string[]): string | undefined {
  const text = set(env, name);
  if (text === undefined || placeProblem(text) === undefined) return text;
  notes.push(`${name} is ignored: ${placeProblem(text)}.`);
  return undefined;
}

function placeProblem(text: string): string | undefined {
  const scheme = /^([\w+.-]+):\/\//.exec(text)?.[1];
  if (scheme === undefined || ['postgres', 'postgresql', 'sqlite', 'file'].includes(scheme)) return undefined;
  return `${scheme} is not spoken, but SQLite (the path of a file) and PostgreSQL (postgres://…) are`;
}
