import { expect, test } from 'vitest';
import { memoryCallers, memoryCounters, memoryLedger } from './memory.ts';
import type { CallRecord } from './ports.ts';

function counters(options?: { readonly maxWindows: number }) {
  let now = 0;
  return { ...memoryCounters({ now: () => now }, options), pass: (ms: number) => (now += ms) };
}

test('places are free when left, and only by the one who holds them', () => {
  const { enter, leave } = counters();
  expect(enter('k', 1, 1000, 'a')).toBe(true);
  leave('k', 'b');
  expect(enter('k', 1, 1000, 'b')).toBe(false);
  leave('k', 'a');
  expect(enter('k', 1, 1000, 'b')).toBe(true);
});

test('a place never left is forgotten after its expiry, the others stay', () => {
  const { enter, pass } = counters();
  enter('k', 2, 1000, 'dead');
  pass(600);
  enter('k', 2, 1000, 'alive');
  pass(400);
  expect(enter('k', 2, 1000, 'new')).toBe(true);
  expect(enter('k', 2, 1000, 'more')).toBe(false);
});

test('windows are bounded: the ones unused for longest go first', () => {
  const { take } = counters({ maxWindows: 2 });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'd']) take(key, 1, 9, 1000);
  expect(take('a', 0, 9, 1000)).toMatchObject({ remaining: 6 });
  expect(take('b', 0, 9, 1000)).toMatchObject({ remaining: 9 });
});

test('another window length begins a window anew', () => {
  const { take } = counters();
  take('a', 5, 5, 1000);
  expect(take('a', 5, 5, 2000)).toMatchObject({ ok: true });
});

test('callers are found by their access key, which is not handed on', () => {
  const callers = memoryCallers([{ accessKey: 'secret', id: 'alice' }]);
  expect(callers.open).toBe(false);
  expect(callers.find('secret')).toEqual({ id: 'alice' });
  expect(callers.find('__proto__')).toBeUndefined();
  expect(memoryCallers('open').open).toBe(true);
});

test('the ledger keeps the last records in order', () => {
  const ledger = memoryLedger(3);
  for (let call = 1; call <= 5; call += 1) ledger.append({ requestId: String(call) } as CallRecord); // the rest is not looked at
  expect(ledger.records().map(({ requestId }) => requestId)).toEqual(['3', '4', '5']);
});
