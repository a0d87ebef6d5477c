import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { put } from '../../admin/predecessors/reverse-proxy-users.ts';
import { shownUser, writtenUser } from '../../admin/predecessors/reverse-proxy-user.ts';
import { Refusal } from '../../admin/refusal.ts';
import { pathText } from '../../config/problems.ts';
import { textOf } from '../../config/text-file.ts';
import { actor, AskedAmiss, withStorage, type StorageFlags } from './with-storage.ts';

// Access keys as oai-reverse-proxy writes its users (row C17): `{ users: […] }`, which its PUT /admin/users took as well.

/** With our id where the key was: nobody can read that again. Imported here, it changes the keys that are here. */
export function exportAccessKeys(flags: StorageFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const keys = await storage.accessKeys.list();
    const data = { users: await Promise.all(keys.map((key) => shownUser(key, storage))) };
    return { text: JSON.stringify(data, null, 2), data };
  });
}

export function importAccessKeys(file: string, flags: StorageFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const users = usersIn(file);
    for (const { token, hint: _hint, ...user } of users) {
      const { change } = await put(token, user, storage).catch((error: unknown) => {
        throw error instanceof Refusal ? new AskedAmiss(`${user.nickname ?? 'A user'}: ${error.message}`) : error;
      });
      await storage.audit.append({ actor: actor(), action: 'access-key.import', ...change });
    }
    const text = `Imported ${users.length} access keys: running servers take them within a second or two.`;
    return { text, data: { count: users.length } };
  });
}

const user = writtenUser.extend({ token: z.string(), hint: z.string().exactOptional() });
const exported = z.union([z.object({ users: z.array(user) }).transform(({ users }) => users), z.array(user)]);

function usersIn(file: string): z.output<typeof exported> {
  const checked = exported.safeParse(read(file));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues.flatMap((one) => (one.code === 'invalid_union' ? one.errors.flat() : [one]));
  const place = pathText(issue?.path ?? []);
  throw new AskedAmiss(
    `${file} cannot be imported: ${place === '' ? '' : `${place}: `}${issue?.message ?? ''}. ` +
      'It must be {"users": […]}, as oai-reverse-proxy and "proxy keys export" write it.',
  );
}

function read(file: string): unknown {
  try {
    return JSON.parse(textOf(readFileSync(file))) as unknown;
  } catch (error) {
    // What a parser says would quote the file, and that holds tokens.
    const code =
      error instanceof SyntaxError
        ? 'it is not JSON'
        : error instanceof Error && 'code' in error
          ? String(error.code)
          : 'unknown';
    throw new AskedAmiss(`${file} cannot be read: ${code}.`);
  }
}
