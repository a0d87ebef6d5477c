import { expect, onTestFinished, test } from 'vitest';
import { memoryCounters, systemClock } from '@proxy/core';
import { serve } from '@proxy/node';
import { liveOf } from '../../src/live.ts';
import { createRecords } from '../../src/records/records.ts';
import { frontOf } from '../../src/routes/front.ts';
import { bookCalls } from '../../src/storage/book-calls.ts';
import { entryOf } from '../../src/storage/entry.ts';
import { openStorage } from '../../src/storage/open.ts';
import { createTransports } from '../../src/transports.ts';
import { folder, load, testLog, until } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

/** Row E17 of the acceptance list. */

const [admin, team] = ['admin-0123456789-abcdef', 'team-0123456789-abcdef'];
const chat = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hi' }] };

async function served() {
  const upstream = await vendor();
  const refusing = await vendor((_request, response) => void response.writeHead(400).end('{"error":{"message":"no"}}'));
  const config = `
accessKeys: [{ key: ${admin}, role: admin }, { key: ${team}, name: team }]
upstreams:
  - { name: oa, provider: openai, baseUrl: "${upstream.url}", dialects: [openai-chat], models: [gpt-4o, gpt-4o-mini], apiKeys: [{ key: theirs-0123456789, cost: 0.002 }] }
  - { name: no, provider: openai, baseUrl: "${refusing.url}", dialects: [openai-chat], models: [gpt-4], apiKeys: [theirs-9876543210] }
`;
  const storage = await openStorage({ place: { type: 'memory' } });
  const log = testLog();
  const transports = createTransports();
  const read = load(folder({ 'proxy.config.yaml': config }));
  const ledger = {
    append: (call: Parameters<typeof log.ledger.append>[0]) =>
      void storage.db.transaction().execute((tx) => bookCalls(tx, [entryOf(call)], [])),
  };
  const live = liveOf(read, {
    transport: transports.for(read),
    counters: memoryCounters(systemClock),
    ledger,
    log: log.port,
    records: createRecords({ log, storage }),
  });
  const { url, close } = await serve(
    frontOf(() => live),
    { host: '127.0.0.1', port: 0 },
  );
  onTestFinished(async () => {
    await close();
    await transports.close();
    await storage.close();
  });
  return { url, storage };
}

test('E17 every call counts, failures too; costs by the call; ranges and pages that are none are refused', async () => {
  const { url, storage } = await served();
  const headers = { authorization: `Bearer ${team}` };
  await ask(url, '/api/v1/chat/completions', { headers, body: chat });
  await ask(url, '/v1/chat/completions', { headers, body: { ...chat, model: 'gpt-4o-mini' } });
  await ask(url, '/v1/chat/completions', { headers, body: { ...chat, model: 'gpt-4' } });
  await ask(url, '/v1/chat/completions', { body: chat });
  await until('four calls are on record', async () => (await storage.calls.count()) === 4);

  for (const timeRange of ['1h', '24h', '7d', '30d']) {
    const stats = (await ask(url, `/api/stats?timeRange=${timeRange}`)).json();
    expect(stats).toMatchObject({
      success: true,
      data: [
        {
          provider: 'oa',
          name: expect.stringMatching(/^oa#1-/) as string,
          call_count: 2,
          success_count: 2,
          error_count: 0,
          total_cost: 0.004,
          avg_response_time: expect.any(Number) as number,
        },
        { provider: 'no', call_count: 1, error_count: 1, total_cost: 0 },
      ],
    });
  }
  const endpoints = (await ask(url, '/api/usage/endpoints?timeRange=1h')).json();
  expect(endpoints).toMatchObject({ data: [{ endpoint: '/v1/chat/completions', call_count: 4, error_count: 2 }] });
  const recent = await ask(url, '/api/calls/recent?limit=3');
  expect(recent.json()).toMatchObject({
    success: true,
    data: [
      { status: 401, provider: null, cost: null, error: expect.stringContaining('unauthenticated') as string },
      { status: 400, upstream: 'no', endpoint: '/v1/chat/completions' },
      { status: 200, provider: 'openai', model: 'gpt-4o-mini', tokens_used: 5, cost: 0.002 },
    ],
  });
  expect(recent.text).not.toMatch(/theirs-|team-0|admin-0/);
  expect((await ask(url, '/api/stats?timeRange=2h')).status).toBe(400);
  expect((await ask(url, '/api/calls/recent?limit=0')).status).toBe(400);
});

test.each(['/api/stats', '/api/usage/endpoints', '/api/calls/recent'])(
  'E17 %s is for this machine and for admins',
  async (path) => {
    const { url } = await served();
    const from = { 'x-forwarded-for': '203.0.113.9' };
    const status = async (more: object) => (await ask(url, path, { headers: { ...from, ...more } })).status;
    expect((await ask(url, path)).status).toBe(200);
    expect((await ask(url, path, { host: 'rebound.example.com' })).status).toBe(401);
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${team}` })).toBe(401);
    expect(await status({ authorization: `Bearer ${admin}` })).toBe(200);
  },
);
