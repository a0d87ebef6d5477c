import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { atEndOfTurn } from './turn.ts';

test('tasks wait for the end of the turn, in their order', async () => {
  const done: string[] = [];
  atEndOfTurn(() => done.push('a'));
  await Promise.resolve();
  atEndOfTurn(() => done.push('b'));
  done.push('turn');
  await nextTurn();
  expect(done).toEqual(['turn', 'a', 'b']);
});

test('what tasks bring about goes with them, and later things wait again', async () => {
  const done: string[] = [];
  const kept = new Promise<void>((resolve) => atEndOfTurn(resolve));
  void kept.then(() => {
    atEndOfTurn(() => done.push('answer'));
    done.push('behind it');
  });
  setImmediate(() => done.push('next'));
  await nextTurn();
  expect(done).toEqual(['answer', 'behind it', 'next']);
  await readFile(import.meta.filename);
  atEndOfTurn(() => done.push('later'));
  expect(done).toHaveLength(3);
  await nextTurn();
  expect(done.at(-1)).toBe('later');
});

test('a task that fails is told of, and keeps no other from its turn', async () => {
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const told: unknown[] = [];
  process.on('uncaughtException', (error) => told.push(error));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const done: string[] = [];
  atEndOfTurn(() => {
    throw new Error('broken');
  });
  atEndOfTurn(() => done.push('other'));
  await nextTurn();
  await nextTurn();
  expect(done).toEqual(['other']);
  expect(told).toMatchObject([{ message: 'broken' }]);
});
