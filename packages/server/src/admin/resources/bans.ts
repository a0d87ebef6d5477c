import * as z from 'zod';
import { asRange, isWithin } from '../../public-address.ts';
import { plainAddress } from '../addresses.ts';
import { base, operation, type Operation } from '../operation.ts';
import { found, Refusal } from '../refusal.ts';
import { range, time } from '../schemas.ts';

const banSchema = z
  .object({ address: z.string(), reason: z.string(), since: time, until: time.exactOptional() })
  .meta({ id: 'Ban' });

/** Addresses that may not call. */
export const banOperations: readonly Operation[] = [
  operation({
    id: 'ban.list',
    method: 'GET',
    path: `${base}/bans`,
    summary: 'Who is banned, the longest first.',
    answer: z.object({ bans: z.array(banSchema) }),
    handle: async (_, { place }) => ({ body: { bans: await place.storage.bans.list() } }),
  }),
  operation({
    id: 'ban.put',
    method: 'POST',
    path: `${base}/bans`,
    summary: 'Ban an address or a range; a ban of the same is replaced. Without `until` it lasts until it is lifted.',
    body: z.strictObject({
      address: range,
      reason: z.string().min(1).max(500).default('By hand.'),
      until: time.exactOptional(),
    }),
    answer: banSchema,
    status: 201,
    async handle({ body }, { place: { storage }, address: own }) {
      const { address, reason, until } = body;
      const normal = plainAddress(address);
      // A ban over the administrator's own address could be lifted by nobody from there.
      if (isWithin(own, [asRange(normal) ?? normal]))
        throw new Refusal(
          'conflict',
          normal === plainAddress(own) ? 'This is your own address.' : 'Your own address lies in this range.',
        );
      const ban = { address: normal, reason, since: Date.now(), ...(until !== undefined && { until }) };
      const before = (await storage.bans.list()).find((one) => one.address === normal);
      await storage.bans.put(ban);
      return { body: ban, change: { object: normal, before, after: ban } };
    },
  }),
  operation({
    id: 'ban.lift',
    method: 'DELETE',
    path: `${base}/bans/{address}`,
    summary: 'Let an address in again; the slash of a range is written %2F.',
    params: z.strictObject({ address: range }),
    async handle({ params }, { place: { storage } }) {
      const address = plainAddress(params.address);
      const before = found(
        (await storage.bans.list()).find((one) => plainAddress(one.address) === address),
        'ban',
      );
      await storage.bans.lift(before.address);
      return { change: { object: before.address, before } };
    },
  }),
];
