import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Bookkeeping } from '../../src/storage/book-calls.ts';
import { frameOf, framesIn } from '../../src/storage/journal/frames.ts';
import { openJournal, type Journal } from '../../src/storage/journal/journal.ts';
import { placeOf } from '../../src/storage/place.ts';
import { openStorage } from '../../src/storage/open.ts';
import { beside, type StoragePlace } from '../../src/storage/place.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';
import { databases, newPlace } from '../databases.ts';
import { until } from '../support.ts';

test('frames cut at every byte give the whole ones before the cut', () => {
  const texts = ['{}', '"ä€😀"', 'x'.repeat(300)];
  const bytes = Buffer.concat(texts.map((text) => Buffer.from(frameOf(text))));
  const ends = [...framesIn(bytes, 0)].map(({ end }) => end);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const whole = ends.filter((end) => end <= cut).length;
    expect([...framesIn(bytes.subarray(0, cut), 0)].map(({ text }) => text)).toEqual(texts.slice(0, whole));
  }
});

test('a frame that was changed ends the reading', () => {
  const bytes = Buffer.concat(['one', 'two', 'three'].map((text) => Buffer.from(frameOf(text))));
  for (let at = 11; at < 22; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect([...framesIn(changed, 0)].map(({ text }) => text)).toEqual(['one']);
  }
});

describe.each(databases)('the journal on $name', (database) => {
  interface Opened {
    readonly storage: Storage;
    readonly journal: Journal;
    readonly told: readonly string[];
  }

  async function open(place: StoragePlace, books: readonly Bookkeeping[] = []): Promise<Opened> {
    const storage = await openStorage({ place });
    const told: string[] = [];
    const journal = await openJournal(storage, {
      books,
      tell: (level, message, fields) => void told.push(`${level} ${message} ${JSON.stringify(fields)}`),
    });
    onTestFinished(async () => {
      await journal.close();
      await storage.close();
    });
    return { storage, journal, told };
  }

  const segmentsOf = (place: StoragePlace) => {
    const folder = beside(place, 'calls') ?? '';
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.log')) : [];
  };

  /** What a process leaves that is killed: its segment as it is, without the lock. */
  function leaveBehind(
    place: StoragePlace,
    slot: number,
    calls: readonly StoredCall[],
    tail = Buffer.alloc(0),
  ): string {
    const path = join(beside(place, 'calls') ?? '', `${slot}-left${slot}behind.log`);
    writeFileSync(path, Buffer.concat([...calls.map((one) => Buffer.from(frameOf(JSON.stringify(one)))), tail]));
    return path;
  }

  test('a call is in the file at once, in the database soon, and its file is gone after a good end', async () => {
    const place = await newPlace(database);
    const { storage, journal } = await open(place);
    journal.append(call('a'));
    const [name = ''] = segmentsOf(place);
    const bytes = readFileSync(join(beside(place, 'calls') ?? '', name));
    expect([...framesIn(bytes, 0)].map(({ text }) => JSON.parse(text) as StoredCall)).toEqual([call('a')]);
    await journal.settled();
    expect(await storage.calls.find('a')).toEqual(call('a'));
    await journal.close();
    expect(segmentsOf(place)).toEqual([]);
    expect(await storage.db.selectFrom('journals').selectAll().execute()).toEqual([]);
  });

  test('it moves by itself, more than a batch, each call once and in every book once', async () => {
    const place = await newPlace(database);
    const booked: string[] = [];
    const { storage, journal } = await open(place, [
      { apply: async (_, calls) => void booked.push(...calls.map(({ requestId }) => requestId)) },
    ]);
    const ids = Array.from({ length: 600 }, (_, index) => `r${index}`);
    for (const id of ids) journal.append(call(id));
    await until('all are on record', async () => (await storage.calls.count()) === ids.length);
    expect(booked).toEqual(ids);
  });

  test('what a killed process left is on record at the next start: from where the database was, the torn tail cut', async () => {
    const place = await newPlace(database);
    const first = await open(place);
    first.journal.append(call('before'));
    await first.journal.close();
    const whole = frameOf(JSON.stringify(call('torn')));
    for (const cut of [0, 3, 8, whole.length - 1]) {
      const calls = [call(`a${cut}`), call(`b${cut}`)];
      leaveBehind(place, 0, calls, Buffer.from(whole.subarray(0, cut)));
      const { storage, journal, told } = await open(place);
      expect(told).toEqual(['info Calls of a process that ended early are on record now. {"calls":2}']);
      expect(await storage.calls.find(`b${cut}`)).toBeDefined();
      expect(await storage.calls.find('torn')).toBeUndefined();
      expect(segmentsOf(place)).toEqual([]);
      await journal.close();
    }
    leaveBehind(place, 0, [call('a0'), call('a3')]);
    const { told } = await open(place);
    expect(told).toEqual([]);
  });

  test('a segment with a hole is kept beside, and what stands before the hole is on record', async () => {
    const place = await newPlace(database);
    await (await open(place)).journal.close();
    const path = leaveBehind(place, 0, [call('good')]);
    const bad = Buffer.from(frameOf(JSON.stringify(call('bad'))));
    bad[20] = (bad[20] ?? 0) ^ 1;
    appendFileSync(path, bad);
    const { storage, told } = await open(place);
    expect(await storage.calls.find('good')).toBeDefined();
    expect(told).toContainEqual(expect.stringContaining('damaged'));
    expect(existsSync(`${path}.damaged`)).toBe(true);
  });

  test('a segment that another process has taken in since the folder was listed does not hold up the start', async () => {
    const place = await newPlace(database);
    await (await open(place)).journal.close();
    leaveBehind(place, 2, [call('left')]);
    symlinkSync('gone', join(beside(place, 'calls') ?? '', '1-listedandgone.log')); // listed, and there is nothing to read
    const { storage, told } = await open(place);
    expect(await storage.calls.find('left')).toBeDefined();
    expect(told).toEqual(['info Calls of a process that ended early are on record now. {"calls":1}']);
  });

  test('a record that is too long is cut and told of, and what follows it is on record at the next start', async () => {
    const place = await newPlace(database);
    const first = await open(place, [{ apply: () => Promise.reject(new Error('away')) }]);
    first.journal.append({ ...call('long'), model: 'x'.repeat(17 * 1024 * 1024) });
    first.journal.append(call('after'));
    expect(first.told).toEqual(['error A record was too long: its texts and lists are cut. {"requestId":"long"}']);
    await first.journal.close();
    const { storage, told } = await open(place);
    expect(told).toEqual(['info Calls of a process that ended early are on record now. {"calls":2}']);
    expect((await storage.calls.find('long'))?.model).toHaveLength(1001);
    expect(await storage.calls.find('after')).toEqual(call('after'));
  });

  test('a file that was removed under a full queue is told of, and holds up nothing', async () => {
    const place = await newPlace(database);
    let fails = true;
    const book: Bookkeeping = { apply: () => (fails ? Promise.reject(new Error('away')) : Promise.resolve()) };
    const { storage, journal, told } = await open(place, [book]);
    for (let index = 0; index < 10_500; index += 1) journal.append(call(`r${index}`));
    await until('it was told', () => told.length > 0);
    for (const name of segmentsOf(place)) rmSync(join(beside(place, 'calls') ?? '', name));
    fails = false;
    await journal.settled();
    expect(told[1]).toMatch(/^error A file of the journal was removed or damaged/);
    journal.append(call('later'));
    await journal.settled();
    expect(await storage.calls.find('later')).toBeDefined();
  });

  test('a process beside another has a segment of its own, and leaves the living one’s alone', async () => {
    const place = await newPlace(database);
    const one = await open(place);
    one.journal.append(call('a'));
    const other = await open(place);
    other.journal.append(call('b'));
    expect(
      segmentsOf(place)
        .map((name) => name[0])
        .sort(),
    ).toEqual(['0', '1']);
    expect(other.told).toEqual([]);
    await one.journal.settled();
    await other.journal.settled();
    expect(await one.storage.calls.count()).toBe(2);
  });

  test('a database that fails is asked again; what was left out of a full queue is read from the files', async () => {
    const place = await newPlace(database);
    let fails = true;
    const book: Bookkeeping = { apply: () => (fails ? Promise.reject(new Error('away')) : Promise.resolve()) };
    const { storage, journal, told } = await open(place, [book]);
    const many = 10_500;
    for (let index = 0; index < many; index += 1) journal.append(call(`r${index}`));
    await until('it was told', () => told.length > 0);
    expect(told).toEqual(['error Calls cannot be put on record now; they wait in the journal. {"reason":"away"}']);
    fails = false;
    await journal.settled();
    expect(await storage.calls.count()).toBe(many);
    journal.append(call('later'));
    await journal.settled();
    expect(await storage.calls.find('later')).toBeDefined();
  });

  test('rubbish from upstreams and callers does not hold up the journal', async () => {
    const { storage, journal } = await open(await newPlace(database));
    const noise = Array.from({ length: 9000 }, (_, at) => ((at * 2_654_435_761) % 2 ** 32).toString(36)).join(''); // no index takes as much
    journal.append({
      ...call('odd'),
      model: `zero\0and half a pair \ud800${noise}`,
      usage: { inputTokens: 1e300, outputTokens: -0.5, cacheReadTokens: Number.NaN },
      cost: { usd: Number.POSITIVE_INFINITY },
    });
    await journal.settled();
    expect(await storage.calls.find('odd')).toMatchObject({ requestId: 'odd' });
  });
});

test('in memory the latest ten thousand are kept', async () => {
  const storage = await openStorage({ place: { type: 'memory' } });
  const journal = await openJournal(storage, { tell: () => undefined });
  for (let index = 0; index < 12_000; index += 1) journal.append({ ...call(`r${index}`), startedAt: index });
  await journal.settled();
  expect(await storage.calls.count()).toBe(10_000);
  expect(await storage.calls.find('r11999')).toBeDefined();
  await journal.close();
  await storage.close();
});

test('with storage "none" calls are not kept, and all else is in memory', async () => {
  const storage = await openStorage({ place: placeOf('none', '/nowhere') });
  const journal = await openJournal(storage, { tell: () => undefined });
  journal.append(call('one'));
  await journal.settled();
  expect(await storage.calls.count()).toBe(0);
  expect(await storage.users.create({ name: 'ada' })).toMatchObject({ name: 'ada' });
  await journal.close();
  await storage.close();
});

function call(requestId: string): StoredCall {
  return { requestId, startedAt: 1, durationMs: 1, status: 200, callerId: 'k', attempts: [], notices: [] };
}
