import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Credential } from '../auth/authorize.ts';
import type { SelectorName } from './selector.ts';
import { createSelector } from './selectors.ts';

const keys = [credential('1'), credential('2'), credential('3')];

function credential(id: string, weight?: number): Credential {
  return { id, secret: `secret-${id}`, ...(weight !== undefined && { weight }) };
}

/** Deterministic and uniform enough: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function firsts(name: SelectorName, calls: number, credentials = keys): string[] {
  const selector = createSelector(name, { random: seeded(7) });
  return Array.from({ length: calls }, () => selector.order(credentials)[0]?.id ?? 'none');
}

function countsOf(ids: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

describe('D24 key strategies', () => {
  test('round-robin goes in order from the first, across requests', () => {
    expect(firsts('round-robin', 6).join('')).toBe('123123');
  });

  test('round-robin goes on with the keys that follow, around the end', () => {
    const selector = createSelector('round-robin', { random: seeded(1) });
    selector.order(keys);
    expect(selector.order(keys).map(({ id }) => id)).toEqual(['2', '3', '1']);
  });

  test('random is uniform: chi-square over 300 requests stays below the 0.1 % bound', () => {
    const counts = countsOf(firsts('random', 300));
    const square = Object.values(counts).reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    expect(Object.keys(counts)).toHaveLength(3);
    expect(square).toBeLessThan(13.8);
  });

  test('failover stays with the first', () => {
    expect(countsOf(firsts('failover', 10))).toEqual({ 1: 10 });
  });

  test('weighted gives exact shares, evenly mixed', () => {
    const weights = [credential('a', 2), credential('b', 1)];
    expect(firsts('weighted', 6, weights).join('')).toBe('abaaba');
  });

  test('weighted keeps a weight of 0 for the last', () => {
    const selector = createSelector('weighted', { random: seeded(1) });
    for (let call = 0; call < 10; call += 1) {
      const order = selector.order([credential('reserve', 0), credential('a', 1), credential('b', 3)]);
      expect(order.at(-1)?.id).toBe('reserve');
    }
  });

  test('least-busy takes the one with the fewest running, then the one unused for longest', () => {
    const selector = createSelector('least-busy', { random: seeded(1) });
    const first = () => selector.order(keys)[0] as Credential; // three keys are always there
    const done1 = selector.begin?.(first());
    const done2 = selector.begin?.(first());
    const done3 = selector.begin?.(first());
    done2?.();
    done2?.();
    expect(first().id).toBe('2');
    done3?.();
    done1?.();
    expect(first().id).toBe('1');
  });
});

test('every strategy orders all credentials, each once, and leaves the list as it was', () => {
  const names: SelectorName[] = ['failover', 'round-robin', 'random', 'weighted', 'least-busy'];
  const lists = fc.array(fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 6 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.integer(), lists, (name, seed, calls) => {
      const selector = createSelector(name, { random: seeded(seed) });
      for (const weights of calls) {
        const credentials = weights.map((weight, index) => credential(String(index), weight));
        const before = [...credentials];
        const ordered = selector.order(credentials);
        expect(credentials).toEqual(before);
        expect(ordered.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
      }
    }),
  );
});
