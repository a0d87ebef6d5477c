import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '@proxy/core';
import { durableQuotas } from '../../src/key-quotas.ts';
import { openStorage } from '../../src/storage/open.ts';
import { databases, newPlace } from '../databases.ts';
import { until } from '../support.ts';

describe.each(databases)('E13 quotas of upstream keys on $name', (database) => {
  async function open() {
    const place = await newPlace(database);
    const openOnce = async () => {
      const storage = await openStorage({ place });
      onTestFinished(() => storage.close());
      return storage.keyQuotas;
    };
    return { stored: await openOnce(), openOnce };
  }

  test('of processes at once exactly so many get a call as the quota has', async () => {
    const { stored, openOnce } = await open();
    const processes = [stored, await openOnce(), await openOnce()];
    const taken = await Promise.all(Array.from({ length: 30 }, (_, call) => processes[call % 3]?.take('u#a', 7)));
    expect(taken.filter((one) => one !== undefined).sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await stored.list()).toEqual([{ credential: 'u#a', used: 7 }]);
  });

  test('what is given back can be taken again; nothing is given back twice; a person may say anew', async () => {
    const { stored } = await open();
    expect(await stored.take('u#a', 0)).toBeUndefined();
    expect(await stored.take('u#a', 1)).toBe(1);
    await stored.giveBack('u#a');
    await stored.giveBack('u#a');
    expect(await stored.take('u#a', 1)).toBe(1);
    expect(await stored.take('u#a', 1)).toBeUndefined();
    await stored.set('u#a', 0);
    expect(await stored.take('u#a', 1)).toBe(1);
  });

  test('survive a restart, another place in the list, and hear of what others do', async () => {
    const { stored, openOnce } = await open();
    let now = 0;
    const clock = { now: () => now };
    const one = await durableQuotas(stored, clock, silentLog);
    expect(await one.take('u#1-abcdef', 2)).toBe(true);
    const other = await durableQuotas(await openOnce(), clock, silentLog);
    expect(other.remaining('u#2-abcdef', 2)).toBe(1);
    expect(await other.take('u#2-abcdef', 2)).toBe(true);
    expect(await one.take('u#1-abcdef', 2)).toBe(false);
    expect(one.remaining('u#1-abcdef', 2)).toBe(0);
    other.giveBack('u#2-abcdef');
    await until('the other process hears of it', () => {
      now += 5001;
      return one.remaining('u#1-abcdef', 2) === 1;
    });
  });
});
