import type { Database } from './tables.ts';

/** Undefined: never set. */
export async function settingOf(db: Database, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** The value that is there, or a first one; of two processes at once, both get the same. */
export async function settleOn(db: Database, name: string, first: () => string): Promise<string> {
  const known = await settingOf(db, name);
  if (known !== undefined) return known;
  const value = first();
  await db.insertInto('settings').values({ name, value }).onConflict((conflict) => conflict.doNothing()).execute(); // prettier-ignore
  return (await settingOf(db, name)) ?? value;
}
