import * as z from 'zod';
import { masked } from '../../config/masked.ts';
import type { UpstreamConfig } from '../../config/config.ts';
import { base, operation, type Operation } from '../operation.ts';
import { found } from '../refusal.ts';
import { credentialSchema } from './credentials.ts';

const upstreamSchema = z
  .looseObject({
    name: z.string(),
    provider: z.string(),
    baseUrl: z.string().exactOptional(),
    apiKeys: z.array(z.looseObject({ key: z.string() })).exactOptional(),
    storedCredentials: z.array(credentialSchema),
  })
  .meta({ id: 'Upstream' });

/** The configured upstreams, keys masked. They are changed in the file; keys may be added beside it. */
export const upstreamOperations: readonly Operation[] = [
  operation({
    id: 'upstream.list',
    method: 'GET',
    path: `${base}/upstreams`,
    summary: 'The upstreams, in the order of the configuration.',
    answer: z.object({ upstreams: z.array(upstreamSchema) }),
    async handle(_, { place: { config, storage } }) {
      const stored = await storage.credentials.list();
      const { upstreams } = masked(config());
      return { body: { upstreams: upstreams.map((upstream) => withStored(upstream, stored)) } };
    },
  }),
  operation({
    id: 'upstream.read',
    method: 'GET',
    path: `${base}/upstreams/{name}`,
    summary: 'One upstream, by name.',
    params: z.strictObject({ name: z.string() }),
    answer: upstreamSchema,
    async handle({ params }, { place: { config, storage } }) {
      const upstream = found(
        masked(config()).upstreams.find(({ name }) => name === params.name),
        'upstream',
      );
      return { body: withStored(upstream, await storage.credentials.list({ upstream: params.name })) };
    },
  }),
];

function withStored(upstream: UpstreamConfig, stored: readonly z.output<typeof credentialSchema>[]): object {
  return { ...upstream, storedCredentials: stored.filter((one) => one.upstream === upstream.name) };
}
