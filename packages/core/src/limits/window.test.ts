import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlidingWindow } from './window.ts';

const minute = 60_000;

const steps = fc.array(
  fc.record({ pause: fc.integer({ min: 0, max: 20_000 }), amount: fc.integer({ min: 0, max: 8 }) }),
  { maxLength: 120 },
);

test('in no stretch of a window is more than the limit taken', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (moves, limit) => {
      const window = new SlidingWindow(minute);
      const taken: { readonly at: number; readonly amount: number }[] = [];
      let now = 12_345;
      for (const { pause, amount } of moves) {
        now += pause;
        if (window.take(now, amount, limit).ok) taken.push({ at: now, amount });
        const inside = taken.filter(({ at }) => at > now - minute);
        expect(inside.reduce((sum, take) => sum + take.amount, 0)).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test('what is refused fits when it says, and at most a sixtieth of the window later than it truly would', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 8, max: 20 }), (moves, limit) => {
      const window = new SlidingWindow(minute);
      const taken: { readonly at: number; readonly amount: number }[] = [];
      let now = 0;
      for (const { pause, amount } of moves) {
        now += pause;
        const result = window.take(now, amount, limit);
        if (result.ok) {
          taken.push({ at: now, amount });
          continue;
        }
        const late = now + result.retryAfterMs - minute / 60 - 1;
        const stillInside = taken.filter(({ at }) => at > late - minute).reduce((sum, take) => sum + take.amount, 0);
        expect(stillInside + amount).toBeGreaterThan(limit);
        now += result.retryAfterMs;
        expect(window.take(now, amount, limit).ok).toBe(true);
        taken.push({ at: now, amount });
      }
    }),
  );
});

test('more than the limit never fits', () => {
  expect(new SlidingWindow(minute).take(0, 6, 5)).toMatchObject({ ok: false, retryAfterMs: Infinity, remaining: 5 });
});

test('a correction downwards goes back to where it was taken, and nowhere when that has left', () => {
  const window = new SlidingWindow(minute);
  window.take(0, 10, 100);
  window.take(50_000, 20, 100);
  window.adjust(50_000, -4, 0);
  expect(window.take(50_000, 0, 100).remaining).toBe(74);
  expect(window.take(70_000, 0, 100).remaining).toBe(80);
  window.adjust(70_000, -6, 0);
  expect(window.take(70_000, 0, 100).remaining).toBe(80);
});

test('a correction upwards counts from now on and may pass the limit', () => {
  const window = new SlidingWindow(minute);
  window.take(0, 10, 10);
  window.adjust(30_000, 50, 0);
  expect(window.take(62_000, 1, 10)).toMatchObject({ ok: false, remaining: 0 });
  expect(window.take(92_000, 1, 10).ok).toBe(true);
});

test('a clock set back a little gives nothing away; set back far, it locks nobody out', () => {
  const window = new SlidingWindow(minute);
  window.take(100 * minute, 5, 5);
  expect(window.take(100 * minute - 5000, 1, 5).ok).toBe(false);
  expect(window.take(50 * minute, 1, 5).ok).toBe(true);
});
