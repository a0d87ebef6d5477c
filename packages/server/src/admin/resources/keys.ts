import * as z from 'zod';
import { base, operation, type Operation } from '../operation.ts';
import { found } from '../refusal.ts';
import { id, time } from '../schemas.ts';

const keySchema = z
  .looseObject({
    upstream: z.string(),
    credential: z.string(),
    state: z.enum(['well', 'resting', 'refused', 'spent']),
    reason: z.string().exactOptional(),
    message: z.string().exactOptional(),
    refusedSince: time.exactOptional(),
    rests: z.array(z.looseObject({})),
  })
  .meta({ id: 'KeyStatus' });

const keyList = z.object({ keys: z.array(keySchema) });

/** How the upstreams' keys are: which rest, which their vendors refuse, what is left of their quotas. */
export const keyOperations: readonly Operation[] = [
  operation({
    id: 'key.list',
    method: 'GET',
    path: `${base}/keys`,
    summary: 'How the upstreams’ keys are.',
    answer: keyList,
    handle: (_, { place }) => ({ body: { keys: place.keys().status() } }),
  }),
  operation({
    id: 'key.check',
    method: 'POST',
    path: `${base}/keys/check`,
    summary: 'Ask the vendors whether they take all keys; one that is taken is used again.',
    answer: keyList,
    async handle(_, { place }) {
      return { body: { keys: await place.keys().check() }, change: { object: 'keys' } };
    },
  }),
  operation({
    id: 'key.check-one',
    method: 'POST',
    path: `${base}/keys/{id}/check`,
    summary: 'Ask the vendor whether it takes this key; the # of its name is written %23.',
    params: id,
    answer: keySchema,
    async handle({ params }, { place }) {
      const [key] = await place.keys().check({ credential: params.id });
      return { body: found(key, 'key'), change: { object: params.id } };
    },
  }),
  operation({
    id: 'key.reset',
    method: 'POST',
    path: `${base}/keys/{id}/reset`,
    summary: 'Forget why this key rests or is refused: it is used again.',
    params: id,
    answer: keySchema,
    handle({ params }, { place }) {
      const statusOf = () =>
        place
          .keys()
          .status()
          .find(({ credential }) => credential === params.id);
      const before = found(statusOf(), 'key');
      place.keys().reset(params.id);
      const after = found(statusOf(), 'key');
      return { body: after, change: { object: params.id, before, after } };
    },
  }),
];
