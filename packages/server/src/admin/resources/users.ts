import * as z from 'zod';
import { limitsOf, spelledOut } from '../../config/access-keys.ts';
import { base, operation, type Operation } from '../operation.ts';
import { found } from '../refusal.ts';
import { changesOf, id, limits, role, time } from '../schemas.ts';

const written = {
  role: role.exactOptional(),
  limits: limits.exactOptional(),
  note: z.string().max(2000).exactOptional(),
};
const name = z.string().trim().min(1).max(200);

export const userSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    ...written,
    createdAt: time,
    disabledAt: time.exactOptional(),
    disabledReason: z.string().exactOptional(),
  })
  .meta({ id: 'User' });

/** Those who have access keys; a user's limits bind all of the user's keys together. */
export const userOperations: readonly Operation[] = [
  operation({
    id: 'user.list',
    method: 'GET',
    path: `${base}/users`,
    summary: 'All users, by name.',
    answer: z.object({ users: z.array(userSchema) }),
    handle: async (_, { place }) => ({ body: { users: await place.storage.users.list() } }),
  }),
  operation({
    id: 'user.create',
    method: 'POST',
    path: `${base}/users`,
    summary: 'Make a user. Access keys are made for it separately.',
    body: z.strictObject({ name, ...written }),
    answer: userSchema,
    status: 201,
    async handle({ body }, { place }) {
      const user = await place.storage.users.create(spelledOut(body));
      return { body: user, change: { object: user.id, after: user } };
    },
  }),
  operation({
    id: 'user.read',
    method: 'GET',
    path: `${base}/users/{id}`,
    summary: 'One user, by id or name.',
    params: id,
    answer: userSchema,
    handle: async ({ params }, { place }) => ({ body: found(await place.storage.users.find(params.id), 'user') }),
  }),
  operation({
    id: 'user.update',
    method: 'PATCH',
    path: `${base}/users/{id}`,
    summary: 'Change a user: absent members stay, `null` takes away. `disabled` is a reason, and stops every key.',
    params: id,
    body: changesOf({ ...written, disabled: z.string().min(1) }).extend({ name: name.exactOptional() }),
    answer: userSchema,
    async handle({ params, body }, { place: { storage } }) {
      const before = found(await storage.users.find(params.id), 'user');
      const after = found(
        await storage.users.update(before.id, { ...body, ...(body.limits && { limits: limitsOf(body.limits) }) }),
        'user',
      );
      return { body: after, change: { object: after.id, before, after } };
    },
  }),
  operation({
    id: 'user.remove',
    method: 'DELETE',
    path: `${base}/users/{id}`,
    summary: 'Remove a user with every access key. Calls stay on record.',
    params: id,
    async handle({ params }, { place: { storage } }) {
      const before = found(await storage.users.find(params.id), 'user');
      await storage.users.remove(before.id);
      return { change: { object: before.id, before } };
    },
  }),
];
