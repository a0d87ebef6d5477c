import { toAbortSignal } from '@proxy/core';
import { expect, test } from 'vitest';
import { Departure } from './departure.ts';

test('everybody who listens hears it once, and nobody who took leave', () => {
  const departure = new Departure();
  const heard: string[] = [];
  const first = () => void heard.push('first');
  const gone = () => void heard.push('gone');
  const object = { handleEvent: () => void heard.push('object') };
  for (const listener of [first, gone, object, first]) departure.addEventListener('abort', listener);
  departure.removeEventListener('abort', gone);
  departure.removeEventListener('abort', gone);
  departure.tell();
  departure.tell();
  expect(heard).toEqual(['first', 'object']);
  expect(departure.aborted).toBe(true);
});

test('whoever takes leave while another hears it, hears nothing', () => {
  const departure = new Departure();
  const heard: string[] = [];
  const last = () => void heard.push('last');
  departure.addEventListener('abort', () => departure.removeEventListener('abort', last));
  departure.addEventListener('abort', last);
  departure.tell();
  expect(heard).toEqual([]);
});

test('whoever needs an AbortSignal gets one that says the same', () => {
  const [before, after] = [new Departure(), new Departure()];
  before.tell();
  const signal = toAbortSignal(after);
  expect([toAbortSignal(before).aborted, signal.aborted]).toEqual([true, false]);
  after.tell();
  expect(signal.reason).toBe(after.reason);
  expect(toAbortSignal(signal)).toBe(signal);
});
