import * as z from 'zod';
import { keysOfFile } from '../known-callers.ts';
import { userIdOf } from '../../callers.ts';
import type { AdminPlace } from '../place.ts';
import { base, operation, type Operation } from '../operation.ts';
import { Refusal } from '../refusal.ts';
import { limit, limits, moment, principalSchema } from '../schemas.ts';
import { accessKeySchema } from './access-keys.ts';
import { callPage, cursor, pageOf } from './calls.ts';
import { totalSchema, usageRow } from './usage.ts';

/** What callers may know of themselves: of the key that they show, and of no other. */
export const meOperations: readonly Operation[] = [
  operation({
    id: 'me.read',
    method: 'GET',
    path: `${base}/me`,
    summary: 'Who is asking, and what binds this key.',
    answer: principalSchema.extend({
      accessKey: accessKeySchema.partial().exactOptional(),
      user: z
        .object({ id: z.string(), name: z.string(), limits: limits.exactOptional() })
        .exactOptional()
        .meta({ description: 'Whose key it is: the limits of the user bind all keys of the user together.' }),
    }),
    async handle(_, { principal, place }) {
      const { role, id, name, by, keyId } = principal;
      const ofFile = keysOfFile(place.config()).find((one) => one.id === keyId);
      const accessKey = ofFile ?? (keyId === undefined ? undefined : await ownKey(keyId, place));
      const user = accessKey?.userId === undefined ? undefined : await ownUser(accessKey.userId, place);
      const own = { ...(accessKey && { accessKey }), ...(user && { user }) };
      return { body: { role, id, by, ...(name !== undefined && { name }), ...own } };
    },
  }),
  operation({
    id: 'me.usage',
    method: 'GET',
    path: `${base}/me/usage`,
    summary: 'What this key has used: since ever by model, and by day of late.',
    query: z.strictObject({ since: moment.exactOptional() }),
    answer: z.object({ totals: z.array(totalSchema), days: z.array(usageRow) }),
    async handle({ query: { since = Date.now() - 30 * 86_400_000 } }, { principal: { keyId }, place: { storage } }) {
      if (keyId === undefined) return { body: { totals: [], days: [] } };
      const totals = await storage.totals.list({ callerIds: [keyId] });
      return { body: { totals, days: await storage.calls.usage('day', { callerId: keyId, since }) } };
    },
  }),
  operation({
    id: 'me.calls',
    method: 'GET',
    path: `${base}/me/calls`,
    summary: 'Calls of this key, the latest first.',
    query: z.strictObject({ limit, after: cursor.exactOptional() }),
    answer: callPage,
    async handle({ query: { limit: most, after } }, { principal: { keyId }, place: { storage } }) {
      if (keyId === undefined) return { body: { calls: [] } };
      const page = { limit: most, callerId: keyId, ...(after && { before: after }) };
      const calls = await storage.calls.list(page);
      // Which of the server's keys served a call is none of a caller's business.
      return {
        body: pageOf(
          calls.map(({ attempts: _attempts, why: _why, ...call }) => ({ ...call, attempts: [] })),
          most,
        ),
      };
    },
  }),
  operation({
    id: 'me.update',
    method: 'PATCH',
    path: `${base}/me`,
    summary: 'Give this key another name, where the server lets callers.',
    body: z.strictObject({ name: z.string().max(80) }),
    answer: z.object({ name: z.string() }),
    async handle({ body }, { principal: { keyId = '' }, place }) {
      const change = await rename(keyId, body.name, place);
      return { body: { name: change.after.name }, change };
    },
  }),
];

/** What administrators noted of it is for them alone. */
async function ownKey(id: string, { storage }: AdminPlace) {
  const accessKey = await storage.accessKeys.find(id);
  if (!accessKey) return undefined;
  const { note: _note, meta: _meta, ...own } = accessKey;
  return own;
}

async function ownUser(userId: string, { config, storage }: AdminPlace) {
  const ofFile = config().users.find(({ name }) => userIdOf(name) === userId);
  const user = ofFile ?? (await storage.users.find(userId));
  return user && { id: userId, name: user.name, ...(user.limits && { limits: user.limits }) };
}

/** Row F19. @throws Refusal when callers may not, or when the key is not in the storage */
export async function rename(keyId: string, given: string, { config, storage }: AdminPlace) {
  if (!config().admin.nicknames) throw new Refusal('forbidden', 'Names are given by the administrator here.');
  const name = withoutMarkup(given);
  if (name === '') throw new Refusal('invalid', 'A name has between 1 and 80 characters, and no markup.');
  const before = await storage.accessKeys.find(keyId);
  if (!before) throw new Refusal('conflict', 'This key is in the configuration file, and so is its name.');
  await storage.accessKeys.update(keyId, { name });
  return { object: keyId, before: { name: before.name }, after: { name } };
}

function withoutMarkup(text: string): string {
  return text
    .replace(/<[^>]*>/g, '')
    .replace(/[<>\p{Cc}]/gu, '')
    .trim()
    .slice(0, 80);
}
