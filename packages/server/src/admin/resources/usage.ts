import * as z from 'zod';
import { usageGroups } from '../../storage/usage-groups.ts';
import { base, operation, type Operation } from '../operation.ts';
import { filterShape } from './calls.ts';

export const usageRow = z
  .object({
    group: z.string().meta({ description: 'An id or a name; a day (UTC) as 2026-01-31; empty: none.' }),
    calls: z.int(),
    failed: z.int(),
    inputTokens: z.int(),
    outputTokens: z.int(),
    costUsd: z.number().meta({ description: 'Of the calls whose price is known.' }),
    unpriced: z.int().meta({ description: 'So many calls used tokens that have no price.' }),
  })
  .meta({ id: 'UsageRow' });

export const totalSchema = z
  .object({
    callerId: z.string(),
    model: z.string(),
    calls: z.int(),
    inputTokens: z.int(),
    outputTokens: z.int(),
    costUsd: z.number(),
    lastAt: z.int(),
  })
  .meta({ id: 'Total' });

/** Sums over calls on record, and those that outlive the records. */
export const usageOperations: readonly Operation[] = [
  operation({
    id: 'usage.read',
    method: 'GET',
    path: `${base}/usage`,
    summary: 'Sums over the calls on record, by key, user, model, upstream or day.',
    query: z.strictObject({ by: z.enum(usageGroups).default('day'), ...filterShape }),
    answer: z.object({ rows: z.array(usageRow) }),
    handle: async ({ query: { by, ...filter } }, { place }) => ({
      body: { rows: await place.storage.calls.usage(by, filter) },
    }),
  }),
  operation({
    id: 'totals.list',
    method: 'GET',
    path: `${base}/totals`,
    summary: 'What each access key has used of each model since ever, also of calls that are no longer on record.',
    query: z.strictObject({ callerId: z.string().exactOptional() }),
    answer: z.object({ totals: z.array(totalSchema) }),
    handle: async ({ query: { callerId } }, { place }) => ({
      body: { totals: await place.storage.totals.list(callerId === undefined ? {} : { callerIds: [callerId] }) },
    }),
  }),
];
