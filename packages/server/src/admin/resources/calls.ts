import * as z from 'zod';
import { explain } from '../../explain/explain.ts';
import { maskFor } from '../answers.ts';
import { base, operation, type Operation } from '../operation.ts';
import { found } from '../refusal.ts';
import { limit, moment } from '../schemas.ts';

/** Loose: a record says as much as was known of its call. */
export const callSchema = z
  .looseObject({
    requestId: z.string(),
    startedAt: z.int(),
    durationMs: z.number(),
    status: z.int(),
    callerId: z.string().exactOptional(),
    userId: z.string().exactOptional(),
    address: z.string().exactOptional(),
    path: z.string().exactOptional(),
    model: z.string().exactOptional(),
    upstream: z.string().exactOptional(),
    usage: z.looseObject({}).exactOptional(),
    cost: z.looseObject({ usd: z.number() }).exactOptional(),
    failure: z.object({ kind: z.string(), message: z.string() }).exactOptional(),
    attempts: z.array(z.looseObject({ upstream: z.string(), status: z.int() })),
  })
  .meta({ id: 'Call' });

export const filterShape = {
  since: moment.exactOptional(),
  until: moment.exactOptional(),
  callerId: z.string().exactOptional(),
  userId: z.string().exactOptional(),
  model: z.string().exactOptional(),
  upstream: z.string().exactOptional(),
  failed: z.stringbool().exactOptional(),
};

export const cursor = z
  .string()
  .transform((text, context) => {
    const [, at = '', requestId = ''] = /^(\d+)\.(.+)$/.exec(text) ?? [];
    if (at !== '') return { startedAt: Number(at), requestId };
    context.addIssue({ code: 'custom', message: 'must be the `next` of the page before.' });
    return z.NEVER;
  })
  .meta({ description: 'The `next` of the page before.' });

export const callPage = z.object({ calls: z.array(callSchema), next: z.string().exactOptional() });

/** One page, and where the next begins; absent: this was the last. */
export function pageOf<Call extends { readonly startedAt: number; readonly requestId: string }>(
  calls: readonly Call[],
  most: number,
): { readonly calls: readonly Call[]; readonly next?: string } {
  const last = calls.at(-1);
  return { calls, ...(last && calls.length === most && { next: `${last.startedAt}.${last.requestId}` }) };
}

/** Every call that was made, refused ones included. */
export const callOperations: readonly Operation[] = [
  operation({
    id: 'call.list',
    method: 'GET',
    path: `${base}/calls`,
    summary: 'Calls, the latest first.',
    query: z.strictObject({ ...filterShape, limit, after: cursor.exactOptional() }),
    answer: callPage,
    async handle({ query: { after, ...filter } }, { place }) {
      const calls = await place.storage.calls.list({ ...filter, ...(after && { before: after }) });
      return { body: pageOf(calls, filter.limit) };
    },
  }),
  operation({
    id: 'call.read',
    method: 'GET',
    path: `${base}/calls/{id}`,
    summary: 'One call, by the x-proxy-request-id of its answer.',
    params: z.strictObject({ id: z.string() }),
    answer: callSchema,
    handle: async ({ params }, { place }) => ({ body: found(await place.storage.calls.find(params.id), 'call') }),
  }),
  operation({
    id: 'call.explain',
    method: 'GET',
    path: `${base}/calls/{id}/explain`,
    summary: 'Why a call went as it did: candidates, attempts, what it cost.',
    params: z.strictObject({ id: z.string() }),
    answer: z.looseObject({}).meta({ id: 'Explanation' }),
    handle: async ({ params }, { place }) => ({
      body: explain(found(await place.storage.calls.find(params.id), 'call')),
    }),
  }),
  operation({
    id: 'call.watch',
    method: 'GET',
    path: `${base}/calls/live`,
    summary: 'Calls as they end: server-sent events `call`, and `missed` with a number for whoever reads too slowly.',
    handle: (_, { place, stillAllowed }) => ({
      events: place.tail.watch((record) => maskFor(place.config())(JSON.stringify(record)), stillAllowed),
    }),
  }),
];
