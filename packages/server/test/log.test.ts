import { describe, expect, test } from 'vitest';
import type { CallRecord } from '@proxy/core';
import { guardedPage } from '../src/guards/page.ts';
import { createMaskText, mask, maskMembers } from '../src/mask.ts';
import { createLog } from '../src/log.ts';
import { ask } from './rows/ask.ts';
import { folder, load, start, testLog } from './support.ts';

test.each([
  ['sk-ant-api03-abcdefghijkl', 'sk-ant-a***hijkl'],
  ['abcdefghij', 'abc***ij'],
  ['abcd', '***'],
])('A10 %s is shown as %s', (secret, shown) => {
  expect(mask(secret)).toBe(shown);
});

test('A10 members that may hold a secret are masked, numbers of tokens are not', () => {
  const key = 'sk-0123456789abcdefghij';
  const shown = 'sk-01234***fghij';
  const fields = {
    headers: {
      authorization: `Bearer ${key}`,
      'x-api-key': key,
      'x-goog-api-key': key,
      'api-key': key,
      cookie: `s=${key}`,
      'set-cookie': [key],
      'proxy-authorization': `Basic ${key}`,
    },
    upstream: { apiKey: key, apiKeys: [key, { key }], secret: key, password: key },
    usage: { inputTokens: 5, token: key },
  };
  const text = JSON.stringify(maskMembers(fields));
  expect(text).not.toContain(key);
  expect(maskMembers(fields)).toMatchObject({
    headers: { authorization: `Bearer ${shown}`, 'x-api-key': shown, 'set-cookie': [shown] },
    upstream: { apiKeys: [shown, { key: shown }] },
    usage: { inputTokens: 5 },
  });
});

test('A10 a configured secret is masked wherever it turns up, and so is what looks like one', () => {
  const maskText = createMaskText(() => ['plain words secret', 'quo"ted-secret']);
  const text = maskText(
    JSON.stringify({
      a: 'before plain words secret after',
      b: 'quo"ted-secret',
      c: 'the key AIzaSyA1234567890abcdefghijklmnopqrstu is wrong',
      d: 'GET /v1beta/models?key=abcdefgh1234 failed',
      e: 'Incorrect API key provided: sk-proj-abcdefghijklmnop.',
      f: 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.payload.sig',
    }),
  );
  expect(text).not.toMatch(/plain words secret|ted-secret|1234567890|abcdefgh1234|abcdefghijklmnop|payload/);
  expect(JSON.parse(text)).toMatchObject({ a: 'before pla***et after', d: 'GET /v1beta/models?key=abc***34 failed' });
});

const record: CallRecord = {
  requestId: 'req_1',
  startedAt: 0,
  durationMs: 12.4,
  dialect: 'anthropic-messages',
  operation: 'generate',
  model: 'claude-x',
  status: 200,
  upstream: 'openai',
  upstreamModel: 'gpt-y',
  way: 'convert',
  attempts: [
    { upstream: 'openai', model: 'gpt-y', credential: 'openai#1-abc123', status: 200, startedAt: 0, durationMs: 11 },
  ],
  notices: [{ type: 'dropped', field: 'top_k', detail: 'Chat has no top_k.' }],
};

test('one line per call, with credentials by their id and notices by their field', () => {
  const log = testLog();
  log.ledger.append(record);
  expect(log.lines).toEqual([]);
  log.flush();
  expect(log.lines).toHaveLength(1);
  expect(JSON.parse(log.lines[0] ?? '')).toMatchObject({
    level: 'info',
    msg: 'anthropic-messages claude-x → openai/gpt-y 200 12 ms',
    requestId: 'req_1',
    attempts: [{ credential: 'openai#1-abc123' }],
    notices: ['dropped top_k'],
  });
});

test.each([
  [200, undefined, 'info'],
  [404, 'not-found', 'warn'],
  [502, 'bad-upstream', 'error'],
  [200, 'bad-upstream', 'error'],
  [499, 'client-gone', 'info'],
])('a call that ends with %i %s is a line of level %3$s', (status, kind, level) => {
  const log = testLog();
  log.ledger.append({ ...record, status, ...(kind !== undefined && { failure: { kind, message: 'why' } }) });
  log.flush();
  expect(JSON.parse(log.lines[0] ?? '')).toMatchObject({ level });
});

test('A8 each level holds back the ones below it', () => {
  const levels = ['error', 'warn', 'info', 'debug', 'trace'] as const;
  levels.forEach((level, index) => {
    const log = testLog();
    log.configure({ level, requests: true }, []);
    for (const each of levels) log.port(each, each);
    expect(log.lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(levels.slice(0, index + 1));
  });
});

describe('A9 a call’s line', () => {
  const shown = (requests: boolean, responses: boolean, more: object = {}) => {
    const log = testLog();
    log.configure({ level: 'info', requests, responses }, []);
    log.ledger.append({ ...record, ...more });
    log.flush();
    return log.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const asked = { dialect: record.dialect, model: record.model };
  const came = { status: record.status, durationMs: record.durationMs };

  test('has what was asked and what came of it, or half, or is none', () => {
    expect(shown(true, true)).toMatchObject([{ ...asked, ...came, requestId: record.requestId }]);
    const [request] = shown(true, false);
    expect(request).toMatchObject(asked);
    for (const name of ['status', 'durationMs', 'usage']) expect(request).not.toHaveProperty(name);
    const [response] = shown(false, true);
    expect(response).toMatchObject(came);
    for (const name of ['dialect', 'model', 'callerId']) expect(response).not.toHaveProperty(name);
    expect([response?.requestId, request?.requestId]).toEqual([record.requestId, record.requestId]);
    expect(shown(false, false)).toEqual([]);
  });

  test('is whole when the call failed', () => {
    const failed = { failure: { kind: 'server', message: 'why' } };
    expect(shown(false, false, failed)).toMatchObject([{ ...asked, ...came, ...failed }]);
  });

  test('is told by ENABLE_REQUEST_LOGS and ENABLE_RESPONSE_LOGS, of which only the word false turns off', () => {
    const flags = (env: Record<string, string>) => load(folder(), env).log;
    expect(flags({})).toMatchObject({ requests: true, responses: true });
    expect(flags({ ENABLE_REQUEST_LOGS: '0', ENABLE_RESPONSE_LOGS: 'no' })).toMatchObject({
      requests: true,
      responses: true,
    });
    expect(flags({ ENABLE_REQUEST_LOGS: 'false' })).toMatchObject({ requests: false, responses: true });
    expect(flags({ ENABLE_RESPONSE_LOGS: 'false' })).toMatchObject({ requests: true, responses: false });
  });
});

test('lines for people are masked as well', () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line), pretty: true });
  log.configure({ level: 'info', requests: true }, ['our-own-secret']);
  log.logger.info({ header: 'our-own-secret' }, 'with our-own-secret in it');
  expect(lines.join('')).toContain('with our***et in it');
  expect(lines.join('')).not.toContain('our-own-secret');
});

describe('a path at which nothing is served', () => {
  const key = 'ours-0123456789';
  const config = `upstreams: [{ name: demo, provider: demo }]
accessKeys: [{ name: me, key: ${key} }]
admin: { key: admin-0123456789 }
storage: memory
guards: { trustedProxies: 1, deny: [192.0.2.0/24] }
doors: { services: true }
`;

  test.each([
    ['/nowhere', '203.0.113.7', 404, 'not-found'],
    ['/proxy/nowhere', '203.0.113.7', 404, 'not-found'],
    ['/nowhere', '192.0.2.7', 403, 'forbidden'],
  ])('%s of %s: %i with an id, told in the log, and no call on record', async (path, address, status, kind) => {
    const { url, log } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const headers = { 'x-forwarded-for': address };
    const answer = await ask(url, `${path}?key=${key}`, { headers });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([status, kind]);
    const requestId = answer.headers['x-proxy-request-id'];
    expect(requestId).toMatch(/^req_/);
    log.flush();
    const lines = log.lines.join('').trimEnd().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
    expect(lines.filter((line) => 'requestId' in line)).toMatchObject([
      { level: 'warn', requestId, path, address, status, failure: { kind } },
    ]);
    expect(log.lines.join('')).not.toContain(key);
    const calls = await ask(url, '/admin/api/v1/calls', { headers: { authorization: 'Bearer admin-0123456789' } });
    expect(calls.json()).toMatchObject({ calls: [] });
  });

  const own: readonly (readonly [string, string, Parameters<typeof ask>[2], number, string])[] = [
    ['a path below the admin API', '/admin/nowhere', {}, 404, 'not-found'],
    ['a method that is not there', '/admin/api/v1/calls', { method: 'PUT' }, 405, 'method-not-allowed'],
    ['an admin without a key', '/admin/api/v1/calls', {}, 401, 'unauthenticated'],
    ['a predecessor’s admin API', '/api/keys', {}, 401, 'unauthenticated'],
    ['statistics', '/api/stats', { headers: { 'x-forwarded-for': '203.0.113.7' } }, 401, 'unauthenticated'],
    ['a caller who is banned', '/admin/api/v1/calls', { headers: { 'x-forwarded-for': '192.0.2.7' } }, 403, 'forbidden'],
  ]; // prettier-ignore
  test.each(own)('%s: no less', async (_name, path, asked, status, kind) => {
    const { url, log } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const answer = await ask(url, path, asked);
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([status, kind]);
    const requestId = answer.headers['x-proxy-request-id'];
    expect(requestId).toMatch(/^req_/);
    log.flush();
    expect(log.lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ level: 'warn', requestId, path, status, failure: { kind } }),
    );
  });

  test.each([
    ['api.example.com', 404, 'not-found'],
    ['claude.api.example.com', 401, 'unauthenticated'],
  ])('under the host name %s, where ai-proxy’s are served: %i with an id', async (host, status, kind) => {
    const { url } = await start({ env: { CLAUDE_API_HOST: 'claude.example' } });
    const answer = await ask(url, '/v1/messages', { host, body: {} });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([status, kind]);
    expect(answer.headers['x-proxy-request-id']).toMatch(/^req_/);
    expect(answer.json()).toHaveProperty('error.message');
  });

  test('a page that cannot be made: 500 with an id, and the log has why', async () => {
    const told: unknown[] = [];
    const request = { method: 'GET', url: '/api/stats', headers: {}, signal: new AbortController().signal };
    const answer = await guardedPage(() => Promise.reject(new Error('The database is away.')), request, {
      policies: [],
      gateway: { newRequestId: () => 'req_1' },
      log: (...line) => void told.push(line),
    });
    expect(answer).toMatchObject({
      status: 500,
      headers: { 'x-proxy-error': 'server', 'x-proxy-request-id': 'req_1' },
    });
    const error = expect.stringContaining('The database is away.') as string;
    expect(told).toContainEqual(['error', 'A page could not be made', { requestId: 'req_1', error }]);
    expect(String(answer.body)).not.toContain('database');
  });

  test('a page that is there carries none', async () => {
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const headers = { authorization: 'Bearer admin-0123456789' };
    const answer = await ask(url, '/admin/api/v1/calls', { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('x-proxy-request-id');
  });

  test('a long one is cut in the log', async () => {
    const { url, log } = await start();
    expect((await ask(url, `/${'x'.repeat(5000)}`)).status).toBe(404);
    log.flush();
    expect(log.lines.join('')).toContain(`${'x'.repeat(199)}…`);
    expect(log.lines.join('')).not.toContain('x'.repeat(200));
  });
});
