import * as z from 'zod';
import { userIdOf } from '../../callers.ts';
import type { BudgetBookTable } from '../../storage/tables.ts';
import { keysOfFile } from '../known-callers.ts';
import { base, operation, type Operation } from '../operation.ts';
import { limits, role } from '../schemas.ts';

const spentSchema = z
  .object({
    budget: z.string(),
    endsAt: z.int().meta({ description: 'Of the period, in milliseconds since 1970; 0: there is but one.' }),
    spent: z.number().meta({ description: 'In whole units: tokens, requests, images, or billionths of a dollar.' }),
  })
  .meta({ id: 'Spent' });

const ownerSchema = z.object({
  id: z.string(),
  name: z.string().exactOptional(),
  kind: z.enum(['user', 'access-key']),
  role: role.exactOptional(),
  limits: limits.exactOptional(),
  spent: z.array(spentSchema),
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
    async handle({ query: { owner } }, { place: { storage, config } }) {
      const rows = await storage.db.selectFrom('budgetBooks').selectAll().orderBy('endsAt').execute();
      const usersOfFile = config().users.map((user) => ({ ...user, id: userIdOf(user.name) }));
      const users = [...usersOfFile, ...(await storage.users.list())].map((one) => ({ kind: 'user', ...one }) as const);
      const allKeys = [...keysOfFile(config()), ...(await storage.accessKeys.list())];
      const keys = allKeys.map((key) => ({ kind: 'access-key', ...key }) as const);
      const owners = [...users, ...keys].filter(({ id }) => owner === undefined || id === owner);
      return {
        body: {
          owners: owners.map((one) => ({
            id: one.id,
            kind: one.kind,
            ...(one.name !== undefined && { name: one.name }),
            ...(one.role && { role: one.role }),
            ...(one.limits && { limits: one.limits }),
            spent: spentBy(one.id, rows),
          })),
        },
      };
    },
  }),
];

/** A budget's name begins with its owner's: see core/src/budgets/bound.ts. */
function spentBy(owner: string, rows: readonly BudgetBookTable[]): readonly BudgetBookTable[] {
  return rows
    .filter(({ budget }) => budget.startsWith(`${owner}:`))
    .map(({ budget, ...row }) => ({ ...row, budget: budget.slice(owner.length + 1) }));
}
