import { expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

test('keeps what was used last, and never more than twice as many as asked for', () => {
  const map = new RecentMap<number, string>(3);
  for (let key = 0; key < 100; key += 1) {
    map.set(key, `value ${key}`);
    expect(map.get(0)).toBe('value 0');
    for (const recent of [key - 1, key]) if (recent >= 0) expect(map.get(recent)).toBe(`value ${recent}`);
  }
  const kept = Array.from({ length: 100 }, (_, key) => map.get(key)).filter((value) => value !== undefined);
  expect(kept.length).toBeLessThanOrEqual(6);
});

test('a value set again is the one that is found', () => {
  const map = new RecentMap<string, number>(1);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  expect([map.get('a'), map.get('b')]).toEqual([3, 2]);
});
