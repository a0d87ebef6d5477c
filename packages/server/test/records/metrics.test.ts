import { expect, test } from 'vitest';
import { openai, type CallRecord } from '@proxy/core';
import { withOwnKey } from '../../src/doors/own-key.ts';
import { createMetrics } from '../../src/records/metrics.ts';
import { folder, start, until } from '../support.ts';
import { ask } from '../rows/ask.ts';
import { vendor } from '../rows/vendor.ts';

const key = 'ours-0123456789-abcdef';
const headers = { authorization: `Bearer ${key}` };
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };

async function served(records: string, keys = `[${key}]`, more = '') {
  let refusing = false;
  let held: Promise<void> | undefined;
  const upstream = await vendor(async (request, response) => {
    await held;
    if (refusing) response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
    else
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          ...{ id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o' },
          choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 6 } },
        }),
      );
  });
  const config = `
accessKeys: ${keys}
records: ${records}
${more}
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [theirs-0123456789], dialects: [openai-chat] }]
`;
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), flags: { host: '127.0.0.1' } });
  /** Answers wait for the function that it returns. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { ...server, fail: () => void (refusing = true), hold };
}

test('requests, tokens, cost, refusals and attempts, as Prometheus reads them', async () => {
  const { url, fail } = await served('{ metrics: true }');
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await ask(url, '/v1/chat/completions', { body: chat });
  fail();
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  const read = async () => (await ask(url, '/metrics')).text;
  await until('three calls are counted', async () => (await read()).match(/^proxy_requests_total\{/gm)?.length === 3);
  const text = await read();
  const value = (start: string) => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(start));
    return Number(line?.slice(line.lastIndexOf(' ')));
  };
  const place = 'upstream="oa",model="gpt-4o"';
  expect(value(`proxy_requests_total{dialect="openai-chat",operation="generate",${place},status="200"}`)).toBe(1);
  expect(
    value('proxy_requests_total{dialect="openai-chat",operation="generate",upstream="",model="",status="401"}'),
  ).toBe(1);
  expect(value(`proxy_tokens_total{${place},kind="input"}`)).toBe(4);
  expect(value(`proxy_tokens_total{${place},kind="cache_read"}`)).toBe(6);
  expect(value(`proxy_tokens_total{${place},kind="output"}`)).toBe(4);
  expect(value(`proxy_cost_usd_total{${place}}`)).toBeCloseTo(0.0000575, 12); // 4 x 2.5 + 6 x 1.25 + 4 x 10 millionths
  expect(value('proxy_refusals_total{kind="unauthenticated"}')).toBe(1);
  expect(text).toMatch(/^proxy_upstream_attempts_total\{upstream="oa",credential="[^"]+",outcome="ok"\} 1$/m);
  expect(text).toMatch(/^proxy_upstream_attempts_total\{upstream="oa",credential="[^"]+",outcome="(?!ok)[^"]+"\} 1$/m);
  expect(value(`proxy_request_duration_seconds_count{operation="generate",${place}}`)).toBe(2);
  expect(value('proxy_running_requests')).toBe(0);
  expect(text).not.toMatch(/ours-|theirs-/);
});

test('the queue and the upstreams’ keys, as they are when they are asked for', async () => {
  const { url, fail, hold } = await served('{ metrics: true }', undefined, 'queue: { maxRunning: 1 }');
  const numbers = async () => {
    const lines = (await ask(url, '/metrics')).text.split('\n');
    return Object.fromEntries(lines.filter((line) => /^proxy_(queue|keys)/.test(line)).map((line) => line.split(' ')));
  };
  const keys = (counts: Readonly<Record<string, string>>) => {
    const all = { well: '0', resting: '0', limited: '0', spent: '0', refused: '0', ...counts };
    return Object.fromEntries(Object.entries(all).map(([state, count]) => [`proxy_keys{upstream="oa",state="${state}"}`, count])); // prettier-ignore
  };
  const queue = (waiting: number, running: number) => ({
    proxy_queue_waiting_requests: String(waiting),
    proxy_queue_running_requests: String(running),
  });
  expect(await numbers()).toEqual({ ...keys({ well: '1' }), ...queue(0, 0) });
  const release = hold();
  const calls = [1, 2].map(() => ask(url, '/v1/chat/completions', { headers, body: chat }));
  await until('one runs and one waits', async () => (await numbers()).proxy_queue_waiting_requests === '1');
  expect(await numbers()).toMatchObject(queue(1, 1));
  release();
  await Promise.all(calls);
  fail();
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await until('nothing runs', async () => (await numbers()).proxy_queue_running_requests === '0');
  expect(await numbers()).toEqual({ ...keys({ limited: '1' }), ...queue(0, 0) });
});

test('for this machine and for access keys; not through a proxy on it, nor under a foreign name', async () => {
  const { url } = await served('{ metrics: { path: /numbers } }');
  const status = async (more: object) => (await ask(url, '/numbers', more)).status;
  expect(await status({})).toBe(200);
  expect(await status({ host: 'rebound.example.com' })).toBe(401);
  expect(await status({ headers: { 'x-forwarded-for': '203.0.113.9' } })).toBe(401);
  expect(await status({ headers: { 'x-forwarded-for': '203.0.113.9', ...headers } })).toBe(200);
  expect(await status({ headers: { 'x-forwarded-for': '203.0.113.9', 'x-api-key': key } })).toBe(200);
  expect(await status({ headers: { 'x-forwarded-for': '203.0.113.9', authorization: 'Bearer wrong' } })).toBe(401);
  expect((await ask(url, '/metrics')).status).toBe(404);
});

test('open to everybody where the configuration says so, and absent where it does not ask for them', async () => {
  const open = await served('{ metrics: { open: true } }');
  expect((await ask(open.url, '/metrics', { headers: { 'x-forwarded-for': '203.0.113.9' } })).status).toBe(200);
  const off = await served('{ metrics: { enabled: false } }');
  expect((await ask(off.url, '/metrics')).status).toBe(404);
});

test('names that callers make up do not become labels', async () => {
  const { ledger, registry } = createMetrics();
  const record = { requestId: 'r', startedAt: 0, durationMs: 1, status: 404, attempts: [], notices: [] };
  for (let at = 0; at < 1000; at += 1)
    ledger.append({ ...record, model: `made-up-${at}`, upstream: 'u', upstreamModel: `m${at}` } satisfies CallRecord);
  const text = await registry.metrics();
  expect(text).not.toContain('made-up');
  expect(text.match(/^proxy_requests_total\{/gm)).toHaveLength(201);
  expect(text).toMatch(/^proxy_requests_total\{.*model="other".*\} 800$/m);
});

test('an upstream that claims whatever it likes does not make them unreadable', async () => {
  const { ledger, registry } = createMetrics();
  const record = { requestId: 'r', startedAt: 0, durationMs: 1, status: 200, attempts: [], notices: [] };
  const usage = { inputTokens: 1e308, outputTokens: -1, cacheReadTokens: Number.POSITIVE_INFINITY };
  for (let calls = 0; calls < 3; calls += 1)
    ledger.append({ ...record, upstream: 'u', upstreamModel: 'm', usage } satisfies CallRecord);
  expect(await registry.metrics()).toMatch(/^proxy_tokens_total\{.*kind="input"\} \d+$/m);
});

test('nor do keys that callers bring, and no more than a hundred addresses that they name', async () => {
  const { ledger, registry } = createMetrics();
  const record = { requestId: 'r', startedAt: 0, durationMs: 1, status: 200, notices: [] };
  for (let at = 0; at < 1000; at += 1) {
    const name = `h${at}.test`;
    const direction = withOwnKey({ name, provider: openai, baseUrl: `https://${name}`, key: `key-${at}` });
    const id = direction.upstreams?.[0]?.credentials[0]?.id ?? '';
    const attempt = { upstream: name, model: 'm', credential: id, status: 200, startedAt: 0, durationMs: 1 };
    const callerId = id.slice(id.indexOf('#') + 1);
    ledger.append({
      ...record,
      callerId,
      upstream: name,
      upstreamModel: 'm',
      attempts: [attempt],
    } satisfies CallRecord);
  }
  const text = await registry.metrics();
  expect(text).not.toContain('own-');
  expect(text.match(/^proxy_upstream_attempts_total\{/gm)).toHaveLength(101);
  expect(text).toMatch(/^proxy_upstream_attempts_total\{upstream="other",credential="own",outcome="ok"\} 900$/m);
  expect(text).toMatch(/^proxy_requests_total\{.*upstream="other".*\} 900$/m);
});

test('nor do names that are long become labels', async () => {
  const { ledger, registry } = createMetrics();
  const record = { requestId: 'r', startedAt: 0, durationMs: 1, status: 200, attempts: [], notices: [] };
  ledger.append({ ...record, upstream: 'u', upstreamModel: 'x'.repeat(257) } satisfies CallRecord);
  expect(await registry.metrics()).toMatch(/^proxy_requests_total\{.*model="other".*\} 1$/m);
});
