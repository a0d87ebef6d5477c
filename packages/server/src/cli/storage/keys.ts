import type { AccessKeyChanges, StoredAccessKey } from '../../storage/access-keys.ts';
import type { Role } from '../../storage/rules.ts';
import type { Storage } from '../../storage/storage.ts';
import { userNamed } from './users.ts';
import { limitsOf, limitsText, type LimitFlags } from './values.ts';
import { actor, AskedAmiss, table, when, withStorage, type StorageFlags } from './with-storage.ts';

export interface KeyFlags extends StorageFlags, LimitFlags {
  readonly user?: string;
  readonly name?: string;
  readonly role?: Role;
  readonly models?: readonly string[];
  readonly operations?: readonly string[];
  readonly addresses?: readonly string[];
  readonly maxAddresses?: number;
  readonly expires?: number;
  readonly reason?: string;
}

export function addAccessKey(flags: KeyFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const userId = flags.user === undefined ? undefined : (await userNamed(storage, flags.user)).id;
    const { accessKey, key } = await storage.accessKeys.create({ ...said(flags, {}), ...(userId && { userId }) });
    await storage.audit.append({ actor: actor(), action: 'access-key.create', object: accessKey.id, after: accessKey });
    const text = `${key}\nThis is the only time it is shown: ${accessKey.id} keeps no more than ${accessKey.hint}.`;
    return { text, data: { ...accessKey, key } };
  });
}

export function listAccessKeys(flags: KeyFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const userId = flags.user === undefined ? undefined : (await userNamed(storage, flags.user)).id;
    const keys = await storage.accessKeys.list(userId === undefined ? {} : { userId });
    if (keys.length === 0) return { text: 'No access key. Add one: proxy keys add', data: [] };
    const names = new Map((await storage.users.list()).map(({ id, name }) => [id, name]));
    const rows = keys.map((key) => [
      key.id,
      key.hint,
      key.name ?? '',
      names.get(key.userId ?? '') ?? '',
      limitsText(key.limits),
      stateOf(key),
    ]);
    return { text: table(['id', 'key', 'name', 'user', 'limits', ''], rows), data: keys };
  });
}

export function showAccessKey(which: string, flags: KeyFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const key = await keyNamed(storage, which);
    const used = await storage.totals.list({ callerIds: [key.id] });
    const rows = [
      ['key', key.hint],
      ['name', key.name ?? ''],
      ['user', key.userId ?? ''],
      ['role', key.role ?? ''],
      ['limits', limitsText(key.limits)],
      ['models', (key.models ?? ['every']).join('\n')],
      ['operations', (key.operations ?? ['every']).join('\n')],
      ['addresses', (key.addresses ?? ['every']).join('\n')],
      ['since', when(key.createdAt)],
      ['state', stateOf(key)],
      ...used.map(({ model, calls, costUsd }) => [`used ${model}`, `${calls} calls, ${costUsd.toFixed(4)} USD`]),
    ];
    return { text: table(['', key.id], rows), data: { ...key, used } };
  });
}

export function updateAccessKey(which: string, flags: KeyFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const before = await keyNamed(storage, which);
    const userId = flags.user === undefined ? undefined : (await userNamed(storage, flags.user)).id;
    const changes: AccessKeyChanges = { ...said(flags, before), ...(userId !== undefined && { userId }) };
    const changed = Object.keys(changes);
    if (changed.length === 0) throw new AskedAmiss('Nothing to change: see proxy keys update --help.');
    const after = await storage.accessKeys.update(before.id, changes);
    await storage.audit.append({ actor: actor(), action: 'access-key.update', object: before.id, before, after });
    return { text: `Changed ${changed.join(', ')} of ${before.id}.`, data: after };
  });
}

export function revokeAccessKey(which: string, flags: KeyFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const before = await keyNamed(storage, which);
    if (!(await storage.accessKeys.revoke(before.id, flags.reason)))
      throw new AskedAmiss(`${before.id} is revoked already.`);
    const after = await storage.accessKeys.find(before.id);
    await storage.audit.append({ actor: actor(), action: 'access-key.revoke', object: before.id, before, after });
    return { text: `Revoked ${before.id}: running servers refuse it within a second or two.`, data: after };
  });
}

function said(flags: KeyFlags, before: Pick<StoredAccessKey, 'limits'>) {
  const { name, role, models, operations, addresses, maxAddresses, expires } = flags;
  const limits = limitsOf(flags, before.limits);
  return {
    ...(name !== undefined && { name }),
    ...(role && { role }),
    ...(models && { models }),
    ...(operations && { operations }),
    ...(addresses && { addresses }),
    ...(maxAddresses !== undefined && { maxAddresses }),
    ...(expires !== undefined && { expiresAt: expires }),
    ...(limits && { limits }),
  };
}

/** By its id, or by a name that only one has. */
async function keyNamed({ accessKeys }: Storage, which: string): Promise<StoredAccessKey> {
  const all = await accessKeys.list();
  const byId = all.find(({ id }) => id === which);
  if (byId) return byId;
  const [named, ...others] = all.filter(({ name }) => name === which);
  if (named && others.length === 0) return named;
  throw new AskedAmiss(
    named
      ? `There are ${others.length + 1} access keys named "${which}": say the id.`
      : `There is no access key "${which}". See proxy keys list.`,
  );
}

function stateOf({ revokedAt, expiresAt }: StoredAccessKey): string {
  if (revokedAt !== undefined) return `revoked ${when(revokedAt)}`;
  return expiresAt === undefined ? '' : `${expiresAt > Date.now() ? 'until' : 'expired'} ${when(expiresAt)}`;
}
