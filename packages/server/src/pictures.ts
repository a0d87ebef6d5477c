import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Config } from './config/config.ts';
import type { PictureStore, PictureType } from './doors/picture-store.ts';

/** The folder of the configuration, relative to its file; undefined when pictures are not to be kept. */
export function picturesIn({ doors: { pictures }, file = '.' }: Config): PictureStore | undefined {
  return pictures && createPictures(resolve(dirname(file), pictures.path), pictures.maxMb * 1024 * 1024);
}

/** Pictures in a folder; the oldest make room for new ones. Several processes may share it. */
export function createPictures(folder: string, maxBytes: number): PictureStore {
  return {
    async keep(bytes, type) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${randomBytes(24).toString('base64url')}.${endings[type]}`;
      await writeFile(join(folder, name), bytes, { flag: 'wx', mode: 0o600 });
      await makeRoom(folder, maxBytes);
      return name;
    },
    async find(name) {
      const type = types.get(pictureName.exec(name)?.[1] ?? '');
      if (type === undefined) return undefined;
      const bytes = await readFile(join(folder, name)).catch(() => undefined);
      return bytes && { bytes, type };
    },
  };
}

const endings: Readonly<Record<PictureType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
};
const types = new Map(Object.entries(endings).map(([type, ending]) => [ending, type as PictureType])); // its keys

/** What `keep` makes: nothing else is read, and nothing else of the folder is deleted. */
const pictureName = /^[\w-]{32}\.(png|jpg|webp|gif)$/;

async function makeRoom(folder: string, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => pictureName.test(name));
  const files = await Promise.all(names.map((name) => sizeAndAge(join(folder, name))));
  let room = maxBytes;
  for (const { path, size } of files.sort((a, b) => b.writtenMs - a.writtenMs)) {
    room -= size;
    if (room < 0) await rm(path, { force: true });
  }
}

/** Another process may have deleted it a moment ago. */
async function sizeAndAge(path: string) {
  const found = await stat(path).catch(() => undefined);
  return { path, size: found?.size ?? 0, writtenMs: found?.mtimeMs ?? 0 };
}
