import * as z from 'zod';
import { byKey, challenge } from '../identify.ts';
import { base, operation, type Operation } from '../operation.ts';
import type { Principal } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { principalSchema } from '../schemas.ts';
import { beginSession, endSession } from '../session.ts';

const sessionSchema = principalSchema.extend({
  csrf: z.string().exactOptional().meta({ description: 'To be sent back as x-csrf-token with whatever is no GET.' }),
  expiresAt: z.int().exactOptional(),
});

/** How a browser logs in and out. Scripts send their key as a bearer token instead. */
export const sessionOperations: readonly Operation[] = [
  operation({
    id: 'session.create',
    method: 'POST',
    path: `${base}/session`,
    summary: 'Log in, by the admin key or an access key of the role admin; the answer sets a cookie.',
    body: z.strictObject({ key: z.string().min(1) }),
    answer: sessionSchema,
    status: 201,
    async handle({ body }, { place, address }) {
      const principal = await byKey(body.key, address, place);
      if (!principal) {
        place.attempts.failed(address);
        throw new Refusal('unauthorized', 'This key is not known here.', challenge);
      }
      if (principal.role !== 'admin') throw new Refusal('forbidden', 'Only administrators log in here.');
      const { csrf, expiresAt, headers } = await beginSession(principal, address, place);
      return {
        headers,
        body: { ...told(principal), by: 'session', csrf, expiresAt },
        change: { object: principal.id },
      };
    },
  }),
  operation({
    id: 'session.read',
    method: 'GET',
    path: `${base}/session`,
    summary: 'Who is asking, and the token against forged requests.',
    answer: sessionSchema,
    handle: (_, { principal }) => ({
      body: { ...told(principal), ...(principal.csrf !== undefined && { csrf: principal.csrf }) },
    }),
  }),
  operation({
    id: 'session.end',
    method: 'DELETE',
    path: `${base}/session`,
    summary: 'Log out.',
    async handle(_, { request, place, principal }) {
      const headers = await endSession(request, place);
      place.tail.recheck();
      return { headers, change: { object: principal.id } };
    },
  }),
];

function told({ role, id, name, by }: Principal): z.output<typeof principalSchema> {
  return { role, id, by, ...(name !== undefined && { name }) };
}
