import { describe, expect, test } from 'vitest';
import type { FailureKind } from '../conversation/failure.ts';
import { Failure, failureKinds } from '../conversation/failure.ts';
import { createCooldown, type CooldownOptions } from './cooldown.ts';

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
