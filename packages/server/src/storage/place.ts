import { basename, dirname, resolve } from 'node:path';

/** Where the server keeps what must outlive it. */
export type StoragePlace =
  /** `withoutCalls`: those are not even kept there. */
  | { readonly type: 'memory'; readonly withoutCalls?: true }
  | { readonly type: 'sqlite'; readonly path: string }
  /** `folder`: for what belongs to this machine alone, such as the journal. */
  | { readonly type: 'postgres'; readonly url: string; readonly folder: string };

/** Where the command line keeps things when nobody says. */
export const defaultStorage = 'data/proxy.db';

/** `memory`, `none` (memory, and calls are not kept), `postgres://…` or the path of a SQLite file, relative to `folder`. */
export function placeOf(text: string, folder: string): StoragePlace {
  if (text === 'memory') return { type: 'memory' };
  if (text === 'none') return { type: 'memory', withoutCalls: true };
  if (isPostgres(text)) return { type: 'postgres', url: text, folder: resolve(folder, 'data') };
  return { type: 'sqlite', path: resolve(folder, text.replace(/^(sqlite|file):(\/\/)?(?=.)/, '')) };
}

export function isPostgres(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text);
}

/** For people: never with a password. */
export function describePlace(place: StoragePlace): string {
  switch (place.type) {
    case 'memory':
      return 'memory';
    case 'sqlite':
      return place.path;
    case 'postgres': {
      // Its driver reads more than URLs are, and an error about one would tell the whole of it.
      if (!URL.canParse(place.url)) return 'postgres://…';
      const { protocol, host, pathname } = new URL(place.url);
      return `${protocol}//${host}${pathname}`;
    }
  }
}

/** A file or folder of this machine that belongs to the database; undefined in memory. */
export function beside(place: StoragePlace, suffix: string): string | undefined {
  switch (place.type) {
    case 'memory':
      return undefined;
    case 'sqlite':
      return resolve(dirname(place.path), `${basename(place.path)}.${suffix}`);
    case 'postgres':
      return resolve(place.folder, `postgres.${suffix}`);
  }
}
