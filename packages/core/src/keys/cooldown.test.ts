import { describe, expect, test } from 'vitest';
import type { FailureKind } from '../conversation/failure.ts';
import { Failure, failureKinds } from '../conversation/failure.ts';
import { createCooldown, type BreakerRules, type CooldownOptions } from './cooldown.ts';

const minute = 60_000;

function scene(options: Partial<CooldownOptions> = {}) {
  let now = 1_000_000;
  const cooldown = createCooldown({ clock: { now: () => now }, ...options });
  return {
    cooldown,
    fail(kind: FailureKind, id = 'k1', model = 'm', retryAfterSeconds?: number) {
      cooldown.rest(id, model, new Failure(kind, 'no', retryAfterSeconds === undefined ? {} : { retryAfterSeconds }));
    },
    pass: (ms: number) => (now += ms),
    restOf: (id = 'k1', model = 'm') => Math.max(0, cooldown.freeAtMs(id, model) - now),
  };
}

describe('D25 a key that fails rests', () => {
  test.each(['unauthenticated', 'billing', 'forbidden'] as const)(
    '%s rests it for all models, five minutes',
    (kind) => {
      const { cooldown, fail, pass } = scene();
      fail(kind);
      expect(cooldown.available('k1', 'another')).toBe(false);
      expect(cooldown.available('k2', 'm')).toBe(true);
      pass(5 * minute - 1);
      expect(cooldown.available('k1', 'm')).toBe(false);
      pass(1);
      expect(cooldown.available('k1', 'm')).toBe(true);
    },
  );

  test('rate-limited rests that model alone, five minutes', () => {
    const { cooldown, fail, restOf } = scene();
    fail('rate-limited');
    expect(restOf()).toBe(5 * minute);
    expect(cooldown.available('k1', 'another')).toBe(true);
  });

  test.each([
    ['rate-limited', 7, 7000],
    ['overloaded', 90, 90_000],
    ['rate-limited', 0, 1000],
    ['rate-limited', 1e9, 24 * 60 * minute],
    ['unauthenticated', 7, 5 * minute],
  ] as const)('%s with retry-after %d rests %d ms', (kind, seconds, ms) => {
    const { fail, restOf } = scene();
    fail(kind, 'k1', 'm', seconds);
    expect(restOf()).toBe(ms);
  });

  test.each(['server', 'bad-upstream', 'overloaded', 'timeout'] as const)(
    'a lone %s is a hiccup, more are not',
    (kind) => {
      const { fail, restOf } = scene();
      const rests = [1, 2, 3, 4, 5].map(() => {
        fail(kind);
        return restOf();
      });
      expect(rests).toEqual([0.5, 5, 5, 10, 10].map((minutes) => minutes * minute));
    },
  );

  test('ten minutes after more than three failures in a row, and success forgets them', () => {
    const { cooldown, fail, restOf } = scene();
    for (let failures = 0; failures < 4; failures += 1) fail('unauthenticated');
    expect(restOf()).toBe(10 * minute);
    cooldown.succeeded('k1', 'm');
    expect(cooldown.available('k1', 'm')).toBe(true);
    fail('unauthenticated');
    expect(restOf()).toBe(5 * minute);
  });

  test('what another key would not do better either rests nothing', () => {
    for (const kind of Object.keys(failureKinds) as FailureKind[]) {
      // its keys are the kinds
      const { cooldown, fail } = scene();
      fail(kind);
      expect([kind, cooldown.available('k1', 'm')]).toEqual([kind, !failureKinds[kind].retryElsewhere]);
    }
  });

  describe('of calls that ran side by side', () => {
    const late = (cooldown: ReturnType<typeof scene>['cooldown'], kind: FailureKind, retryAfterSeconds?: number) =>
      cooldown.rest('k1', 'm', new Failure(kind, 'no', retryAfterSeconds ? { retryAfterSeconds } : {}), {}, 1_000_000);

    test('one that began before the rest ends it by no success', () => {
      const { cooldown, fail, pass, restOf } = scene();
      pass(1);
      fail('rate-limited', 'k1', 'm', 3600);
      cooldown.succeeded('k1', 'm', 1_000_000);
      expect(restOf()).toBe(3_600_000);
      cooldown.succeeded('k1', 'm', 1_000_001);
      expect(restOf()).toBe(0);
    });

    test('all that fail are one failure in a row', () => {
      const { cooldown, fail, pass, restOf } = scene();
      pass(1);
      fail('server');
      for (let calls = 0; calls < 9; calls += 1) late(cooldown, 'server');
      expect(restOf()).toBe(30_000);
      pass(30_000);
      fail('server');
      expect(restOf()).toBe(5 * minute);
    });

    test('a late failure makes a rest longer, never shorter', () => {
      const { cooldown, fail, pass, restOf } = scene();
      pass(1);
      fail('rate-limited', 'k1', 'm', 3600);
      late(cooldown, 'server');
      late(cooldown, 'rate-limited', 60);
      expect(restOf()).toBe(3_600_000);
      late(cooldown, 'overloaded', 7200);
      expect(restOf()).toBe(7_200_000);
    });
  });

  test('when all rest, the one that frees soonest', () => {
    const { cooldown, fail } = scene();
    fail('unauthenticated', 'k1');
    fail('rate-limited', 'k2', 'm', 7);
    fail('server', 'k3');
    const keys = ['k1', 'k2', 'k3'].map((id) => ({ id, secret: 's' }));
    expect(cooldown.soonest(keys, () => 'm')?.id).toBe('k2');
    expect(cooldown.soonest([], () => 'm')).toBeUndefined();
  });
});

test('the memory of rests is bounded: the ones unused for longest go first', () => {
  const { cooldown, fail } = scene({ maxEntries: 3 });
  for (const id of ['a', 'b', 'c', 'd']) fail('unauthenticated', id);
  expect(['a', 'b', 'c', 'd'].filter((id) => !cooldown.available(id, 'm'))).toEqual(['b', 'c', 'd']);
});

describe('the breaker', () => {
  const rules: BreakerRules = { failures: 3, of: 5, restMs: 20_000 };

  function failing() {
    const { cooldown, ...rest } = scene();
    const failed = (kind: FailureKind = 'server', model = 'm', retryAfterSeconds?: number) =>
      cooldown.rest('k1', model, new Failure(kind, 'no', retryAfterSeconds ? { retryAfterSeconds } : {}), rules);
    return { cooldown, failed, ...rest };
  }

  test('opens at so many failures of a window, for one model, for its time', () => {
    const { cooldown, failed, restOf } = failing();
    expect(failed()).toBeUndefined();
    cooldown.succeeded('k1', 'm');
    expect(failed()).toBeUndefined();
    expect(cooldown.available('k1', 'm')).toBe(true);
    cooldown.succeeded('k1', 'm');
    failed();
    expect(restOf()).toBe(20_000);
    expect(cooldown.available('k1', 'another')).toBe(true);
  });

  test('failures that newer replies pushed out of the window do not count', () => {
    const { cooldown, failed } = failing();
    failed();
    failed();
    for (let reply = 0; reply < 4; reply += 1) cooldown.succeeded('k1', 'm');
    expect(failed()).toBeUndefined();
    for (let reply = 0; reply < 5; reply += 1) cooldown.succeeded('k1', 'm');
    expect(cooldown.quiet).toBe(true);
  });

  test('the vendor’s own word opens it at once: a retry-after, a spent rate, a refused key', () => {
    const told = failing();
    told.failed('overloaded', 'm', 7);
    expect(told.restOf()).toBe(7000);
    const limited = failing();
    limited.failed('rate-limited');
    expect(limited.restOf()).toBe(5 * minute);
    const refused = failing();
    refused.failed('unauthenticated');
    expect(refused.restOf('k1', 'another')).toBe(5 * minute);
  });

  test('half-open, one call finds out; its failure opens it again, its success closes it', () => {
    const { cooldown, failed, pass, restOf } = failing();
    for (let failure = 0; failure < 3; failure += 1) failed();
    expect(cooldown.probed('k1', 'm')).toBe(false);
    pass(20_000);
    expect(cooldown.available('k1', 'm')).toBe(true);
    cooldown.begin('k1', 'm');
    expect(cooldown.probed('k1', 'm')).toBe(true);
    expect(cooldown.probed('k1', 'another')).toBe(false);
    failed();
    expect([restOf(), cooldown.probed('k1', 'm')]).toEqual([20_000, false]);
    pass(20_000);
    cooldown.begin('k1', 'm');
    cooldown.succeeded('k1', 'm');
    expect([cooldown.probed('k1', 'm'), cooldown.quiet]).toEqual([false, true]);
  });

  test('a call that says nothing of the key leaves it to the next to find out', () => {
    const { cooldown, fail, pass } = scene();
    fail('server');
    pass(30_000);
    cooldown.begin('k1', 'm');
    cooldown.release('k1', 'm');
    expect([cooldown.probed('k1', 'm'), cooldown.available('k1', 'm')]).toEqual([false, true]);
    cooldown.begin('k1', 'm');
    fail('not-found');
    expect(cooldown.probed('k1', 'm')).toBe(false);
  });

  test('never: nothing rests', () => {
    const { cooldown } = scene();
    for (const kind of ['server', 'rate-limited', 'unauthenticated'] as const)
      expect(cooldown.rest('k1', 'm', new Failure(kind, 'no'), { never: true })).toBeUndefined();
    expect(cooldown.quiet).toBe(true);
  });

  test('what rests is listed, and can be forgotten by hand', () => {
    const { cooldown, fail } = scene();
    fail('unauthenticated', 'k1');
    fail('server', 'k1', 'x');
    fail('rate-limited', 'k2', 'y', 9);
    expect(cooldown.list()).toEqual([
      { credential: 'k2', model: 'y', untilMs: 1_009_000, reason: 'rate-limited', failures: 1 },
      { credential: 'k1', model: 'x', untilMs: 1_030_000, reason: 'server', failures: 1 },
      { credential: 'k1', untilMs: 1_300_000, reason: 'unauthenticated', failures: 1 },
    ]);
    cooldown.reset('k1');
    expect(cooldown.list()).toHaveLength(1);
    cooldown.reset();
    expect(cooldown.quiet).toBe(true);
  });
});
