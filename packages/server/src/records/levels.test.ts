import { expect, test } from 'vitest';
import { levels } from './levels.ts';

test('things by all labels together, each made once', () => {
  const counts = levels(['upstream', 'model'], (labels) => ({ labels, count: 0 }));
  counts.of('a', 'x').count += 1;
  counts.of('a', 'y').count += 2;
  counts.of('b', 'x').count += 1;
  counts.of('a', 'x').count += 1;
  expect(counts.all()).toEqual([
    { labels: { upstream: 'a', model: 'x' }, count: 2 },
    { labels: { upstream: 'a', model: 'y' }, count: 2 },
    { labels: { upstream: 'b', model: 'x' }, count: 1 },
  ]);
});

test('one label alone', () => {
  const counts = levels(['kind'], (labels) => ({ labels, count: 0 }));
  counts.of('quota').count += 1;
  counts.of('quota').count += 1;
  expect(counts.all()).toEqual([{ labels: { kind: 'quota' }, count: 2 }]);
});
