import * as z from 'zod';
import { describePlace } from '../../storage/place.ts';
import { version } from '../../version.ts';
import { base, operation, type Operation } from '../operation.ts';
import { time } from '../schemas.ts';

/** How the server is. */
export const statusOperations: readonly Operation[] = [
  operation({
    id: 'status.read',
    method: 'GET',
    path: `${base}/status`,
    summary: 'Version, uptime, memory, storage, and how much there is of everything.',
    answer: z
      .object({
        version: z.string(),
        startedAt: time,
        uptimeSeconds: z.number(),
        development: z.boolean(),
        node: z.string(),
        memoryBytes: z.int(),
        storage: z.object({ type: z.string(), place: z.string() }),
        configFile: z.string().exactOptional(),
        notes: z.array(z.string()),
        upstreams: z.int(),
        accessKeys: z.object({ configured: z.int(), stored: z.int() }),
        users: z.int(),
        callsToday: z.int(),
      })
      .meta({ id: 'Status' }),
    async handle(_, { place: { config, storage, startedAt } }) {
      const { file, notes, upstreams, accessKeys, health } = config();
      const today = new Date().setUTCHours(0, 0, 0, 0);
      return {
        body: {
          version,
          startedAt,
          uptimeSeconds: (Date.now() - startedAt) / 1000,
          development: health.development,
          node: process.version,
          memoryBytes: process.memoryUsage.rss(),
          storage: { type: storage.place.type, place: describePlace(storage.place) },
          ...(file !== undefined && { configFile: file }),
          notes,
          upstreams: upstreams.length,
          accessKeys: { configured: accessKeys.length, stored: await storage.accessKeys.count() },
          users: (await storage.users.list()).length,
          callsToday: await storage.calls.count({ since: today }),
        },
      };
    },
  }),
];
