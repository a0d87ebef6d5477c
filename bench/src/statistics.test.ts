import { expect, test } from 'vitest';
import { growth, median, ratios, summary } from './statistics.ts';

test.each([
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});

test('there is no median of nothing', () => {
  expect(() => median([])).toThrow(RangeError);
});

test('the median leaves its values in their order', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test('a summary has the extremes', () => {
  expect(summary([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5 });
});

test('ratios are of the same round: a slow spell that falls on both leaves them alone', () => {
  expect(ratios([20, 40, 20], [10, 20, 10])).toEqual([2, 2, 2]);
  expect(() => ratios([1, 2], [1])).toThrow(RangeError);
});

test.each([
  ['flat', [95, 100, 101, 99, 100, 100, 100], 0],
  ['rising steadily', [100, 110, 120, 130, 140, 150, 160], 45],
  ['hoarding at once', [100, 180, 180, 180, 180, 180, 180], 80],
  ['a single peak', [100, 100, 100, 100, 100, 500, 100], 0],
])('growth of memory that is %s', (_what, samples, expected) => {
  expect(growth(100, samples)).toBe(expected);
});
