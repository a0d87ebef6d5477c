import * as z from 'zod';
import { base, operation, type Operation } from '../operation.ts';
import { limit, time } from '../schemas.ts';

const entrySchema = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string(),
    address: z.string().exactOptional(),
    action: z.string(),
    object: z.string(),
    before: z.unknown().exactOptional(),
    after: z.unknown().exactOptional(),
  })
  .meta({ id: 'AuditEntry' });

/** Who changed what. */
export const auditOperations: readonly Operation[] = [
  operation({
    id: 'audit.list',
    method: 'GET',
    path: `${base}/audit`,
    summary: 'Changes, the latest first, as it was and as it became, secrets masked.',
    query: z.strictObject({
      limit,
      after: z.string().exactOptional().meta({ description: 'The `next` of the page before.' }),
      actor: z.string().exactOptional(),
      object: z.string().exactOptional(),
    }),
    answer: z.object({ entries: z.array(entrySchema), next: z.string().exactOptional() }),
    async handle({ query: { after, ...page } }, { place }) {
      const entries = await place.storage.audit.list({ ...page, ...(after !== undefined && { before: after }) });
      const last = entries.at(-1);
      return { body: { entries, ...(last && entries.length === page.limit && { next: last.id }) } };
    },
  }),
];
