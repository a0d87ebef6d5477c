import { text as textOf } from 'node:stream/consumers';
import { stdin } from 'node:process';
import { unknownName } from '../../config/problems.ts';
import { knownProviders } from '../../config/providers.ts';
import { actor, AskedAmiss, table, when, withStorage, type StorageFlags } from './with-storage.ts';

export interface CredentialFlags extends StorageFlags {
  readonly weight?: number;
}

/** The key may come from stdin, so that no list of processes or history shows it. */
export function addCredential(upstream: string, given: string | undefined, flags: CredentialFlags): Promise<void> {
  return withStorage(flags, async ({ credentials, audit }, { upstreams, vendors }) => {
    // A provider of that name may be brought about by its key alone: storage/stored-keys.ts.
    const known = [...new Set([...upstreams.map(({ name }) => name), ...knownProviders(vendors).names])];
    if (!known.includes(upstream)) throw new AskedAmiss(unknownName(upstream, 'an upstream or a provider', known));
    const key = given === undefined || given === '-' ? (await textOf(stdin)).trim() : given;
    if (key === '') throw new AskedAmiss(`Which key? proxy credentials add ${upstream} < file-with-the-key`);
    const { weight } = flags;
    const added = await credentials.add({ upstream, key, ...(weight !== undefined && { weight }) });
    await audit.append({ actor: actor(), action: 'credential.create', object: added.id, after: added });
    return {
      text: `Stored ${added.hint} for "${upstream}": running servers use it within a second or two.`,
      data: added,
    };
  });
}

export function listCredentials(flags: CredentialFlags): Promise<void> {
  return withStorage(flags, async ({ credentials }) => {
    const all = await credentials.list();
    if (all.length === 0)
      return { text: 'No stored upstream key. Add one: proxy credentials add <upstream>', data: [] };
    const rows = all.map(({ id, upstream, hint, weight, createdAt }) => [
      id,
      upstream,
      hint,
      weight ?? '',
      when(createdAt),
    ]);
    return { text: table(['id', 'upstream', 'key', 'weight', 'since'], rows), data: all };
  });
}

export function removeCredential(id: string, flags: CredentialFlags): Promise<void> {
  return withStorage(flags, async ({ credentials, audit }) => {
    const before = await credentials.find(id);
    if (!before) throw new AskedAmiss(`There is no stored key "${id}". See proxy credentials list.`);
    await credentials.remove(id);
    await audit.append({ actor: actor(), action: 'credential.remove', object: id, before });
    return { text: `Removed ${before.hint} of "${before.upstream}".`, data: before };
  });
}

export function reencryptCredentials(flags: CredentialFlags): Promise<void> {
  return withStorage(flags, async ({ credentials, audit }) => {
    const count = await credentials.reencrypt();
    await audit.append({ actor: actor(), action: 'credential.reencrypt', object: 'all', after: { count } });
    const text = `Sealed ${count} with the current encryption key. The previous one is needed no longer, once every server has read the new one.`;
    return { text, data: { reencrypted: count } };
  });
}
