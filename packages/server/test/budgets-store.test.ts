import { createBudgets, Failure, type Budget, type Caller, type CallRecord, type Charge } from '@proxy/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { budgetBooks, leaseMs, sqlBudgetStore } from '../src/budgets/sql-store.ts';
import { bookNewOf } from '../src/storage/book-calls.ts';
import { entryOf } from '../src/storage/entry.ts';
import { openStorage } from '../src/storage/open.ts';
import type { Storage } from '../src/storage/storage.ts';
import { databases, newPlace } from './databases.ts';

const start = Date.parse('2026-03-31T22:30:00Z');
const monthEnd = Date.parse('2026-04-01T00:00:00Z');

/** Books that several processes share, each with a home of its own unless it is said to be another's next life. */
describe.each(databases)('budgets on $name', (database) => {
  async function scene(budget: Partial<Budget> = {}) {
    const storage = await openStorage({ place: await newPlace(database) });
    onTestFinished(() => storage.close());
    const time = { now: start };
    const clock = { now: () => time.now };
    const caller: Caller = {
      id: 'key-1',
      name: 'ann',
      limits: { budgets: [{ amount: 1000, of: 'tokens', per: 'month', ...budget }] },
    };
    let calls = 0;

    async function process(home = `home-${(calls += 1)}`) {
      const store = await sqlBudgetStore(storage.db, clock, home);
      const budgets = createBudgets({ clock, store });
      const reserve = async (most: number) =>
        budgets.reserve({
          caller,
          model: 'm',
          targets: [{ upstream: 'u', provider: 'openai', model: 'm', askedModel: 'm' }],
          most: () => ({ inputTokens: 0, outputTokens: most }),
        });
      const spend = async (most: number, used = most) =>
        book(storage, (await reserve(most))?.settle({ usage: { outputTokens: used } }) ?? []);
      return { store, budgets, reserve, spend };
    }

    async function book(storage: Storage, charges: readonly Charge[]) {
      const call: CallRecord = {
        requestId: `req-${(calls += 1)}`,
        startedAt: time.now,
        durationMs: 0,
        status: 200,
        attempts: [],
        notices: [],
        charges,
      };
      await storage.db.transaction().execute((tx) => bookNewOf(tx, [entryOf(call)], [budgetBooks]));
    }

    const books = () => storage.db.selectFrom('budgetBooks').select(['budget', 'endsAt', 'spent']).execute();
    const leases = () => storage.db.selectFrom('budgetLeases').select(['holder', 'amount']).execute();
    return { storage, time, process, book: (charges: readonly Charge[]) => book(storage, charges), books, leases };
  }

  async function refused(work: Promise<unknown>): Promise<Failure> {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof Failure) return thrown;
    throw new Error(`Not refused: ${String(thrown)}.`);
  }

  test('of a budget that nobody can spend no more is leased than can be read again', async () => {
    const { process, leases } = await scene({ amount: 1e18 });
    const [one, other] = [await process(), await process()];
    for (const { spend } of [one, other]) await spend(100);
    expect((await leases()).map(({ amount }) => amount)).toEqual([2 ** 50 - 100, 2 ** 50 - 100]);
  });

  test('processes share a budget: what one has set aside or spent the other cannot', async () => {
    const { process, books } = await scene();
    const [one, other] = [await process(), await process()];
    await one.spend(600, 500);
    await other.reserve(300);
    expect((await refused(one.reserve(300))).message).toContain('500 tokens spent');
    expect(await books()).toEqual([{ budget: 'key-1:tokens/month', endsAt: monthEnd, spent: 500 }]);
  });

  test('what a process has leased and does not use comes back', async () => {
    const { process, leases } = await scene();
    const [one, other] = [await process(), await process()];
    await one.spend(10);
    await refused(other.reserve(990));
    one.budgets.returnIdle();
    one.budgets.returnIdle();
    await expect.poll(leases).toEqual([{ holder: one.store.holder, amount: 0 }]);
    expect(await other.reserve(990)).toBeDefined();
  });

  test('a call is booked once, with its lease', async () => {
    const { process, leases, books, storage } = await scene();
    const one = await process();
    const charges = (await one.reserve(100))?.settle({ usage: { outputTokens: 70 } }) ?? [];
    const call: CallRecord = {
      requestId: 'req',
      startedAt: start,
      durationMs: 0,
      status: 200,
      attempts: [],
      notices: [],
      charges,
    };
    for (let time = 0; time < 2; time++)
      await storage.db.transaction().execute((tx) => bookNewOf(tx, [entryOf(call)], [budgetBooks]));
    expect((await books())[0]?.spent).toBe(70);
    expect(await leases()).toEqual([{ holder: one.store.holder, amount: 30 }]);
  });

  test('what a call cost beyond what was thought possible is booked, and nobody can spend it again', async () => {
    const { process } = await scene();
    const one = await process();
    await one.spend(10, 995);
    await refused(one.reserve(6));
    await refused((await process()).reserve(6));
    expect(await (await process()).reserve(5)).toBeDefined();
  });

  test('the leases of a process that died are free for its next life, with all that it had spent', async () => {
    const { process, book, leases, storage } = await scene();
    const one = await process('home');
    const charges = (await one.reserve(900))?.settle({ usage: { outputTokens: 400 } }) ?? [];
    await refused((await process()).reserve(200));
    // As if it had ended: nobody has that number.
    const holder = one.store.holder.replace(/\/\d+\//, '/99999999/');
    for (const table of ['budgetLeases', 'budgetHolders'] as const)
      await storage.db.updateTable(table).set({ holder }).where('holder', '=', one.store.holder).execute();
    await book(charges.map((charge) => ({ ...charge, holder })));
    const next = await process('home');
    expect((await leases()).map((lease) => lease.holder)).not.toContain(holder);
    expect(await next.reserve(600)).toBeDefined();
    await refused(next.reserve(1));
  });

  test('and lapse with their time for others; a process that comes back late no longer counts on them', async () => {
    const { process, time } = await scene();
    const [one, other] = [await process(), await process()];
    const held = await one.reserve(900);
    await refused(other.reserve(200));
    time.now += leaseMs / 2;
    await other.store.renew();
    time.now += leaseMs / 2 + 1;
    await other.store.renew();
    expect(await other.reserve(1000)).toBeDefined();
    held?.settle({ nothing: true });
    await refused(one.reserve(1));
  });

  test('a period that is over takes nothing along', async () => {
    const { process, time, books } = await scene();
    const one = await process();
    await one.spend(1000);
    await refused(one.reserve(1));
    time.now = monthEnd;
    await one.spend(700);
    expect(await books()).toHaveLength(2);
    await refused(one.reserve(301));
  });

  test('rolling: what was spent leaves when it is as old as the span', async () => {
    const { process, time } = await scene({ per: 'hour', rolling: true });
    const one = await process();
    await one.spend(600);
    time.now += 30 * 60_000;
    await one.store.renew();
    await one.spend(400);
    expect((await refused(one.reserve(500))).details.retryAfterSeconds).toBe(31 * 60);
    time.now += 5 * 60_000;
    await one.store.renew();
    await refused(one.reserve(1));
    time.now += 26 * 60_000;
    await one.store.renew();
    expect(await one.reserve(600)).toBeDefined();
    await refused(one.reserve(1));
  });

  test('two that want the rest at the same moment: one gets it', async () => {
    const { process } = await scene();
    const all = await Promise.all(Array.from({ length: 4 }, () => process()));
    const outcomes = await Promise.allSettled(all.map((one) => one.reserve(600)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a process that ends gives everything back', async () => {
    const { process, leases } = await scene();
    const one = await process();
    await one.reserve(1000);
    await one.store.release();
    expect(await leases()).toEqual([]);
  });
});
