import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import { memoryCounters, silentLog } from '../memory.ts';
import type { Counters, Limits } from '../ports.ts';
import { createLimiter, type Permit } from './limiter.ts';

const alice = { id: 'alice', name: 'Alice' };

function scene(wrap: (counters: Counters) => Counters = (counters) => counters) {
  let now = 500_000;
  const memory = memoryCounters({ now: () => now });
  const counters = wrap(memory);
  const limiter = createLimiter({ counters, random: () => 0.5, log: silentLog });
  return { limiter, counters: memory, pass: (ms: number) => (now += ms), now: () => now };
}

async function refusal(reserving: Permit | Promise<Permit>): Promise<Failure> {
  const outcome = await Promise.resolve(reserving).catch((thrown: unknown) => thrown);
  if (!(outcome instanceof Failure)) throw new Error('The reservation was granted.');
  return outcome;
}

describe('reserve', () => {
  test('says which limit, whose, and when it frees', async () => {
    const { limiter, pass } = scene();
    await limiter.reserve(alice, { requestsPerMinute: 1 }, 0);
    pass(20_000);
    const failure = await refusal(limiter.reserve(alice, { requestsPerMinute: 1 }, 0));
    expect(failure.kind).toBe('rate-limited');
    expect(failure.message).toBe('The limit of 1 requests per minute of "Alice" is reached. Try again in 41 s.');
    expect(failure.details.retryAfterSeconds).toBe(41);
    pass(41_000);
    await limiter.reserve(alice, { requestsPerMinute: 1 }, 0);
  });

  test('callers do not share', async () => {
    const { limiter } = scene();
    await limiter.reserve(alice, { requestsPerMinute: 1 }, 0);
    await limiter.reserve({ id: 'bob' }, { requestsPerMinute: 1 }, 0);
  });

  test('a request above the whole token limit hears that waiting will not help', async () => {
    const { limiter } = scene();
    const failure = await refusal(limiter.reserve(alice, { tokensPerMinute: 100 }, 101));
    expect(failure.message).toContain('101 tokens, more than the 100 tokens per minute');
    expect(failure.details.retryAfterSeconds).toBeUndefined();
    // The vendors' libraries ask again after every 429 that does not say so.
    expect(failure.details.shouldRetry).toBe(false);
  });

  test('estimates are only made where tokens are limited', async () => {
    const { limiter } = scene();
    const estimate = () => {
      throw new Error('asked');
    };
    await limiter.reserve(alice, { concurrency: 1 }, estimate);
    await expect(limiter.reserve(alice, { tokensPerMinute: 1 }, estimate)).rejects.toThrow('asked');
  });

  test('what a later limit refuses takes nothing of the earlier ones', async () => {
    const { limiter } = scene();
    const limits = { requestsPerMinute: 2, tokensPerMinute: 10, concurrency: 1 };
    const permit = await limiter.reserve(alice, limits, 5);
    for (let tries = 0; tries < 5; tries += 1) await refusal(limiter.reserve(alice, limits, 5));
    for (let tries = 0; tries < 5; tries += 1) await refusal(limiter.reserve(alice, limits, 6));
    await permit.settle({ inputTokens: 5 });
    await limiter.reserve(alice, limits, 5);
  });

  test('a store that fails gives back what was taken and lets its error through', async () => {
    let broken = true;
    const failing = (counters: Counters): Counters => ({
      ...counters,
      enter: (...args) => (broken ? Promise.reject(new Error('store down')) : counters.enter(...args)),
    });
    const { limiter } = scene(failing);
    const limits = { requestsPerMinute: 1, concurrency: 1 };
    await expect(limiter.reserve(alice, limits, 0)).rejects.toThrow('store down');
    broken = false;
    await limiter.reserve(alice, limits, 0);
  });
});

describe('settle', () => {
  const limits = { tokensPerMinute: 100 };

  test.each([
    [{ inputTokens: 30, cacheReadTokens: 10, outputTokens: 20 }, 40],
    [{ inputTokens: 0 }, 100],
    [undefined, 50],
    [{ outputTokens: 20 }, 30],
  ])('%j leaves room for %d of 100, having reserved 50', async (usage, room) => {
    const { limiter } = scene();
    const permit = await limiter.reserve(alice, limits, 50);
    await permit.settle(usage);
    await permit.settle({ inputTokens: 0 });
    await refusal(limiter.reserve(alice, limits, room + 1));
    await limiter.reserve(alice, limits, room);
  });

  test('never rejects: a store that fails then is logged', async () => {
    const { limiter } = scene((counters) => ({ ...counters, leave: () => Promise.reject(new Error('down')) }));
    const permit = await limiter.reserve(alice, { concurrency: 1 }, 0);
    await expect(permit.settle()).resolves.toBeUndefined();
  });
});

/** Answers late and in any order, as a store over the network does. */
function scheduled(scheduler: fc.Scheduler, counters: Counters): Counters {
  const late = <T>(act: () => T | Promise<T>): Promise<T> => scheduler.schedule(Promise.resolve()).then(act);
  return {
    take: (...args) => late(() => counters.take(...args)),
    adjust: (...args) => late(() => counters.adjust(...args)),
    enter: (...args) => late(() => counters.enter(...args)),
    leave: (...args) => late(() => counters.leave(...args)),
  };
}

test('under any interleaving no limit is passed, and after settling everything is given back', async () => {
  const limitsOf = fc.record({
    requestsPerMinute: fc.integer({ min: 1, max: 8 }),
    tokensPerMinute: fc.integer({ min: 1, max: 60 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
  });
  const calls = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      limitsOf,
      calls,
      async (scheduler, limits: Required<Omit<Limits, 'budgets'>>, estimates) => {
        const { limiter, counters } = scene((memory) => scheduled(scheduler, memory));
        let running = 0;
        let tokens = 0;
        let requests = 0;
        const all = estimates.map(async (estimate) => {
          const permit = await Promise.resolve(limiter.reserve(alice, limits, estimate)).catch(() => undefined);
          if (!permit) return;
          running += 1;
          requests += 1;
          tokens += estimate;
          expect(running).toBeLessThanOrEqual(limits.concurrency);
          expect(requests).toBeLessThanOrEqual(limits.requestsPerMinute);
          expect(tokens).toBeLessThanOrEqual(limits.tokensPerMinute);
          await scheduler.schedule(Promise.resolve());
          running -= 1;
          tokens -= estimate;
          await permit.settle({ inputTokens: 0 });
        });
        await scheduler.waitFor(Promise.all(all));
        const left = await counters.take('tokens:alice', 0, limits.tokensPerMinute, 60_000);
        expect(left.remaining).toBe(limits.tokensPerMinute);
        const asked = await counters.take('requests:alice', 0, limits.requestsPerMinute, 60_000);
        expect(asked.remaining).toBe(limits.requestsPerMinute - requests);
        for (let place = 0; place < limits.concurrency; place += 1)
          expect(await counters.enter('running:alice', limits.concurrency, 1000, `probe${place}`)).toBe(true);
      },
    ),
  );
});
