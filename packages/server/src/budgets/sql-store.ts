import { Failure, type BudgetKey, type BudgetStore, type Charge, type Clock, type Leased } from '@proxy/core';
import { sql } from 'kysely';
import type { Mutable } from '../mutable.ts';
import type { Bookkeeping } from '../storage/book-calls.ts';
import type { Entry } from '../storage/entry.ts';
import { preparedQuery } from '../storage/prepared.ts';
import type { BudgetLeaseTable, BudgetSliceTable, Database } from '../storage/tables.ts';
import { holderName, isGone } from './holder.ts';

/** A process that has not said for so long that it lives has lost its leases: what it then still spends is booked all the same. */
export const leaseMs = 10 * 60_000;
/** Its clock and the others' may differ by this. */
const marginMs = 60_000;
const slicesPerSpan = 60;
/** Books of periods that are over are kept for whoever asks what was spent. */
const keepMs = 400 * 24 * 60 * 60_000;

/** The books of budgets in the database, which several processes share: see `BudgetStore`. */
export interface SqlBudgetStore extends BudgetStore {
  readonly holder: string;
  /** Says that this process lives, and clears up behind those that have not for long. To be called every minute or so. */
  renew(): Promise<void>;
  /** Everything leased goes back: when this process ends, and all its calls are booked. */
  release(): Promise<void>;
}

/** The charges of calls, booked in the transaction that puts the calls on record. */
export const budgetBooks: Bookkeeping = {
  async apply(tx, entries) {
    for (const booking of bookingsOf(entries)) await bookIn(tx, booking);
  },
};

/**
 * To be opened when the journals of earlier processes of this `home` have been moved into the database: what those had leased and
 * not spent is free then.
 */
export async function sqlBudgetStore(db: Database, clock: Clock, home: string): Promise<SqlBudgetStore> {
  const holder = holderName(home);
  let validUntil = 0;
  const returning: (BudgetKey & { readonly amount: number })[] = [];

  /** Taken from the list before they are sent, so that nothing goes back twice. */
  async function giveAllBack(): Promise<void> {
    for (let one = returning.pop(); one; one = returning.pop()) {
      try {
        await takeFromLease(db, { ...one, holder });
      } catch (error) {
        returning.push(one);
        throw error;
      }
    }
  }

  async function renew(gone: (holder: string) => boolean = () => false): Promise<void> {
    const now = clock.now();
    await db.transaction().execute(async (tx) => {
      const row = { holder, validUntil: now + leaseMs };
      await tx
        .insertInto('budgetHolders')
        .values(row)
        .onConflict((conflict) => conflict.column('holder').doUpdateSet({ validUntil: row.validUntil }))
        .execute();
      await forgetTheDead(tx, now, gone);
      await tx.deleteFrom('budgetSlices').where('leavesAt', '<', now).execute();
      await tx
        .deleteFrom('budgetBooks')
        .where('endsAt', '>', 0)
        .where('endsAt', '<', now - keepMs)
        .execute();
    });
    validUntil = now + leaseMs - marginMs;
    await giveAllBack();
  }

  await renew((other) => isGone(other, holder));
  return {
    holder,
    validUntil: () => validUntil,
    renew: () => renew(),
    async lease(key, { amount, need, want }) {
      try {
        if (clock.now() >= validUntil) await renew();
        return await db.transaction().execute((tx) => leaseIn(tx, key, holder, clock.now(), amount, need, want));
      } catch (cause) {
        throw new Failure('overloaded', 'What is left of a budget cannot be read at the moment. Try again.', {
          retryAfterSeconds: 1,
          cause,
        });
      }
    },
    async giveBack(key, amount) {
      returning.push({ ...key, amount });
      // While the database is away they wait for the next renewal.
      await giveAllBack().catch(() => undefined);
    },
    async release() {
      await db.transaction().execute(async (tx) => {
        await tx.deleteFrom('budgetLeases').where('holder', '=', holder).execute();
        await tx.deleteFrom('budgetHolders').where('holder', '=', holder).execute();
      });
    },
  };
}

async function forgetTheDead(tx: Database, now: number, gone: (holder: string) => boolean): Promise<void> {
  const holders = await tx.selectFrom('budgetHolders').selectAll().execute();
  const dead = holders.filter(({ holder, validUntil }) => validUntil < now || gone(holder)).map(({ holder }) => holder);
  if (dead.length === 0) return;
  await tx.deleteFrom('budgetLeases').where('holder', 'in', dead).execute();
  await tx.deleteFrom('budgetHolders').where('holder', 'in', dead).execute();
}

async function leaseIn(
  tx: Database,
  key: BudgetKey,
  holder: string,
  now: number,
  amount: number,
  need: number,
  want: number,
): Promise<Leased> {
  const { budget, endsAt } = key;
  const booked = await addToBook(tx, { budget, endsAt, amount: 0 });
  const slices = key.rollingMs === undefined ? undefined : await slicesOf(tx, budget, now);
  const spent = slices ? sum(slices.map((slice) => slice.spent)) : booked;
  const leases = await tx
    .selectFrom('budgetLeases')
    .select(['holder', 'amount'])
    .where('budget', '=', budget)
    .where('endsAt', '=', endsAt)
    .execute();
  // Below zero: more was spent than had been leased. It is among what is spent by now, and nobody else's to spend.
  const leased = sum(leases.map((lease) => Math.max(0, lease.amount)));
  const debt = Math.max(0, -(leases.find((lease) => lease.holder === holder)?.amount ?? 0));
  const left = amount - spent - leased;
  const lacking = need - debt - left;
  if (lacking > 0) {
    const freesAfterMs = slices && freesAfter(slices, lacking, now);
    return { granted: 0, spent, leased, ...(freesAfterMs !== undefined && { freesAfterMs }) };
  }
  const granted = Math.min(left, want - debt) + debt;
  await tx
    .insertInto('budgetLeases')
    .values({ budget, endsAt, holder, amount: granted })
    .onConflict((conflict) =>
      conflict.columns(['budget', 'endsAt', 'holder']).doUpdateSet({ amount: sql`budget_leases.amount + ${granted}` }),
    )
    .execute();
  return { granted, spent, leased: leased + granted - debt };
}

/** What was spent of a period by now. Whoever comes first has the budget to itself until the end of its transaction. */
async function addToBook(tx: Database, booking: Pick<Booking, 'budget' | 'endsAt' | 'amount'>): Promise<number> {
  const [book] = (await addSpent(tx, booking)).rows;
  // Zero in its place would hand the whole budget out once more.
  if (!book) throw new Error(`The book of ${booking.budget} gave no sum back.`);
  return book.spent;
}

const addSpent = preparedQuery<Pick<Booking, 'budget' | 'endsAt' | 'amount'>, { readonly spent: number }>(
  (db, value) => {
    const amount = value((booking) => booking.amount);
    return db
      .insertInto('budgetBooks')
      .values({ budget: value(({ budget }) => budget), endsAt: value(({ endsAt }) => endsAt), spent: amount })
      .onConflict((conflict) =>
        conflict.columns(['budget', 'endsAt']).doUpdateSet({ spent: sql`budget_books.spent + ${amount}` }),
      )
      .returning('spent');
  },
);

interface Slice {
  readonly leavesAt: number;
  readonly spent: number;
}

function slicesOf(tx: Database, budget: string, now: number): Promise<readonly Slice[]> {
  return tx
    .selectFrom('budgetSlices')
    .select(['leavesAt', 'spent'])
    .where('budget', '=', budget)
    .where('leavesAt', '>', now)
    .orderBy('leavesAt')
    .execute();
}

function freesAfter(slices: readonly Slice[], lacking: number, now: number): number | undefined {
  let freed = 0;
  for (const { leavesAt, spent } of slices) {
    freed += spent;
    if (freed >= lacking) return leavesAt - now;
  }
  return undefined;
}

/** All that a batch of calls has spent from one lease. */
interface Booking {
  readonly budget: string;
  readonly endsAt: number;
  readonly holder: string;
  readonly amount: number;
  /** Of a budget that rolls: when it leaves again. */
  readonly leavesAt: number | undefined;
}

/** In one order, whoever books: two that lock the same books never wait for each other. */
function bookingsOf(entries: readonly Entry[]): readonly Booking[] {
  const bookings = new Map<string, Mutable<Booking>[]>();
  for (const { row, charges } of entries)
    for (const charge of charges) {
      const { budget, endsAt, holder = '', amount } = charge;
      const leavesAt = leavesAtOf(charge, row.startedAt + row.durationMs);
      let ofBudget = bookings.get(budget);
      if (!ofBudget) bookings.set(budget, (ofBudget = []));
      const booking = ofBudget.find(
        (one) => one.endsAt === endsAt && one.holder === holder && one.leavesAt === leavesAt,
      );
      if (booking) booking.amount += amount;
      else ofBudget.push({ budget, endsAt, holder, amount, leavesAt });
    }
  return [...bookings.values()].flat().sort(inOrder);
}

function inOrder(a: Booking, b: Booking): number {
  if (a.budget !== b.budget) return a.budget < b.budget ? -1 : 1;
  if (a.endsAt !== b.endsAt) return a.endsAt - b.endsAt;
  if (a.holder !== b.holder) return a.holder < b.holder ? -1 : 1;
  return (a.leavesAt ?? 0) - (b.leavesAt ?? 0);
}

/** A slice leaves when its last instant does, so that in no span more than the amount is spent. */
function leavesAtOf({ rollingMs }: Charge, spentAt: number): number | undefined {
  if (rollingMs === undefined) return undefined;
  const sliceMs = rollingMs / slicesPerSpan;
  return (Math.floor(spentAt / sliceMs) + 1) * sliceMs + rollingMs;
}

async function bookIn(tx: Database, booking: Booking): Promise<void> {
  const { budget, leavesAt, amount } = booking;
  await addToBook(tx, booking);
  if (leavesAt !== undefined) await addToSlice(tx, { budget, leavesAt, spent: amount });
  await takeFromLease(tx, booking);
}

const addToSlice = preparedQuery<BudgetSliceTable>((db, value) => {
  const spent = value((slice) => slice.spent);
  return db
    .insertInto('budgetSlices')
    .values({ budget: value(({ budget }) => budget), leavesAt: value(({ leavesAt }) => leavesAt), spent })
    .onConflict((conflict) =>
      conflict.columns(['budget', 'leavesAt']).doUpdateSet({ spent: sql`budget_slices.spent + ${spent}` }),
    );
});

const takeFromLease = preparedQuery<BudgetLeaseTable>((db, value) => {
  const budget = value((lease) => lease.budget);
  const endsAt = value((lease) => lease.endsAt);
  const holder = value((lease) => lease.holder);
  const amount = value((lease) => lease.amount);
  return db
    .updateTable('budgetLeases')
    .set((row) => ({ amount: row('amount', '-', amount) }))
    .where('budget', '=', budget)
    .where('endsAt', '=', endsAt)
    .where('holder', '=', holder);
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
