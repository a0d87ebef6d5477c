import { describe, expect, onTestFinished, test } from 'vitest';
import { statisticsOf } from '../../src/stats/statistics.ts';
import { bookCalls } from '../../src/storage/book-calls.ts';
import { entryOf } from '../../src/storage/entry.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';
import { databases, newPlace } from '../databases.ts';

const at = (text: string) => Date.parse(text);

const call = (requestId: string, time: string, more: object = {}): object => ({
  requestId,
  startedAt: at(time),
  durationMs: 100,
  status: 200,
  path: '/v1/messages',
  upstream: 'an',
  notices: [],
  attempts: [
    {
      upstream: 'an',
      model: 'm',
      credential: 'an#1-first',
      status: 500,
      startedAt: at(time),
      durationMs: 1,
      failure: 'server',
    },
    { upstream: 'an', model: 'm', credential: 'an#2-other', status: 200, startedAt: at(time), durationMs: 1 },
  ],
  usage: { inputTokens: 10, cacheReadTokens: 5, outputTokens: 2 },
  cost: { usd: 0.25 },
  ...more,
});

const known = [
  call('a', '2026-01-31T22:59:59.999Z'),
  call('b', '2026-01-31T23:00:00Z', { durationMs: 300 }),
  call('c', '2026-02-01T00:00:00Z', { status: 503, failure: { kind: 'server', message: 'no' }, path: '/v1/responses' }),
  {
    ...call('d', '2026-02-01T00:30:00Z', { status: 401, path: '/v1/responses', attempts: [] }),
    upstream: undefined,
    cost: undefined,
    usage: undefined,
  },
].map((each) => JSON.parse(JSON.stringify(each)) as StoredCall); // as the journal writes them

describe.each(databases)('statistics on $name', (database) => {
  async function statistics() {
    const storage = await openStorage({ place: await newPlace(database) });
    onTestFinished(() => storage.close());
    const entries = known.map((each) => entryOf(each));
    await storage.db.transaction().execute((tx) => bookCalls(tx, entries, []));
    return statisticsOf(storage);
  }
  const since = at('2026-01-01');

  test('a record with a zero and half a pair in it holds up none of them', async () => {
    const storage = await openStorage({ place: await newPlace(database) });
    onTestFinished(() => storage.close());
    const odd = call('odd', '2026-01-31T00:00:00Z', { path: '/\0\ud800', model: '\0' }) as StoredCall;
    await storage.db.transaction().execute((tx) => bookCalls(tx, [entryOf(odd)], []));
    const { byCredential, byEndpoint } = statisticsOf(storage);
    expect(await byCredential({ since })).toMatchObject([{ credential: 'an#2-other', calls: 1 }]);
    expect(await byEndpoint({ since })).toMatchObject([{ endpoint: '/\ufffd\ufffd' }]);
  });

  test('by key: the one that had the last word', async () => {
    expect(await (await statistics()).byCredential({ since })).toEqual([
      {
        upstream: 'an',
        credential: 'an#2-other',
        calls: 3,
        failed: 1,
        inputTokens: 45,
        outputTokens: 6,
        costUsd: 0.75,
        meanDurationMs: 500 / 3,
      },
    ]);
  });

  test('by endpoint, refused calls too', async () => {
    const { byEndpoint } = await statistics();
    const rows = (await byEndpoint({ since })).map(({ endpoint, calls, failed }) => [endpoint, calls, failed]);
    expect(rows.sort()).toEqual([
      ['/v1/messages', 2, 0],
      ['/v1/responses', 2, 2],
    ]);
    expect(await byEndpoint({ since: at('2026-02-01T00:00:00Z'), until: at('2026-02-01T00:30:00Z') })).toMatchObject([
      { endpoint: '/v1/responses', calls: 1, costUsd: 0.25 },
    ]);
  });

  test.each([
    ['hour', ['2026-01-31T22:00Z', '2026-01-31T23:00Z', '2026-02-01T00:00Z'], [1, 1, 2]],
    ['day', ['2026-01-31', '2026-02-01'], [2, 2]],
    ['month', ['2026-01', '2026-02'], [2, 2]],
  ] as const)('in buckets of an %s', async (size, names, counts) => {
    const rows = await (await statistics()).buckets(size, { since });
    expect(rows.map(({ bucket }) => bucket)).toEqual(names);
    expect(rows.map(({ calls }) => calls)).toEqual(counts);
  });
});
