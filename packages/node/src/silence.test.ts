import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silences, type Speaker } from './silence.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function speaker(patienceMs: number): Speaker & { readonly told: number[] } {
  const one = {
    heardAt: -1,
    place: -1,
    patienceMs,
    told: [] as number[],
    silent() {
      one.told.push(performance.now());
      silences.forget(one);
    },
  };
  return one;
}

test('who is silent for too long is told once, who speaks is not', () => {
  const [silent, talking, patient] = [speaker(1000), speaker(1000), speaker(5000)];
  const from = performance.now();
  for (const one of [silent, talking, patient]) silences.listen(one);
  for (let seconds = 0; seconds < 3; seconds += 0.5) {
    vi.advanceTimersByTime(500);
    talking.heardAt = silences.now;
  }
  expect(silent.told.map((at) => at - from)).toEqual([1100]);
  expect(talking.told).toEqual([]);
  expect(patient.told).toEqual([]);
  vi.advanceTimersByTime(3000);
  expect([talking.told.length, patient.told.length]).toEqual([1, 1]);
});

test('whoever is forgotten leaves the others in their places', () => {
  const all = Array.from({ length: 50 }, () => speaker(1000));
  for (const one of all) silences.listen(one);
  const forgotten = all.filter((_, index) => index % 3 === 0);
  for (const one of forgotten) silences.forget(one);
  for (const one of forgotten.slice(0, 5)) silences.listen(one);
  silences.forget(forgotten[9] as Speaker); // there is one, and it is forgotten already
  vi.advanceTimersByTime(1500);
  expect(all.map(({ told }) => told.length)).toEqual(all.map((_, index) => (index % 3 === 0 && index >= 15 ? 0 : 1)));
  vi.advanceTimersByTime(500);
  expect(vi.getTimerCount()).toBe(0);
});

test('with nobody to listen to the clock stands, and goes on with the next', () => {
  vi.advanceTimersByTime(500);
  expect(vi.getTimerCount()).toBe(0);
  const next = speaker(300);
  silences.listen(next);
  vi.advanceTimersByTime(300);
  expect(next.told).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(next.told).toHaveLength(1);
});

test('a process that stood still itself tells nobody', () => {
  const one = speaker(1000);
  silences.listen(one);
  vi.advanceTimersByTime(100);
  const later = performance.now() + 60_000;
  vi.spyOn(performance, 'now').mockReturnValue(later);
  vi.advanceTimersByTime(100);
  expect(one.told).toEqual([]);
  vi.restoreAllMocks();
  silences.forget(one);
});
