import * as z from 'zod';
import type { Config } from '../../config/config.ts';
import { spelledOut } from '../../config/access-keys.ts';
import { base, operation, type Operation } from '../operation.ts';
import { found, Refusal } from '../refusal.ts';
import { changesOf, id, role, rulesShape, time } from '../schemas.ts';

const written = {
  userId: z.string().exactOptional(),
  name: z.string().trim().min(1).max(200).exactOptional(),
  role: role.exactOptional(),
  expiresAt: time.exactOptional(),
  ...rulesShape,
};

export const accessKeySchema = z
  .object({
    id: z.string(),
    hint: z.string().meta({ description: 'The key masked: it cannot be read again.' }),
    ...written,
    createdAt: time,
    revokedAt: time.exactOptional(),
    revokedReason: z.string().exactOptional(),
  })
  .meta({ id: 'AccessKey' });

/** What callers show us. The key itself is told once, when it is made. */
export const accessKeyOperations: readonly Operation[] = [
  operation({
    id: 'access-key.list',
    method: 'GET',
    path: `${base}/access-keys`,
    summary: 'The stored access keys, the oldest first. Those of the configuration file are in the configuration.',
    query: z.strictObject({ userId: z.string().exactOptional() }),
    answer: z.object({ accessKeys: z.array(accessKeySchema) }),
    handle: async ({ query: { userId } }, { place }) => ({
      body: { accessKeys: await place.storage.accessKeys.list(userId === undefined ? {} : { userId }) },
    }),
  }),
  operation({
    id: 'access-key.create',
    method: 'POST',
    path: `${base}/access-keys`,
    summary: 'Make an access key. The answer is the only time that the key is told.',
    body: z.strictObject({
      ...written,
      key: z
        .string()
        .min(16)
        .max(500)
        .exactOptional()
        .meta({ description: 'A key from elsewhere; absent: a new one is made.' }),
    }),
    answer: z.object({ accessKey: accessKeySchema, key: z.string() }),
    status: 201,
    tellsSecret: true,
    async handle({ body }, { place: { storage, config } }) {
      if (body.userId !== undefined) found(await storage.users.find(body.userId), 'user');
      if (body.key !== undefined) refuseAdminKey(body.key, config());
      const made = await storage.accessKeys.create(spelledOut(body));
      return { body: made, change: { object: made.accessKey.id, after: made.accessKey } };
    },
  }),
  operation({
    id: 'access-key.read',
    method: 'GET',
    path: `${base}/access-keys/{id}`,
    summary: 'One access key.',
    params: id,
    answer: accessKeySchema,
    handle: async ({ params }, { place }) => ({
      body: found(await place.storage.accessKeys.find(params.id), 'access key'),
    }),
  }),
  operation({
    id: 'access-key.update',
    method: 'PATCH',
    path: `${base}/access-keys/{id}`,
    summary: 'Change what binds an access key: absent members stay, `null` takes away.',
    params: id,
    body: changesOf(written),
    answer: accessKeySchema,
    async handle({ params, body }, { place: { storage } }) {
      const before = found(await storage.accessKeys.find(params.id), 'access key');
      if (typeof body.userId === 'string') found(await storage.users.find(body.userId), 'user');
      const after = found(await storage.accessKeys.update(params.id, withoutFamilies(body)), 'access key');
      return { body: after, change: { object: after.id, before, after } };
    },
  }),
  operation({
    id: 'access-key.revoke',
    method: 'POST',
    path: `${base}/access-keys/{id}/revoke`,
    summary: 'From now on the key opens nothing. It stays listed.',
    params: id,
    body: z.strictObject({ reason: z.string().min(1).max(500).exactOptional() }).default({}),
    answer: accessKeySchema,
    async handle({ params, body }, { place: { storage } }) {
      const before = found(await storage.accessKeys.find(params.id), 'access key');
      await storage.accessKeys.revoke(params.id, body.reason);
      const after = found(await storage.accessKeys.find(params.id), 'access key');
      return { body: after, change: { object: after.id, before, after } };
    },
  }),
  operation({
    id: 'access-key.restore',
    method: 'POST',
    path: `${base}/access-keys/{id}/restore`,
    summary: 'A revoked key opens again what it opened.',
    params: id,
    answer: accessKeySchema,
    async handle({ params }, { place: { storage } }) {
      const before = found(await storage.accessKeys.find(params.id), 'access key');
      await storage.accessKeys.restore(params.id);
      const after = found(await storage.accessKeys.find(params.id), 'access key');
      return { body: after, change: { object: after.id, before, after } };
    },
  }),
  operation({
    id: 'access-key.remove',
    method: 'DELETE',
    path: `${base}/access-keys/{id}`,
    summary: 'Remove an access key. Its calls stay on record.',
    params: id,
    async handle({ params }, { place: { storage } }) {
      const before = found(await storage.accessKeys.find(params.id), 'access key');
      await storage.accessKeys.remove(params.id);
      return { change: { object: before.id, before } };
    },
  }),
];

/** The admin key opens no model. @throws Refusal */
export function refuseAdminKey(key: string, { admin }: Pick<Config, 'admin'>): void {
  if (key === admin.key) throw new Refusal('conflict', 'This is the admin key. Choose another.');
}

type Changes = z.output<ReturnType<typeof changesOf<typeof written>>>;

function withoutFamilies(changes: Changes): Changes {
  const { limits, models } = changes;
  return { ...changes, ...spelledOut({ ...(limits && { limits }), ...(models && { models }) }) };
}
