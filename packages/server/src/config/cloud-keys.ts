import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { set, type Environment } from './expand.ts';

/** What several variables, or a file that one of them names, make up together as a secret. @throws Error with what is wrong. */
const makers: Readonly<Record<string, (env: Environment) => string | undefined>> = {
  // As @azure/identity reads them.
  azure(env) {
    const parts = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'].map((name) => set(env, name));
    return parts.includes(undefined) ? undefined : ['entra', ...parts].join(':');
  },
  // As every library of Google's reads it.
  vertex(env) {
    const path = set(env, 'GOOGLE_APPLICATION_CREDENTIALS');
    return path === undefined ? undefined : readKeyFile(path, '.');
  },
};

/** The secret for a provider that the environment says in a way of its own. @throws Error when the file it names is unreadable. */
export function cloudKeyFrom(provider: string, env: Environment): string | undefined {
  return makers[provider]?.(env);
}

/** A key's file, without the line break at its end. @throws Error naming the path. */
export function readKeyFile(path: string, folder: string): string {
  const absolute = resolve(folder, path);
  try {
    const text = readFileSync(absolute, 'utf8').trim();
    if (text === '') throw new Error('it is empty');
    return text;
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'it is empty';
    throw new Error(`${absolute} cannot be read (${why}).`, { cause: error });
  }
}
