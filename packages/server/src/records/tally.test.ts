import { expect, test } from 'vitest';
import { createTally } from './tally.ts';

test('sums by all labels together, each read once', () => {
  const tally = createTally(['upstream', 'model']);
  tally.add({ upstream: 'a', model: 'x' });
  tally.add({ upstream: 'a', model: 'y' }, 2.5);
  tally.add({ upstream: 'b', model: 'x' });
  tally.add({ model: 'x', upstream: 'a' });
  expect(tally.drain()).toEqual([
    { labels: { upstream: 'a', model: 'x' }, sum: 2 },
    { labels: { upstream: 'a', model: 'y' }, sum: 2.5 },
    { labels: { upstream: 'b', model: 'x' }, sum: 1 },
  ]);
  tally.add({ upstream: 'b', model: 'x' }, 3);
  expect(tally.drain()).toEqual([{ labels: { upstream: 'b', model: 'x' }, sum: 3 }]);
  expect(tally.drain()).toEqual([]);
});
