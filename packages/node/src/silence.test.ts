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
