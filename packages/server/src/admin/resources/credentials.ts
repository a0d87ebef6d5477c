import * as z from 'zod';
import { base, operation, type Operation } from '../operation.ts';
import { found } from '../refusal.ts';
import { id, time } from '../schemas.ts';

const weight = z.number().min(0);
const key = z.string().min(1).max(20_000);

export const credentialSchema = z
  .object({
    id: z.string(),
    upstream: z.string(),
    weight: weight.exactOptional(),
    hint: z.string().meta({ description: 'The key masked: it cannot be read again.' }),
    createdAt: time,
  })
  .meta({ id: 'Credential' });

/** The upstreams' API keys in the storage: written, never read again. */
export const credentialOperations: readonly Operation[] = [
  operation({
    id: 'credential.list',
    method: 'GET',
    path: `${base}/credentials`,
    summary: 'The stored keys of upstreams, masked.',
    query: z.strictObject({ upstream: z.string().exactOptional() }),
    answer: z.object({ credentials: z.array(credentialSchema) }),
    handle: async ({ query: { upstream } }, { place }) => ({
      body: { credentials: await place.storage.credentials.list(upstream === undefined ? {} : { upstream }) },
    }),
  }),
  operation({
    id: 'credential.create',
    method: 'POST',
    path: `${base}/credentials`,
    summary: 'Add a key to an upstream.',
    body: z.strictObject({ upstream: z.string().min(1), key, weight: weight.exactOptional() }),
    answer: credentialSchema,
    status: 201,
    async handle({ body: { upstream, ...rest } }, { place: { storage, config } }) {
      found(
        config().upstreams.find(({ name }) => name === upstream),
        'upstream',
      );
      const credential = await storage.credentials.add({ upstream, ...rest });
      return { body: credential, change: { object: credential.id, after: credential } };
    },
  }),
  operation({
    id: 'credential.read',
    method: 'GET',
    path: `${base}/credentials/{id}`,
    summary: 'One stored key, masked.',
    params: id,
    answer: credentialSchema,
    handle: async ({ params }, { place }) => ({
      body: found(await place.storage.credentials.find(params.id), 'credential'),
    }),
  }),
  operation({
    id: 'credential.update',
    method: 'PATCH',
    path: `${base}/credentials/{id}`,
    summary: 'Another key or weight; a key that is not given stays.',
    params: id,
    body: z.strictObject({ key: key.exactOptional(), weight: weight.nullable().exactOptional() }),
    answer: credentialSchema,
    async handle({ params, body }, { place: { storage } }) {
      const before = found(await storage.credentials.find(params.id), 'credential');
      const after = found(await storage.credentials.update(params.id, body), 'credential');
      return { body: after, change: { object: after.id, before, after } };
    },
  }),
  operation({
    id: 'credential.remove',
    method: 'DELETE',
    path: `${base}/credentials/{id}`,
    summary: 'Take a key out.',
    params: id,
    async handle({ params }, { place: { storage } }) {
      const before = found(await storage.credentials.find(params.id), 'credential');
      await storage.credentials.remove(params.id);
      return { change: { object: before.id, before } };
    },
  }),
  operation({
    id: 'credential.reencrypt',
    method: 'POST',
    path: `${base}/credentials/reencrypt`,
    summary: 'Seal with the first encryption key what an older one sealed.',
    answer: z.object({ reencrypted: z.int() }),
    async handle(_, { place }) {
      const reencrypted = await place.storage.credentials.reencrypt();
      return { body: { reencrypted }, change: { object: 'credentials', after: { reencrypted } } };
    },
  }),
];
