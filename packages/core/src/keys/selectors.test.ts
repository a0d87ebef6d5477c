import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Credential } from '../auth/authorize.ts';
import type { Candidate, SelectorName } from './selector.ts';
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

interface Left {
  readonly now?: () => number;
  readonly random?: () => number;
  readonly remaining?: Readonly<Record<string, number>>;
}

function selectorOf(name: SelectorName, seed: number, { now = () => 0, random, remaining = {} }: Left = {}) {
  return createSelector(name, {
    random: random ?? seeded(seed),
    clock: { now },
    remaining: ({ id }) => remaining[id] ?? Infinity,
  });
}

function firsts(name: SelectorName, calls: number, credentials = keys): string[] {
  const selector = selectorOf(name, 7);
  return Array.from({ length: calls }, () => selector.order(credentials, 'm')[0]?.id ?? 'none');
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
    const selector = selectorOf('round-robin', 1);
    selector.order(keys, 'm');
    expect(selector.order(keys, 'm').map(({ id }) => id)).toEqual(['2', '3', '1']);
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
    const selector = selectorOf('weighted', 1);
    for (let call = 0; call < 10; call += 1) {
      const order = selector.order([credential('reserve', 0), credential('a', 1), credential('b', 3)], 'm');
      expect(order.at(-1)?.id).toBe('reserve');
    }
  });

  test('least-busy takes the one with the fewest running, then the one unused for longest', () => {
    const selector = selectorOf('least-busy', 1);
    const first = () => selector.order(keys, 'm')[0] as Credential; // three keys are always there
    const done1 = selector.begin?.(first(), 'm');
    const done2 = selector.begin?.(first(), 'm');
    const done3 = selector.begin?.(first(), 'm');
    done2?.over?.();
    done2?.over?.();
    expect(first().id).toBe('2');
    done3?.over?.();
    done1?.over?.();
    expect(first().id).toBe('1');
  });
});

describe('E12 the selection formula', () => {
  const five: Candidate[] = [
    { id: 'few', cost: 1 },
    { id: 'many-dear', cost: 9 },
    { id: 'many-cheap', cost: 2 },
    { id: 'unlimited', cost: 5 },
    { id: 'unlimited-cheap', cost: 3 },
  ];
  const remaining = { few: 1, 'many-dear': 50, 'many-cheap': 50 };
  const ids = (name: SelectorName) =>
    selectorOf(name, 1, { remaining })
      .order(five, 'm')
      .map(({ id }) => id);

  test('quota-first: the most calls left, then the cheapest; unlimited is the most', () => {
    expect(ids('quota-first')).toEqual(['unlimited-cheap', 'unlimited', 'many-cheap', 'many-dear', 'few']);
  });

  test('cost-first: the cheapest', () => {
    expect(ids('cost-first')).toEqual(['few', 'many-cheap', 'unlimited-cheap', 'unlimited', 'many-dear']);
  });

  test('among equals the one whose replies begin soonest', () => {
    for (const name of ['quota-first', 'cost-first'] as const) {
      const selector = selectorOf(name, 1);
      const [one, two, three] = keys as [Credential, Credential, Credential]; // three keys are always there
      for (const [key, ms] of [
        [one, 300],
        [two, 100],
        [three, 200],
      ] as const)
        selector.begin?.(key, 'm').began?.(ms);
      expect(selector.order(keys, 'm').map(({ id }) => id)).toEqual(['2', '3', '1']);
    }
  });
});

describe('F11 least-recently-used', () => {
  test('spreads calls over all keys, and of calls that come at once no two take the same', () => {
    expect(firsts('least-recently-used', 6).join('')).toBe('123123');
  });

  test('takes the one unused for longest when others were left out meanwhile', () => {
    const selector = selectorOf('least-recently-used', 1);
    selector.order(keys, 'm');
    selector.order(keys.slice(0, 2), 'm');
    selector.order(keys.slice(0, 2), 'm');
    expect(selector.order(keys, 'm').map(({ id }) => id)).toEqual(['3', '2', '1']);
  });
});

test.each(['weighted', 'least-recently-used', 'least-busy'] as const)(
  '%s forgets candidates that come no more: callers invent names of models',
  (name) => {
    const selector = selectorOf(name, 1);
    function ask(of: number): string | undefined {
      const [first] = selector.order([credential(`a/${of}`), credential(`b/${of}`)], 'm');
      if (first) selector.begin?.(first, 'm').over?.();
      return first?.id;
    }
    expect([ask(0), ask(0), ask(0)]).toEqual(['a/0', 'b/0', 'a/0']);
    for (let invented = 1; invented <= 10_000; invented += 1) ask(invented);
    expect(ask(0)).toBe('a/0');
  },
);

describe('fastest', () => {
  test('takes the key whose replies begin soonest, as they have been of late, by model', () => {
    const selector = selectorOf('fastest', 1, { random: () => 0.5 });
    const learn = (id: string, ms: number, model = 'm') => selector.begin?.(credential(id), model).began?.(ms);
    learn('1', 100);
    learn('2', 200);
    learn('3', 300);
    learn('1', 10_000, 'slow');
    expect(selector.order(keys, 'm')[0]?.id).toBe('1');
    for (let call = 0; call < 10; call += 1) learn('1', 900);
    expect(selector.order(keys, 'm').map(({ id }) => id)).toEqual(['2', '3', '1']);
  });

  test('goes elsewhere now and then, so that a key that was slow once is seen again', () => {
    const selector = selectorOf('fastest', 5);
    for (const [at, key] of keys.entries()) selector.begin?.(key, 'm').began?.(100 * (at + 1));
    const counts = countsOf(Array.from({ length: 1000 }, () => selector.order(keys, 'm')[0]?.id ?? 'none'));
    expect(counts['1']).toBeGreaterThan(930);
    expect(counts['3']).toBeGreaterThan(5);
  });
});

describe('power-of-two', () => {
  test('shares calls by the calls that run', () => {
    const selector = selectorOf('power-of-two', 3);
    for (let call = 0; call < 300; call += 1) {
      const [first] = selector.order(keys, 'm');
      if (first) selector.begin?.(first, 'm');
    }
    const running = keys.map((key) => selector.scores?.(key, 'm').running ?? 0);
    expect(Math.max(...running) - Math.min(...running)).toBeLessThan(10);
  });

  test('spares a key whose vendor says that little is left, until that word is old', () => {
    let now = 0;
    const selector = selectorOf('power-of-two', 3, { now: () => now });
    const two = keys.slice(0, 2);
    const openai = { 'x-ratelimit-limit-requests': '100', 'x-ratelimit-remaining-requests': '5' };
    const claude = { 'anthropic-ratelimit-tokens-limit': '80000', 'anthropic-ratelimit-tokens-remaining': '40000' };
    selector.hear?.(credential('1'), 'm', openai);
    selector.hear?.(credential('2'), 'm', claude);
    expect(two.map((key) => selector.scores?.(key, 'm').headroom)).toEqual([0.05, 0.5]);
    expect(countsOf(Array.from({ length: 50 }, () => selector.order(two, 'm')[0]?.id ?? ''))).toEqual({ 2: 50 });
    now += 60_001;
    expect(two.map((key) => selector.scores?.(key, 'm').headroom)).toEqual([1, 1]);
  });
});

test('every strategy orders all credentials, each once, and leaves the list as it was', () => {
  const names: SelectorName[] = [
    ...(['failover', 'round-robin', 'random', 'weighted', 'least-busy', 'least-recently-used'] as const),
    ...(['quota-first', 'cost-first', 'fastest', 'power-of-two'] as const),
  ];
  const lists = fc.array(fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 6 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.integer(), lists, (name, seed, calls) => {
      const selector = selectorOf(name, seed);
      for (const weights of calls) {
        const credentials = weights.map((weight, index) => credential(String(index), weight));
        const before = [...credentials];
        const ordered = selector.order(credentials, 'm');
        expect(credentials).toEqual(before);
        expect(ordered.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
      }
    }),
  );
});
