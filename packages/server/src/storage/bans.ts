import type { Changes } from './changes.ts';
import { present } from './row.ts';
import type { Database } from './tables.ts';

/** An address that may not call. */
export interface Ban {
  /** An address or a CIDR, in its normal form. */
  readonly address: string;
  readonly reason: string;
  readonly since: number;
  /** Absent: until somebody lifts it. */
  readonly until?: number;
}

export interface Bans {
  /** A ban of the same address is replaced. */
  put(ban: Ban): Promise<void>;
  /** Also those that have ended and were not swept yet. */
  list(): Promise<readonly Ban[]>;
  /** False: it was not banned. */
  lift(address: string): Promise<boolean>;
  /** Forgets those that have ended; returns how many. */
  sweep(now: number): Promise<number>;
}

export function bansIn(db: Database, changes: Changes): Bans {
  return {
    async put({ address, reason, since, until }) {
      const row = { reason, since, until: until ?? null };
      await changes.make('bans', async (tx) => {
        await tx
          .insertInto('bans')
          .values({ address, ...row })
          .onConflict((conflict) => conflict.column('address').doUpdateSet(row))
          .execute();
      });
    },
    async list() {
      const rows = await db.selectFrom('bans').selectAll().orderBy('since').orderBy('address').execute();
      return rows.map((row) => present(row));
    },
    async lift(address) {
      return changes.make('bans', async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('bans').where('address', '=', address).executeTakeFirst();
        return numDeletedRows > 0n;
      });
    },
    async sweep(now) {
      const { numDeletedRows } = await db.deleteFrom('bans').where('until', '<=', now).executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
