import type { Database } from './tables.ts';

/** How many successful calls each upstream key has had, of those that its quota allows. */
export interface KeyQuotas {
  list(): Promise<readonly KeyUse[]>;
  /** One call more; the new number, or undefined when the quota is used up. Of processes at once no two get the last. */
  take(credential: string, quota: number): Promise<number | undefined>;
  giveBack(credential: string): Promise<void>;
  /** What a person says that it was: 0 begins anew. */
  set(credential: string, used: number): Promise<void>;
}

export interface KeyUse {
  readonly credential: string;
  readonly used: number;
}

export function keyQuotasIn(db: Database): KeyQuotas {
  return {
    list: () => db.selectFrom('keyQuotas').selectAll().orderBy('credential').execute(),
    async take(credential, quota) {
      if (quota < 1) return undefined;
      const row = await db
        .insertInto('keyQuotas')
        .values({ credential, used: 1 })
        .onConflict((conflict) =>
          conflict
            .column('credential')
            .doUpdateSet(({ eb }) => ({ used: eb('keyQuotas.used', '+', 1) }))
            .where('keyQuotas.used', '<', quota),
        )
        .returning('used')
        .executeTakeFirst();
      return row?.used;
    },
    async giveBack(credential) {
      await db
        .updateTable('keyQuotas')
        .set(({ eb }) => ({ used: eb('used', '-', 1) }))
        .where('credential', '=', credential)
        .where('used', '>', 0)
        .execute();
    },
    async set(credential, used) {
      await db
        .insertInto('keyQuotas')
        .values({ credential, used })
        .onConflict((conflict) => conflict.column('credential').doUpdateSet({ used }))
        .execute();
    },
  };
}
