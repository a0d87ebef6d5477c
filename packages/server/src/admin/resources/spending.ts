import { z } from 'zod';
import { base, operation, type Operation } from '../operation.ts';
import { limits, role } from '../schemas.ts';

const ownerSchema = z.object({
  id: z.string(),
  name: z.string().exactOptional(),
  kind: z.enum(['user', 'access-key']),
  role: role.exactOptional(),
  limits: limits.exactOptional(),
  spent: z.array(
    z.object({ budget: z.string(), periodStart: z.int(), spent: z.number(), updatedAt: z.int() }).meta({ id: 'Spent' }),
  ),
});

/** Who may spend what, and what of it is gone. Limits are changed at the user or the access key. */
export const spendingOperations: readonly Operation[] = [
  operation({
    id: 'spending.list',
    method: 'GET',
    path: `${base}/spending`,
    summary: 'Users and access keys with their limits, and what has been spent of each budget.',
    query: z.strictObject({ owner: z.string().exactOptional() }),
    answer: z.object({ owners: z.array(ownerSchema) }),
    async handle({ query: { owner } }, { place: { storage } }) {
      const rows = await storage.db.selectFrom('spending').selectAll().orderBy('periodStart').execute();
      const users = (await storage.users.list()).map((user) => ({ kind: 'user', ...user }) as const);
      const keys = (await storage.accessKeys.list()).map((key) => ({ kind: 'access-key', ...key }) as const);
      const owners = [...users, ...keys].filter(({ id }) => owner === undefined || id === owner);
      return {
        body: {
          owners: owners.map((one) => ({
            id: one.id,
            kind: one.kind,
            ...(one.name !== undefined && { name: one.name }),
            ...(one.role && { role: one.role }),
            ...(one.limits && { limits: one.limits }),
            spent: rows.filter((row) => row.owner === one.id).map(({ owner: _owner, ...row }) => row),
          })),
        },
      };
    },
  }),
];
