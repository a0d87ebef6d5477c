import { preparedQuery } from '../prepared.ts';
import type { Database, JournalTable } from '../tables.ts';

/** How far this database has taken a segment in. */
export async function positionOf(db: Database, segment: string): Promise<number> {
  const row = await db.selectFrom('journals').select('position').where('segment', '=', segment).executeTakeFirst();
  return row?.position ?? 0;
}

/** Part of the transaction that takes the calls in. */
export async function moveTo(tx: Database, segment: string, position: number): Promise<void> {
  await putPosition(tx, { segment, position, updatedAt: Date.now() });
}

const putPosition = preparedQuery<JournalTable>((db, value) => {
  const row = { position: value(({ position }) => position), updatedAt: value(({ updatedAt }) => updatedAt) };
  return db
    .insertInto('journals')
    .values({ segment: value(({ segment }) => segment), ...row })
    .onConflict((conflict) => conflict.column('segment').doUpdateSet(row));
});

/** The segment's file is gone. */
export async function forgetPosition(db: Database, segment: string): Promise<void> {
  await db.deleteFrom('journals').where('segment', '=', segment).execute();
}
