import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import type { Budget, Caller, Hold, Most, Spending } from '../ports.ts';
import { createBudgets } from './budgets.ts';
import { memoryBudgetStore } from './memory-store.ts';
import type { BudgetStore } from './store.ts';
import type { Prices } from './units.ts';

const start = Date.parse('2026-03-31T22:30:00Z');
/** A tenth of a cent for each thousand tokens, whichever way. */
const prices: Prices = {
  of: (_target, { inputTokens = 0, outputTokens = 0 }) => (inputTokens + outputTokens) * 1e-6,
  most: (target, { inputTokens, outputTokens, images }) =>
    target.model === 'unpriced' ? undefined : (inputTokens + outputTokens) * 1e-6 + (images?.count ?? 0) * 0.04,
};

function scene(budgets: readonly Budget[], given: Partial<Caller> = {}, store?: BudgetStore) {
  const time = { now: start };
  const clock = { now: () => time.now };
  const kept = createBudgets({ clock, prices, ...(store && { store }) });
  const caller: Caller = { id: 'key-1', name: 'ann', limits: { budgets }, ...given };
  const ask = (most: Partial<Most> = {}, asked: Partial<Spending> = {}) =>
    kept.reserve({ ...spending(caller, 'm', most), ...asked });
  return { time, kept, caller, ask };
}

function spending(caller: Caller, model: string, most: Partial<Most>): Spending {
  const targets = [{ upstream: 'up', provider: 'openai', model, askedModel: model }];
  const all = { inputTokens: 0, outputTokens: 0, ...most };
  return { caller, model, targets, outputField: 'max_tokens', most: () => all };
}

async function refusalOf(work: unknown): Promise<Failure> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('It was let through.');
}

const tokens = (amount: number, per = 'month', more: Partial<Budget> = {}): Budget => ({
  amount,
  of: 'tokens',
  per,
  ...more,
});

test('what is set aside is gone for others until it is settled by what was used', async () => {
  const { ask } = scene([tokens(1000)]);
  const first = await ask({ inputTokens: 100, outputTokens: 500 });
  const failure = await refusalOf(ask({ inputTokens: 100, outputTokens: 400 }));
  expect(failure.message).toBe(
    'The budget of 1000 tokens per month of "ann" has no room for this request: 0 tokens spent, 600 tokens set aside for ' +
      'running requests, and this one may take up to 500 tokens. Try again when a running request has ended. ' +
      'Send max_tokens of at most 300.',
  );
  expect(first?.settle({ usage: { inputTokens: 90, outputTokens: 10 } })).toEqual([
    { budget: 'key-1:tokens/month', of: 'tokens', amount: 100, endsAt: Date.parse('2026-04-01T00:00:00Z') },
  ]);
  expect(await ask({ outputTokens: 900 })).toBeDefined();
  await refusalOf(ask({ outputTokens: 1 }));
});

test('a second settling changes nothing', async () => {
  const { ask } = scene([tokens(100)]);
  const hold = await ask({ outputTokens: 100 });
  expect(hold?.settle({ nothing: true })).toEqual([]);
  expect(hold?.settle({ usage: { outputTokens: 100 } })).toEqual([]);
  expect(await ask({ outputTokens: 100 })).toBeDefined();
});

test('what nobody reported is charged as it was set aside', async () => {
  const { ask } = scene([tokens(100)]);
  expect((await ask({ outputTokens: 70 }))?.settle({})[0]?.amount).toBe(70);
});

test('a refusal says how long to wait, and whether a library should try again by itself', async () => {
  const { ask, time } = scene([tokens(100)]);
  (await ask({ outputTokens: 100 }))?.settle({});
  const failure = await refusalOf(ask({ outputTokens: 1 }));
  expect(failure.kind).toBe('rate-limited');
  expect(failure.details).toMatchObject({
    code: 'proxy_quota_exceeded',
    retryAfterSeconds: 5400,
    shouldRetry: false,
    quota: {
      of: 'tokens',
      quota: 100,
      used: 100,
      requested: 1,
      remaining: 0,
      resetsAt: Date.parse('2026-04-01T00:00:00Z'),
    },
  });
  expect(failure.message).toContain('There is room again at 2026-04-01T00:00:00Z.');
  time.now += 5400_000;
  expect(await ask({ outputTokens: 100 })).toBeDefined();
});

describe('periods', () => {
  const cases: readonly (readonly [string, string, Partial<Budget>])[] = [
    ['minute', '2026-03-31T22:31:00Z', {}],
    ['hour', '2026-03-31T23:00:00Z', {}],
    ['day', '2026-04-01T00:00:00Z', {}],
    ['week', '2026-04-06T00:00:00Z', {}],
    ['month', '2026-04-01T00:00:00Z', {}],
    ['*/2 * * * * *', '2026-03-31T22:30:02Z', {}],
    ['0 3 * * *', '2026-04-01T03:00:00Z', {}],
    ['day', '2026-04-01T22:00:00Z', { timeZone: 'Europe/Berlin' }],
  ];
  test.each(cases)('%s ends at %s', async (per, end, more) => {
    const { ask } = scene([tokens(10, per, more)]);
    const charges = (await ask({ outputTokens: 5 }))?.settle({}) ?? [];
    expect(new Date(charges[0]?.endsAt ?? 0)).toEqual(new Date(end));
  });

  test('nothing is carried over, and a call is charged to the period in which it began', async () => {
    const { ask, time } = scene([tokens(100, 'hour')]);
    const before = await ask({ outputTokens: 60 });
    time.now += 3600_000;
    const after = await ask({ outputTokens: 100 });
    before?.settle({});
    await refusalOf(ask({ outputTokens: 1 }));
    after?.settle({ nothing: true });
    expect(await ask({ outputTokens: 100 })).toBeDefined();
  });

  test('rolling: what was spent leaves when it is as old as the span', async () => {
    const { ask, time } = scene([tokens(100, 'hour', { rolling: true })]);
    (await ask({ outputTokens: 60 }))?.settle({});
    time.now += 30 * 60_000;
    (await ask({ outputTokens: 40 }))?.settle({});
    expect((await refusalOf(ask({ outputTokens: 50 }))).details.retryAfterSeconds).toBe(31 * 60);
    time.now += 31 * 60_000;
    expect(await ask({ outputTokens: 60 })).toBeDefined();
    await refusalOf(ask({ outputTokens: 1 }));
  });

  test('total is never filled again, and neither is anything of a temporary caller', async () => {
    for (const [per, role] of [
      ['total', 'normal'],
      ['minute', 'temporary'],
    ] as const) {
      const { ask, time } = scene([tokens(100, per)], { role });
      (await ask({ outputTokens: 100 }))?.settle({});
      time.now += 366 * 24 * 3600_000;
      const failure = await refusalOf(ask({ outputTokens: 1 }));
      expect(failure.message).toContain('It is not filled again.');
      expect(failure.details).not.toHaveProperty('retryAfterSeconds');
    }
  });
});

test('budgets that are one and the same for a temporary caller are charged once, and the least holds', async () => {
  const { ask } = scene([tokens(500, 'month'), tokens(100, 'day'), tokens(300, 'week')], { role: 'temporary' });
  expect((await ask({ outputTokens: 60 }))?.settle({ usage: { outputTokens: 60 } })).toMatchObject([{ amount: 60 }]);
  expect((await ask({ outputTokens: 40 }))?.settle({ usage: { outputTokens: 40 } })).toMatchObject([{ amount: 40 }]);
  expect((await refusalOf(ask({ outputTokens: 1 }))).message).toContain('The budget of 100 tokens in all of "ann"');
});

test('money is counted in billionths of a dollar, by the price of where the call went', async () => {
  const { ask } = scene([{ amount: 0.001, of: 'usd', per: 'day' }]);
  const hold = await ask({ inputTokens: 400, outputTokens: 400 });
  const failure = await refusalOf(ask({ inputTokens: 100, outputTokens: 200 }));
  expect(failure.message).toContain('The budget of $0.0010 per day of "ann"');
  expect(failure.message).toContain('Send max_tokens of at most 100.');
  const target = { upstream: 'up', provider: 'openai', model: 'm', askedModel: 'm' };
  expect(hold?.settle({ target, usage: { inputTokens: 3, outputTokens: 4 } })[0]?.amount).toBe(7000);
});

test('without a price a budget of money cannot be held, and says so', async () => {
  const { ask, caller } = scene([{ amount: 1, of: 'usd', per: 'day' }]);
  const failure = await refusalOf((async () => ask({}, spending(caller, 'unpriced', { outputTokens: 1 })))());
  expect(failure.kind).toBe('forbidden');
  expect(failure.message).toBe(
    'No price of "unpriced" is known, so that the budget of $1.00 of "ann" could not be held. Whoever runs this gateway can add a row for it to "prices" of the configuration: {model, input, output}.',
  );
});

test('what is paid for unseen is refused under a budget of money or tokens, not under one of requests', async () => {
  const unseen = 'A batch is paid for later, unseen';
  const { message } = await refusalOf((async () => scene([tokens(100)]).ask({}, { unseen }))());
  expect(message).toContain('It takes an access key without a budget of money or tokens.');
  expect(await scene([{ amount: 1, of: 'requests', per: 'day' }]).ask({}, { unseen })).toBeDefined();
});

test('requests and images are counted as such', async () => {
  const requests = scene([{ amount: 2, of: 'requests', per: 'day' }]);
  (await requests.ask())?.settle({ nothing: true });
  (await requests.ask())?.settle({ usage: {} });
  (await requests.ask())?.settle({});
  await refusalOf(requests.ask());
  const images = scene([{ amount: 3, of: 'images', per: 'day' }]);
  (await images.ask({ images: { count: 2 } }))?.settle({});
  expect((await refusalOf(images.ask({ images: { count: 2 } }))).details.quota?.remaining).toBe(1);
});

test('pictures without tokens of their own count by their price: 100 000 tokens are a dollar (C20)', async () => {
  const { ask } = scene([tokens(10_000)]);
  expect((await ask({ images: { count: 1 } }))?.settle({})[0]?.amount).toBe(4000);
  (await ask({ images: { count: 1 } }))?.settle({});
  await refusalOf(ask({ images: { count: 1 } }));
});

test('a key is bound by its own budget and by its user’s, and whatever the refused one took is given back', async () => {
  const { kept } = scene([]);
  const key = (id: string): Caller => ({
    id,
    name: id,
    limits: { budgets: [tokens(100)] },
    userId: 'user-1',
    userName: 'ann',
    userLimits: { budgets: [tokens(150)] },
  });
  const [one, two] = [key('key-1'), key('key-2')];
  (await kept.reserve(spending(one, 'm', { outputTokens: 100 })))?.settle({});
  const failure = await refusalOf(kept.reserve(spending(two, 'm', { outputTokens: 100 })));
  expect(failure.message).toContain('of the user "ann"');
  expect(failure.message).toContain('Send max_tokens of at most 50.');
  expect(await kept.reserve(spending(two, 'm', { outputTokens: 50 }))).toBeDefined();
});

test('special callers have no budgets', () => {
  for (const role of ['special', 'admin'] as const) expect(scene([tokens(0)], { role }).ask()).toBeUndefined();
});

test('a budget of some models counts them under every name, and no others', async () => {
  const { ask, caller } = scene([tokens(100, 'day', { models: ['claude-*', 'bedrock/*', '!*haiku*'] })]);
  const other = { upstream: 'up', provider: 'openai', model: 'gpt-x', askedModel: 'gpt-x' };
  expect(await ask({ outputTokens: 500 }, { model: 'gpt-x', targets: [other] })).toBeUndefined();
  expect(
    await ask({ outputTokens: 500 }, { model: 'claude-haiku', targets: [{ ...other, model: 'claude-haiku' }] }),
  ).toBeUndefined();
  await refusalOf(ask({ outputTokens: 500 }, { model: 'alias', targets: [other, { ...other, model: 'claude-opus' }] }));
  await refusalOf(ask({ outputTokens: 500 }, { model: 'alias', targets: [{ ...other, provider: 'bedrock' }] }));
  expect(caller.limits?.budgets).toHaveLength(1);
});

test('a session is charged while it runs, and ends when there is no room for its next reply', async () => {
  const { ask } = scene([tokens(100)]);
  const hold = await ask({ outputTokens: 40 });
  await hold?.spend({ outputTokens: 30 });
  await hold?.spend({ outputTokens: 20 });
  await refusalOf(hold?.spend({ outputTokens: 20 }));
  expect(hold?.settle({ usage: { inputTokens: 0 } }).map(({ amount }) => amount)).toEqual([30, 20, 20]);
  expect(await ask({ outputTokens: 30 })).toBeDefined();
  await refusalOf(ask({ outputTokens: 1 }));
});

describe('a session that reports usage twice at once', () => {
  test.each(['in memory', 'in a store that answers late'])(
    'leaves nothing set aside when it is over, %s',
    async (where) => {
      const store = memoryBudgetStore({ now: () => start });
      const later: BudgetStore = { ...store, lease: (...args) => Promise.resolve().then(() => store.lease(...args)) };
      const budgets = [tokens(1000, 'day'), tokens(100)];
      const { ask } = scene(budgets, {}, where === 'in memory' ? store : later);
      const hold = await ask({ outputTokens: 40 });
      await Promise.all([hold?.spend({ outputTokens: 10 }), hold?.spend({ outputTokens: 10 })]);
      expect(hold?.settle({ usage: { inputTokens: 0 } }).map(({ amount }) => amount)).toEqual([10, 10, 10, 10]);
      expect(await ask({ outputTokens: 80 })).toBeDefined();
      await refusalOf(ask({ outputTokens: 1 }));
    },
  );

  test('under any interleaving', async () => {
    const usages = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), usages, async (scheduler, used) => {
        const store = memoryBudgetStore({ now: () => start });
        const { ask, kept } = scene([tokens(2000, 'day'), tokens(1000)], {}, late(store, scheduler));
        const hold = ask({ outputTokens: 40 }) as Promise<Hold>;
        const all = used.map(async (outputTokens) => {
          const held = await hold;
          await scheduler.schedule(Promise.resolve());
          await held.spend({ outputTokens });
        });
        await scheduler.waitFor(Promise.all(all));
        (await hold).settle({ usage: { inputTokens: 0 } });
        for (let times = 0; times < 2; times += 1) kept.returnIdle();
        const spent = used.reduce((sum, one) => sum + one, 0);
        const month = { budget: 'key-1:tokens/month', endsAt: Date.parse('2026-04-01T00:00:00Z') };
        expect(await store.lease(month, { amount: 0, need: 1, want: 1 })).toMatchObject({ spent, leased: 0 });
      }),
      { numRuns: 100 },
    );
  });

  test('and is over before there was room for the next reply: nothing becomes free twice', async () => {
    const { ask } = scene([tokens(1000, 'day'), tokens(100)]);
    const hold = await ask({ outputTokens: 40 });
    const spending = [hold?.spend({ outputTokens: 10 }), hold?.spend({ outputTokens: 10 })];
    hold?.settle({ usage: { inputTokens: 0 } });
    await Promise.all(spending);
    await hold?.spend({ outputTokens: 10 });
    expect(await ask({ outputTokens: 70 })).toBeDefined();
    await refusalOf(ask({ outputTokens: 1 }));
  });

  test('is charged to each of its budgets, also when one of them has no room left', async () => {
    const { ask, kept, caller } = scene([tokens(100), tokens(1000, 'day')]);
    const hold = await ask({ outputTokens: 40 });
    await refusalOf(hold?.spend({ outputTokens: 90 }));
    expect(hold?.settle({ usage: { inputTokens: 0 } }).map(({ budget }) => budget)).toEqual([
      'key-1:tokens/month',
      'key-1:tokens/day',
    ]);
    const daily: Caller = { ...caller, limits: { budgets: [tokens(1000, 'day')] } };
    await refusalOf(kept.reserve(spending(daily, 'm', { outputTokens: 911 })));
    expect(await kept.reserve(spending(daily, 'm', { outputTokens: 910 }))).toBeDefined();
  });
});

test('an edited amount holds from the next call on', async () => {
  const { kept, caller } = scene([tokens(1000)]);
  (await kept.reserve(spending(caller, 'm', { outputTokens: 60 })))?.settle({});
  const edited = (amount: number): Caller => ({ ...caller, limits: { budgets: [tokens(amount)] } });
  await refusalOf(kept.reserve(spending(edited(100), 'm', { outputTokens: 50 })));
  expect(await kept.reserve(spending(edited(110), 'm', { outputTokens: 50 }))).toBeDefined();
});

/** Answers late, as a database does. */
function late(store: BudgetStore, scheduler: fc.Scheduler): BudgetStore {
  return {
    ...store,
    async lease(...args) {
      await scheduler.schedule(Promise.resolve());
      return store.lease(...args);
    },
  };
}

test('under any interleaving, by however many processes, no budget is ever passed and everything is booked', async () => {
  const calls = fc.array(fc.record({ most: fc.integer({ min: 1, max: 40 }), used: fc.nat(100), process: fc.nat(2) }), {
    minLength: 1,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), calls, fc.integer({ min: 10, max: 200 }), async (scheduler, asked, amount) => {
      const clock = { now: () => start };
      const store = memoryBudgetStore(clock);
      const processes = [0, 1, 2].map(() => createBudgets({ clock, prices, store: late(store, scheduler) }));
      const caller: Caller = { id: 'k', limits: { budgets: [tokens(amount)] } };
      let open = 0;
      let spent = 0;
      const all = asked.map(async ({ most, used, process }) => {
        const hold = await Promise.resolve(
          processes[process]?.reserve(spending(caller, 'm', { outputTokens: most })),
        ).catch(() => undefined);
        if (!hold) return;
        open += most;
        expect(open + spent).toBeLessThanOrEqual(amount);
        await scheduler.schedule(Promise.resolve());
        const outputTokens = Math.floor((most * used) / 100);
        open -= most;
        spent += outputTokens;
        hold.settle({ usage: { outputTokens } });
      });
      await scheduler.waitFor(Promise.all(all));
      for (const one of processes) {
        one.returnIdle();
        one.returnIdle();
      }
      const key = { budget: 'k:tokens/month', endsAt: Date.parse('2026-04-01T00:00:00Z') };
      expect(await store.lease(key, { amount: 0, need: 1, want: 1 })).toMatchObject({ granted: 0, spent, leased: 0 });
    }),
    { numRuns: 150 },
  );
});
