import type { Database } from '../tables.ts';

/** How far this database has taken a segment in. */
export async function positionOf(db: Database, segment: string): Promise<number> {
  const row = await db.selectFrom('journals').select('position').where('segment', '=', segment).executeTakeFirst();
  return row?.position ?? 0;
}

/** Part of the transaction that takes the calls in. */
export async function moveTo(tx: Database, segment: string, position: number): Promise<void> {
  const row = { position, updatedAt: Date.now() };
  await tx
    .insertInto('journals')
    .values({ segment, ...row })
    .onConflict((conflict) => conflict.column('segment').doUpdateSet(row))
    .execute();
}

/** The segment's file is gone. */
export async function forgetPosition(db: Database, segment: string): Promise<void> {
  await db.deleteFrom('journals').where('segment', '=', segment).execute();
}
