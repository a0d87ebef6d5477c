import type { Storage } from '../../storage/storage.ts';
import type { Total } from '../../storage/totals.ts';
import type { User } from '../../storage/users.ts';
import type { Role } from '../../storage/rules.ts';
import { limitsOf, limitsText, type LimitFlags } from './values.ts';
import { actor, AskedAmiss, table, when, withStorage, type Said, type StorageFlags } from './with-storage.ts';

export interface UserFlags extends StorageFlags, LimitFlags {
  readonly name?: string;
  readonly role?: Role;
  readonly note?: string;
  /** A reason. */
  readonly disable?: string;
  readonly enable?: boolean;
}

export function addUser(name: string, flags: UserFlags): Promise<void> {
  return withStorage(flags, async ({ users, audit }) => {
    const { role, note } = flags;
    const limits = limitsOf(flags);
    const user = await users.create({
      name,
      ...(role && { role }),
      ...(note !== undefined && { note }),
      ...(limits && { limits }),
    });
    await audit.append({ actor: actor(), action: 'user.create', object: user.id, after: user });
    return { text: `Added user "${name}". Next: proxy keys add --user ${name}`, data: user };
  });
}

export function listUsers(flags: UserFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const users = await Promise.all((await storage.users.list()).map((user) => withUse(storage, user)));
    if (users.length === 0) return { text: 'No user. Add one: proxy users add <name>', data: [] };
    const rows = users.map((user) => [
      user.name,
      user.role ?? 'normal',
      limitsText(user.limits),
      user.keys.length,
      user.used.calls,
      user.used.tokens,
      user.used.costUsd.toFixed(4),
      user.disabledAt === undefined ? '' : `disabled ${when(user.disabledAt)}`,
    ]);
    return { text: table(['name', 'role', 'limits', 'keys', 'calls', 'tokens', 'USD', ''], rows), data: users };
  });
}

export function showUser(which: string, flags: UserFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const user = await withUse(storage, await userNamed(storage, which));
    const rows = [
      ['id', user.id],
      ['role', user.role ?? 'normal'],
      ['limits', limitsText(user.limits)],
      ['note', user.note ?? ''],
      ['since', when(user.createdAt)],
      ['disabled', user.disabledAt === undefined ? '' : `${when(user.disabledAt)} ${user.disabledReason ?? ''}`],
      ['keys', user.keys.map(({ id, hint }) => `${id} ${hint}`).join('\n')],
      ['calls', user.used.calls],
      ['tokens', user.used.tokens],
      ['USD', user.used.costUsd.toFixed(4)],
    ];
    return { text: table(['', user.name], rows), data: user };
  });
}

export function updateUser(which: string, flags: UserFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const before = await userNamed(storage, which);
    const { name, role, note, disable, enable } = flags;
    const limits = limitsOf(flags, before.limits);
    const changes = {
      ...(name !== undefined && { name }),
      ...(role && { role }),
      ...(note !== undefined && { note }),
      ...(limits && { limits }),
      ...(disable !== undefined && { disabled: disable }),
      ...(enable && { disabled: null }),
    };
    const changed = Object.keys(changes);
    if (changed.length === 0) throw new AskedAmiss('Nothing to change: see proxy users update --help.');
    const after = await storage.users.update(before.id, changes);
    await storage.audit.append({ actor: actor(), action: 'user.update', object: before.id, before, after });
    return { text: `Changed ${changed.join(', ')} of "${before.name}".`, data: after };
  });
}

export function removeUser(which: string, flags: UserFlags): Promise<void> {
  return withStorage(flags, async (storage): Promise<Said> => {
    const before = await userNamed(storage, which);
    await storage.users.remove(before.id);
    await storage.audit.append({ actor: actor(), action: 'user.remove', object: before.id, before });
    return { text: `Removed "${before.name}" with every access key. The calls stay on record.`, data: before };
  });
}

/** @throws AskedAmiss naming those that there are. */
export async function userNamed({ users }: Storage, which: string): Promise<User> {
  const user = await users.find(which);
  if (user) return user;
  const known = (await users.list()).map(({ name }) => name);
  throw new AskedAmiss(
    `There is no user "${which}". ${known.length === 0 ? 'There is none yet.' : `There are: ${known.join(', ')}.`}`,
  );
}

async function withUse({ accessKeys, totals }: Storage, user: User) {
  const keys = await accessKeys.list({ userId: user.id });
  const used = await totals.list({ callerIds: keys.map(({ id }) => id) });
  return { ...user, keys, used: summed(used) };
}

function summed(totals: readonly Total[]) {
  return {
    calls: totals.reduce((sum, { calls }) => sum + calls, 0),
    tokens: totals.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0),
    costUsd: totals.reduce((sum, { costUsd }) => sum + costUsd, 0),
  };
}
