import { expect, test } from 'vitest';
import { createOutlet } from '../../src/records/outlet.ts';
import { until } from '../support.ts';

test('in order, in batches, one after another', async () => {
  const batches: number[][] = [];
  let running = 0;
  const outlet = createOutlet<number>({
    name: 'the test',
    log: () => undefined,
    maxBatch: 3,
    async deliver(batch) {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      batches.push([...batch]);
      running -= 1;
    },
  });
  for (let at = 0; at < 7; at += 1) outlet.push(at);
  expect(batches).toEqual([]);
  await outlet.flush();
  expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
});

test('what cannot be delivered waits and is tried again', async () => {
  const told: string[] = [];
  let broken = true;
  const delivered: number[] = [];
  const outlet = createOutlet<number>({
    name: 'the disk',
    log: (_level, message) => void told.push(message),
    deliver: (batch) => {
      if (broken) return Promise.reject(new Error('It is full.'));
      delivered.push(...batch);
      return Promise.resolve();
    },
  });
  outlet.push(1);
  await until('the failure is told', () => told.length > 0);
  expect(told[0]).toBe('the disk cannot be written at the moment: It is full.');
  broken = false;
  outlet.push(2);
  await until('both are there', () => delivered.length === 2);
  expect(delivered).toEqual([1, 2]);
  expect(outlet.dropped).toBe(0);
});

test('more than can wait is dropped, counted and told', async () => {
  const told: string[] = [];
  const delivered: number[] = [];
  const outlet = createOutlet<number>({
    name: 'the disk',
    log: (_level, message) => void told.push(message),
    maxWaiting: 2,
    deliver: (batch) => Promise.resolve(void delivered.push(...batch)),
  });
  for (let at = 0; at < 5; at += 1) outlet.push(at);
  expect(outlet.dropped).toBe(3);
  await outlet.flush();
  expect(delivered).toEqual([0, 1]);
  expect(told).toEqual(['1 records were not written to the disk: more than 2 wait.']);
});

test('what is left at the end and cannot be delivered is counted', async () => {
  const outlet = createOutlet<number>({
    name: 'the disk',
    log: () => undefined,
    deliver: () => Promise.reject(new Error('It is gone.')),
  });
  outlet.push(1);
  outlet.push(2);
  await outlet.flush();
  expect(outlet.dropped).toBe(2);
});
