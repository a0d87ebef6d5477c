import { expect, test } from 'vitest';
import { belongingFirst } from './affinity.ts';
import type { Candidate } from './selector.ts';

const keys: Candidate[] = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
const sessions = Array.from({ length: 2000 }, (_, number) => `session-${number}`);
const ownerOf = (session: string, candidates = keys) => belongingFirst(candidates, session)[0]?.id ?? 'none';

test('a session has the same owner however the candidates stand, and all candidates stay', () => {
  for (const session of sessions.slice(0, 100)) {
    expect(ownerOf(session, [...keys].reverse())).toBe(ownerOf(session));
    expect(
      belongingFirst(keys, session)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'b', 'c', 'd']);
  }
});

test('sessions are shared evenly, or by weight; a weight of 0 owns none', () => {
  const shares = (candidates: Candidate[]) =>
    candidates.map(({ id }) => sessions.filter((session) => ownerOf(session, candidates) === id).length);
  for (const share of shares(keys)) expect(Math.abs(share - 500)).toBeLessThan(80);
  const [light = 0, heavy = 0, none] = shares([{ id: 'a' }, { id: 'b', weight: 3 }, { id: 'c', weight: 0 }]);
  expect([Math.abs(light - 500) < 80, Math.abs(heavy - 1500) < 80, none]).toEqual([true, true, 0]);
});

test('when one rests only its own sessions move', () => {
  const without = keys.filter(({ id }) => id !== 'b');
  const moved = sessions.filter((session) => ownerOf(session) !== ownerOf(session, without));
  expect(moved.every((session) => ownerOf(session) === 'b')).toBe(true);
});

test('one or none is as it was', () => {
  expect(belongingFirst([], 's')).toEqual([]);
  expect(belongingFirst(keys.slice(0, 1), 's')).toEqual([{ id: 'a' }]);
});
