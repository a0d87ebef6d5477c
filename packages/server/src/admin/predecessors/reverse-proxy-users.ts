import { totalInputTokens } from '@proxy/core';
import * as z from 'zod';
import { familyOf } from '../../guards/families.ts';
import type { StoredAccessKey } from '../../storage/access-keys.ts';
import type { Storage } from '../../storage/storage.ts';
import { operation, type Change, type Operation } from '../operation.ts';
import { Refusal } from '../refusal.ts';
import { withTokenLimits } from './token-limits.ts';
import { refuseAdminKey } from '../resources/access-keys.ts';
import { rulesOf, shownUser, writtenUser, type WrittenUser } from './reverse-proxy-user.ts';

const token = z.strictObject({ token: z.string() });

const refuse = ({ message }: Refusal) => ({ error: message });

/** oai-reverse-proxy's users are our access keys (acceptance row C14), by the token itself or by our id for it. */
export const reverseProxyUserOperations: readonly Operation[] = [
  operation({
    id: 'reverse-proxy.user.list',
    method: 'GET',
    path: '/admin/users',
    summary: 'All users.',
    query: z.looseObject({ sort: z.string().exactOptional() }),
    refuse,
    async handle({ query: { sort } }, { place: { storage } }) {
      const keys = await storage.accessKeys.list();
      const users = await Promise.all(keys.map((key) => shownUser(key, storage)));
      return { body: { users: sorted(users, sort?.split(',') ?? []), count: users.length } };
    },
  }),
  operation({
    id: 'reverse-proxy.user.read',
    method: 'GET',
    path: '/admin/users/{token}',
    summary: 'One user.',
    params: token,
    refuse,
    handle: async ({ params }, { place: { storage } }) => ({
      body: await shownUser(known(await byToken(params.token, storage)), storage),
    }),
  }),
  operation({
    id: 'reverse-proxy.user.create',
    method: 'POST',
    path: '/admin/users',
    summary: 'Make a user; its token is told this once.',
    body: writtenUser.pick({ type: true, expiresAt: true, tokenLimits: true }).default({}),
    tellsSecret: true,
    refuse,
    async handle({ body }, { place: { storage } }) {
      const { accessKey, key } = await storage.accessKeys.create(withoutNulls(rulesOf(body)));
      return { body: { token: key }, change: { object: accessKey.id, after: accessKey } };
    },
  }),
  operation({
    id: 'reverse-proxy.user.put',
    method: 'PUT',
    path: '/admin/users/{token}',
    summary: 'Change a user, or make one with this token; `null` takes a member away.',
    params: token,
    body: writtenUser,
    refuse,
    async handle({ params, body }, { place: { storage, config } }) {
      refuseAdminKey(params.token, config());
      const { after, change } = await put(params.token, body, storage);
      return { body: await shownUser(after, storage), change };
    },
  }),
  operation({
    id: 'reverse-proxy.user.put-many',
    method: 'PUT',
    path: '/admin/users',
    summary: 'Many at once: what was exported elsewhere.',
    body: z.strictObject({ users: z.array(writtenUser.required({ token: true })).max(10_000) }),
    refuse,
    async handle({ body }, { place: { storage, config } }) {
      // All are looked at before the first is changed: what is refused in the middle would be done by half, and on no audit log.
      for (const { token: whose } of body.users) {
        refuseAdminKey(whose ?? '', config());
        await puttable(whose ?? '', storage);
      }
      const changed: Change[] = [];
      const users: object[] = [];
      for (const { token: whose, ...user } of body.users) {
        const { after, change } = await put(whose ?? '', user, storage);
        changed.push(change);
        users.push(await shownUser(after, storage));
      }
      const object = changed.map((change) => change.object).join(' ');
      return { body: { upserted_users: users, count: users.length }, change: { object, after: changed } };
    },
  }),
  operation({
    id: 'reverse-proxy.user.disable',
    method: 'DELETE',
    path: '/admin/users/{token}',
    summary: 'Disable a user, who stays listed.',
    params: token,
    query: z.looseObject({ disabledReason: z.string().exactOptional() }),
    refuse,
    async handle({ params, query }, { place: { storage } }) {
      const before = known(await byToken(params.token, storage));
      await storage.accessKeys.revoke(before.id, query.disabledReason ?? 'Disabled.');
      const after = known(await storage.accessKeys.find(before.id));
      return { body: await shownUser(after, storage), change: { object: before.id, before, after } };
    },
  }),
  operation({
    id: 'reverse-proxy.event.list',
    method: 'GET',
    path: '/admin/events/{token}',
    summary: 'Calls of a user, the latest first (row F22).',
    params: token,
    query: z.looseObject({
      first: z.coerce.number().int().min(1).max(200).default(25),
      after: z.string().exactOptional(),
    }),
    refuse,
    async handle({ params, query: { first, after } }, { place: { storage } }) {
      const { id } = known(await byToken(params.token, storage));
      return { body: await eventsOf(id, first, after, storage) };
    },
  }),
];

/** By the token, which only its owner has, or by our id for it. */
export async function byToken(text: string, { accessKeys }: Storage): Promise<StoredAccessKey | undefined> {
  return (await accessKeys.find(text)) ?? (await accessKeys.recognize(text))?.accessKey;
}

function known(accessKey: StoredAccessKey | undefined): StoredAccessKey {
  if (!accessKey) throw new Refusal('not-found', 'Not found');
  return accessKey;
}

/** Guessable tokens are no keys. */
const minTokenLength = 16;
/** See storage/ids.ts. */
const ownId = /^key_[0-9a-z]{20,}$/;

export async function put(
  text: string,
  user: WrittenUser,
  storage: Storage,
): Promise<{ readonly after: StoredAccessKey; readonly change: Change }> {
  const { accessKeys } = storage;
  const before = await puttable(text, storage);
  const rules = rulesOf(user);
  const { id } = before ?? (await accessKeys.create({ ...withoutNulls(rules), key: text })).accessKey;
  if (before) {
    const limits = rules.limits !== undefined && withTokenLimits(before.limits ?? {}, rules.limits?.budgets ?? []);
    await accessKeys.update(id, { ...rules, ...(limits && { limits }) });
  } else await takeCounts(id, user, storage);
  if (user.disabledAt === null) await accessKeys.restore(id);
  else if (user.disabledAt !== undefined) await accessKeys.revoke(id, user.disabledReason ?? 'Disabled.');
  const after = known(await accessKeys.find(id));
  return { after, change: { object: id, ...(before && { before }), after } };
}

/** Whose token it is; undefined: nobody's yet. @throws Refusal of one that can be nobody's */
async function puttable(text: string, storage: Storage): Promise<StoredAccessKey | undefined> {
  const before = await byToken(text, storage);
  if (!before && text.length < minTokenLength)
    throw new Refusal('invalid', `A token has at least ${minTokenLength} characters.`);
  // Everybody may see an id: as a token it would let everybody in.
  if (!before && ownId.test(text))
    throw new Refusal(
      'invalid',
      'The token is an id of another storage, where nobody can read the token itself again.',
    );
  return before;
}

/** What a user from elsewhere has used there. */
async function takeCounts(callerId: string, user: WrittenUser, { totals }: Storage): Promise<void> {
  const lastAt = user.lastUsedAt ?? Date.now();
  const nothing = { callerId, model: '', calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, lastAt };
  if (user.promptCount) await totals.add({ ...nothing, calls: user.promptCount });
  for (const [family, inputTokens] of Object.entries(user.tokenCounts ?? {}))
    await totals.add({ ...nothing, model: family, inputTokens });
}

function withoutNulls<Rules extends object>(rules: Rules): { [Name in keyof Rules]: NonNullable<Rules[Name]> } {
  const present = Object.entries(rules).filter(([, value]) => value !== null);
  return Object.fromEntries(present) as { [Name in keyof Rules]: NonNullable<Rules[Name]> }; // no null is left
}

/** `promptCount,createdAt`: the largest first, as oai-reverse-proxy sorts. */
function sorted(users: readonly object[], by: readonly string[]): readonly object[] {
  const value = (user: object, name: string) => (user as Readonly<Record<string, unknown>>)[name]; // absent is as good as any
  return [...users].sort((a, b) => {
    for (const name of by) {
      const [left, right] = [value(a, name), value(b, name)];
      if (typeof left === 'number' || typeof right === 'number') {
        const difference = Number(right ?? -Infinity) - Number(left ?? -Infinity);
        if (difference !== 0 && !Number.isNaN(difference)) return difference;
      } else if (left !== right) return String(left ?? '').localeCompare(String(right ?? ''));
    }
    return 0;
  });
}

interface EventPage {
  readonly data: readonly { readonly node: object; readonly cursor: string }[];
  readonly endCursor: string | null;
}

async function eventsOf(
  callerId: string,
  first: number,
  after: string | undefined,
  storage: Storage,
): Promise<EventPage> {
  const [, at = '', requestId = ''] = /^(\d+)\.(.+)$/.exec(after ?? '') ?? [];
  if (after !== undefined && at === '') throw new Refusal('invalid', 'after: must be an endCursor of a page before.');
  const before = at === '' ? {} : { before: { startedAt: Number(at), requestId } };
  const calls = await storage.calls.list({ callerId, limit: first, ...before });
  const data = calls.map((call) => ({
    node: {
      date: new Date(call.startedAt).toISOString(),
      ...(call.address !== undefined && { ip: call.address }),
      type: call.operation ?? '',
      model: call.model ?? '',
      family: familyOf('', call.model ?? ''),
      hashes: call.promptHash === undefined ? [] : [call.promptHash],
      userToken: callerId,
      inputTokens: totalInputTokens(call.usage ?? {}),
      outputTokens: call.usage?.outputTokens ?? 0,
    },
    cursor: `${call.startedAt}.${call.requestId}`,
  }));
  return { data, endCursor: data.at(-1)?.cursor ?? null };
}
