import type { Database } from './tables.ts';

/** What others keep in memory of this database. */
export type Topic = 'callers' | 'credentials' | 'bans';

/** Tells every process that keeps this topic in memory; part of the transaction that changes it. */
export async function tellOf(tx: Database, topic: Topic): Promise<void> {
  await tx
    .insertInto('changes')
    .values({ topic, number: 1 })
    .onConflict((conflict) =>
      conflict.column('topic').doUpdateSet((row) => ({ number: row('changes.number', '+', 1) })),
    )
    .execute();
}

/** How often each topic has been changed; absent: never. */
export async function changesIn(db: Database): Promise<Readonly<Partial<Record<Topic, number>>>> {
  const rows = await db.selectFrom('changes').selectAll().execute();
  return Object.fromEntries(rows.map(({ topic, number }) => [topic, number]));
}
