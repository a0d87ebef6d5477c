import * as z from 'zod';
import type { NewAccessKey, StoredAccessKey } from '../../storage/access-keys.ts';
import type { Storage } from '../../storage/storage.ts';
import { familyOf } from '../../guards/families.ts';
import { time } from '../schemas.ts';
import { budgetsOf, tokenLimitsOf } from './token-limits.ts';

const count = z.number().min(0);
const counts = z.record(z.string(), count);

const writtenShape = {
  nickname: z.string().max(200),
  type: z.enum(['normal', 'special', 'temporary']),
  tokenLimits: counts,
  expiresAt: time,
  maxIps: z.int().min(0),
  adminNote: z.string().max(2000),
  meta: z.record(z.string(), z.unknown()),
  disabledAt: time,
  disabledReason: z.string(),
  // Counts of a user who comes from elsewhere; those of one who is here are the server's own.
  promptCount: count,
  tokenCounts: counts,
  createdAt: time,
  lastUsedAt: time,
  ip: z.array(z.string()),
  token: z.string(),
};

/** A user as oai-reverse-proxy writes it; every member may be left out, and `null` takes it away. */
export const writtenUser = z.strictObject(
  Object.fromEntries(
    Object.entries(writtenShape).map(([name, schema]) => [name, schema.nullable().exactOptional()]),
  ) as {
    [Name in keyof typeof writtenShape]: z.ZodExactOptional<z.ZodNullable<(typeof writtenShape)[Name]>>; // the same names
  },
);

export type WrittenUser = z.output<typeof writtenUser>;

/** The members that bind the key, in our words; absent members are absent. */
export function rulesOf(user: WrittenUser): { readonly [Name in keyof NewAccessKey]?: NewAccessKey[Name] | null } {
  const { nickname, type, tokenLimits, expiresAt, maxIps, adminNote, meta } = user;
  return {
    ...(nickname !== undefined && { name: nickname === '' ? null : nickname }),
    ...(type !== undefined && { role: type }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(maxIps !== undefined && { maxAddresses: maxIps === 0 ? null : maxIps }),
    ...(adminNote !== undefined && { note: adminNote }),
    ...(meta !== undefined && { meta }),
    ...(tokenLimits !== undefined && { limits: tokenLimits && { budgets: budgetsOf(tokenLimits) } }),
  };
}

/** One that is here, as oai-reverse-proxy shows it. The token itself cannot be read again: its place is taken by our id for it. */
export async function shownUser(accessKey: StoredAccessKey, storage: Storage): Promise<object> {
  const {
    id,
    name,
    role = 'normal',
    createdAt,
    expiresAt,
    revokedAt,
    revokedReason,
    maxAddresses,
    note,
    meta,
  } = accessKey;
  const totals = await storage.totals.list({ callerIds: [id] });
  const recent = await storage.calls.list({ callerId: id, limit: recentCalls });
  const tokenCounts: Record<string, number> = {};
  for (const { model, inputTokens, outputTokens } of totals) {
    const family = familyOf('', model);
    tokenCounts[family] = (tokenCounts[family] ?? 0) + inputTokens + outputTokens;
  }
  return {
    token: id,
    hint: accessKey.hint,
    ip: [...new Set(recent.flatMap(({ address }) => (address === undefined ? [] : [address])))],
    ...(name !== undefined && { nickname: name }),
    type: role,
    promptCount: totals.reduce((sum, { calls }) => sum + calls, 0),
    tokenCounts,
    tokenLimits: tokenLimitsOf(accessKey.limits),
    createdAt,
    ...(totals.length > 0 && { lastUsedAt: Math.max(...totals.map(({ lastAt }) => lastAt)) }),
    ...(revokedAt !== undefined && { disabledAt: revokedAt }),
    ...(revokedReason !== undefined && { disabledReason: revokedReason }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(maxAddresses !== undefined && { maxIps: maxAddresses }),
    ...(note !== undefined && { adminNote: note }),
    ...(meta && { meta }),
  };
}

/** As its owner sees it: what administrators noted is for them alone. */
export async function shownToOwner(accessKey: StoredAccessKey, storage: Storage): Promise<object> {
  const { note: _note, meta: _meta, ...own } = accessKey;
  return shownUser(own, storage);
}

/** Addresses older than this many calls are not told. */
const recentCalls = 200;
