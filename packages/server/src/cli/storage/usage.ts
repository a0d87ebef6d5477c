import type { UsageGroup } from '../../storage/usage-groups.ts';
import type { Storage } from '../../storage/storage.ts';
import { table, withStorage, type StorageFlags } from './with-storage.ts';

export interface UsageFlags extends StorageFlags {
  readonly by: UsageGroup;
  readonly since: number;
}

export function usage({ by, since, ...flags }: UsageFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const nameOf = await namesFor(storage, by);
    const rows = (await storage.calls.usage(by, { since })).map((row) => ({ ...row, name: nameOf(row.group) }));
    if (rows.length === 0) return { text: 'No call on record since then.', data: [] };
    const shown = rows.map(({ name, calls, failed, inputTokens, outputTokens, costUsd, unpriced }) => [
      ...[name, calls, failed, inputTokens, outputTokens],
      // What has no price did not cost nothing.
      unpriced > 0 && costUsd === 0 ? 'unknown' : costUsd.toFixed(4),
      unpriced,
    ]);
    return { text: table([by, 'calls', 'failed', 'input', 'output', 'USD', 'without a price'], shown), data: rows };
  });
}

async function namesFor({ users, accessKeys }: Storage, by: UsageGroup): Promise<(group: string) => string> {
  const known = by === 'user' ? await users.list() : by === 'key' ? await accessKeys.list() : [];
  const names = new Map<string, string | undefined>(known.map(({ id, name }) => [id, name]));
  return (group) => names.get(group) ?? (group === '' ? '(none)' : group);
}
