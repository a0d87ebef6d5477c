import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Bookkeeping } from '../../src/storage/book-calls.ts';
import { callOf } from '../../src/storage/call-row.ts';
import { entryIn, entryOf, entryText } from '../../src/storage/entry.ts';
import { asideIn, asideName, refusesRecord } from '../../src/storage/journal/aside.ts';
import { FrameBuffer, framesIn } from '../../src/storage/journal/frames.ts';
import { openJournal, type Journal, type Tell } from '../../src/storage/journal/journal.ts';
import { placeOf } from '../../src/storage/place.ts';
import { openStorage } from '../../src/storage/open.ts';
import { beside, type StoragePlace } from '../../src/storage/place.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';
import { databases, newPlace } from '../databases.ts';
import { folder, until } from '../support.ts';

function frameOf(text: string): Buffer {
  const frames = new FrameBuffer();
  frames.add(text);
  return frames.take();
}

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
    const path = beside(place, 'calls') ?? '';
    return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.log')) : [];
  };

  /** What a process leaves that is killed: its segment as it is, without the lock. */
  function leaveBehind(
    place: StoragePlace,
    slot: number,
    calls: readonly StoredCall[],
    tail = Buffer.alloc(0),
  ): string {
    const path = join(beside(place, 'calls') ?? '', `${slot}-left${slot}behind.log`);
    writeFileSync(path, Buffer.concat([...calls.map((one) => frameOf(entryText(entryOf(one).row))), tail]));
    return path;
  }

  test('a call is in the file at once, in the database soon, and its file is gone after a good end', async () => {
    const place = await newPlace(database);
    const { storage, journal } = await open(place);
    journal.append(call('a'));
    const [name = ''] = segmentsOf(place);
    const bytes = readFileSync(join(beside(place, 'calls') ?? '', name));
    expect([...framesIn(bytes, 0)].map(({ text }) => callOf(entryIn(text).row))).toEqual([call('a')]);
    await journal.settled();
    expect(await storage.calls.find('a')).toEqual(call('a'));
    await journal.close();
    expect(segmentsOf(place)).toEqual([]);
    expect(await storage.db.selectFrom('journals').selectAll().execute()).toEqual([]);
  });

  test('calls whose answers may wait are in the file when that is said, and one that may not takes them along', async () => {
    const place = await newPlace(database);
    const { storage, journal } = await open(place);
    const inFile = () =>
      segmentsOf(place).flatMap((name) =>
        [...framesIn(readFileSync(join(beside(place, 'calls') ?? '', name)), 0)].map(
          ({ text }) => entryIn(text).row.requestId,
        ),
      );
    await sleep(1);
    const kept = [journal.append(call('a'), true), journal.append(call('b'), true)];
    expect(inFile()).toEqual([]);
    await Promise.all(kept);
    expect(inFile()).toEqual(['a', 'b']);
    // The turn is about to end: there is nothing to wait for.
    await journal.append(call('c'), true);
    expect(inFile()).toEqual(['a', 'b', 'c']);
    await sleep(1);
    const soon = journal.append(call('d'), true);
    expect(journal.append(call('e'))).toBeUndefined();
    expect(inFile()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await soon;
    void journal.append(call('f'), true);
    await journal.settled();
    expect(await storage.calls.count()).toBe(6);
  });

  test('a journal that cannot be written keeps no answer from its caller, and the calls are on record', async () => {
    const place = await newPlace(database);
    const { storage, journal, told } = await open(place);
    rmSync(beside(place, 'calls') ?? '', { recursive: true });
    await journal.append(call('a'), true);
    expect(told[0]).toMatch(/^error The journal cannot be written/);
    await journal.settled();
    expect(await storage.calls.find('a')).toBeDefined();
  });

  test('a call that cannot be put into words is told of, and those of the same turn are on record', async () => {
    const place = await newPlace(database);
    const { storage, journal, told } = await open(place);
    const wordless = { ...call('b'), usage: { inputTokens: 1n as unknown as number } };
    await Promise.all([call('a'), wordless, call('c')].map((one) => journal.append(one, true)));
    await journal.settled();
    expect(told).toEqual([expect.stringMatching(/^error The record of a call cannot be written.*"requestId":"b"/)]);
    expect((await storage.calls.list({ limit: 9 })).map(({ requestId }) => requestId).sort()).toEqual(['a', 'c']);
  });

  test('it moves by itself, more than a batch, each call once and in every book once', async () => {
    const place = await newPlace(database);
    const booked: string[] = [];
    const { storage, journal } = await open(place, [
      { apply: async (_, calls) => void booked.push(...calls.map(({ row }) => row.requestId)) },
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

  test('what a version before left, whose texts were whole calls, is on record at the next start', async () => {
    const place = await newPlace(database);
    await (await open(place)).journal.close();
    const path = leaveBehind(place, 0, []);
    for (const id of ['a', 'b']) appendFileSync(path, frameOf(JSON.stringify(call(id))));
    const { storage } = await open(place);
    expect(await storage.calls.find('a')).toEqual(call('a'));
    expect(await storage.calls.find('b')).toEqual(call('b'));
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

  describe('a record that the database refuses', () => {
    // No clock of ours says so; what a caller or an upstream can bring about is made storable.
    const refused = (id: string) => ({ ...call(id), durationMs: Number.NaN });
    const asideOf = (place: StoragePlace) =>
      readFileSync(join(beside(place, 'calls') ?? '', asideName), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { refusedAt: string; reason: string; record: StoredCall });

    test('is set aside and told of once, and the others are on record, in every book', async () => {
      const place = await newPlace(database);
      const booked: string[] = [];
      const book: Bookkeeping = {
        apply: async (_, calls) => void booked.push(...calls.map(({ row }) => row.requestId)),
      };
      const { storage, journal, told } = await open(place, [book]);
      const ids = Array.from({ length: 300 }, (_, index) => `r${index}`);
      const bad = ['r0', 'r7', 'r8', 'r299'];
      for (const id of ids) journal.append(bad.includes(id) ? refused(id) : call(id));
      await journal.settled();
      const good = ids.filter((id) => !bad.includes(id));
      expect(await storage.calls.count()).toBe(good.length);
      expect(booked).toEqual(good);
      expect(asideOf(place).map(({ record }) => record.requestId)).toEqual(bad);
      expect(asideOf(place)[0]?.reason).toMatch(/not.null/i);
      expect(told).toHaveLength(bad.length);
      expect(told[0]).toMatch(
        /^error The database refuses the record of a call; it has been set aside\. .*"requestId":"r0"/,
      );
      await journal.close();
      expect(segmentsOf(place)).toEqual([]);
      const again = await open(place);
      expect(again.told).toEqual([]);
      expect(asideOf(place)).toHaveLength(bad.length);
    });

    test('holds up no start', async () => {
      const place = await newPlace(database);
      await (await open(place)).journal.close();
      leaveBehind(place, 0, [call('a'), refused('b'), call('c')]);
      const { storage, told } = await open(place);
      const found = await Promise.all(['a', 'b', 'c'].map((id) => storage.calls.find(id)));
      expect(found.map((one) => one?.requestId)).toEqual(['a', undefined, 'c']);
      expect(asideOf(place).map(({ record }) => record.requestId)).toEqual(['b']);
      expect(told.map((line) => line.split(' ')[0])).toEqual(['error', 'info']);
      expect(segmentsOf(place)).toEqual([]);
    });

    test('waits with the others while the file for it cannot be written', async () => {
      const place = await newPlace(database);
      const { storage, journal, told } = await open(place);
      const path = join(beside(place, 'calls') ?? '', asideName);
      mkdirSync(path);
      journal.append(call('a'));
      journal.append(refused('b'));
      journal.append(call('c'));
      await until('it was told', () => told.length > 0);
      expect(told[0]).toMatch(/^error Calls cannot be put on record now; they wait in the journal\. .*EISDIR/);
      expect(await storage.calls.find('a')).toBeDefined();
      expect(await storage.calls.find('c')).toBeUndefined();
      rmdirSync(path);
      await journal.settled();
      expect(await storage.calls.find('c')).toBeDefined();
      expect(asideOf(place).map(({ record }) => record.requestId)).toEqual(['b']);
    });
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

test('a refused record that has no place to be kept is told of as lost', async () => {
  const told: unknown[] = [];
  const tell: Tell = (...line) => void told.push(line);
  const storage = await openStorage({ place: { type: 'memory' } });
  const journal = await openJournal(storage, { tell });
  journal.append({ ...call('a'), durationMs: Number.NaN });
  journal.append(call('b'));
  await journal.settled();
  expect(await storage.calls.count()).toBe(1);
  const reason = expect.stringContaining('NOT NULL') as string;
  const lost = 'The database refuses the record of a call; it is lost.';
  expect(told).toEqual([['error', lost, { requestId: 'a', reason }]]);
  await journal.close();
  await storage.close();

  const path = folder();
  const aside = asideIn(path, tell, 300);
  for (const id of ['c', 'd']) aside(entryOf(call(id)), new Error('No.'));
  expect(told.slice(1)).toMatchObject([
    ['error', 'The database refuses the record of a call; it has been set aside.', { requestId: 'c' }],
    ['error', lost, { requestId: 'd' }],
  ]);
  expect(statSync(join(path, asideName)).mode & 0o777).toBe(0o600);
});

test.each([
  [true, { errcode: 18 }], // SQLITE_TOOBIG
  [true, { errcode: 1299 }], // SQLITE_CONSTRAINT_NOTNULL
  [true, { code: 'ERR_SQLITE_ERROR', errcode: 787 }], // SQLITE_CONSTRAINT_FOREIGNKEY
  [true, { code: 'ERR_OUT_OF_RANGE' }],
  [true, { code: '22003' }], // numeric_value_out_of_range
  [true, { code: '23502' }], // not_null_violation
  [true, { code: '54000' }], // program_limit_exceeded
  [false, {}],
  [false, { code: 'ECONNREFUSED' }],
  [false, { code: 'ERR_SQLITE_ERROR', errcode: 5 }], // SQLITE_BUSY
  [false, { errcode: 8 }], // SQLITE_READONLY
  [false, { errcode: 13 }], // SQLITE_FULL
  [false, { errcode: 1 }], // SQLITE_ERROR: a table is missing
  [false, { code: '40001' }], // serialization_failure
  [false, { code: '42P01' }], // undefined_table
  [false, { code: '53100' }], // disk_full
  [false, { code: '57P01' }], // admin_shutdown
  [false, { code: '08006' }], // connection_failure
])('whether a record is at fault: %s for %o', (atFault, fields) => {
  expect(refusesRecord(Object.assign(new Error('No.'), fields))).toBe(atFault);
});

test('in memory the latest ten thousand are kept', async () => {
  const storage = await openStorage({ place: { type: 'memory' } });
  const journal = await openJournal(storage, { tell: () => undefined });
  for (let index = 0; index < 12_000; index += 1) journal.append({ ...call(`r${index}`), startedAt: index });
  await journal.settled();
  const kept = await storage.calls.count();
  expect(kept).toBeGreaterThanOrEqual(10_000);
  expect(kept).toBeLessThanOrEqual(11_000); // they are counted now and then
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
