import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callersAddress } from '../../src/guards/address.ts';
import { folder, start, until } from '../support.ts';
import { visit } from '../socket-upstream.ts';
import { ask } from './ask.ts';
import { from, guarded, paths, question } from './guarded.ts';
import { vendor } from './vendor.ts';

/** Rows C1 to C6 and C22 of the acceptance list: who is let in, by address. */

const claude = 'claude.api.example.com';
const theirs = { 'x-api-key': 'sk-ant-theirs-0123456789' };

/** ai-proxy as its users run it: nothing but variables. */
async function aiProxy(env: Record<string, string>, cwd = folder()) {
  const upstream = await vendor();
  const server = await start({ cwd, env: { CLAUDE_API_HOST: upstream.url, OPENAI_API_HOST: upstream.url, ...env } });
  const asked = (headers: Record<string, string> = theirs, path: string = paths.messages) =>
    ask(server.url, path, { host: claude, headers, body: question });
  return { ...server, upstream, asked, file: join(cwd, 'black.json') };
}

interface Black {
  readonly blacks: readonly string[];
  readonly ip_error_counter: Readonly<Record<string, { readonly count: number; readonly errorType: string }>>;
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Black;

describe('C1 automatic bans', () => {
  test('three bad requests, and a good one is refused as well, on every path', async () => {
    const { asked, upstream, url } = await aiProxy({ IP_ERROR_THRESHOLD: '3' });
    expect((await asked()).status).toBe(200);
    expect((await asked({})).status).toBe(401);
    expect((await asked(theirs, '/v1/models')).status).toBe(404);
    expect((await asked(theirs, '/v1/messages/batches')).status).toBe(400);
    const banned = await asked();
    expect([banned.status, (banned.json() as { type: string }).type]).toEqual([403, 'error']);
    expect(upstream.seen).toHaveLength(1);
    for (const host of [claude, 'openai.api.example.com', 'elsewhere.example.com'])
      expect((await ask(url, '/', { host })).status).toBe(403);
    expect((await ask(url, '/ping')).status).toBe(200);
    expect((await ask(url, '/health')).status).toBe(200);
  });

  test('errors further apart than the window never ban', async () => {
    const { asked } = await aiProxy({ IP_ERROR_THRESHOLD: '2', ERROR_WINDOW: '1' });
    for (let count = 0; count < 4; count += 1) {
      expect((await asked({})).status).toBe(401);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect((await asked()).status).toBe(200);
  });

  test('in our own words, wrong keys and unknown paths count; mistakes of callers who are known do not', async () => {
    const config = 'accessKeys: [ours-0123456789]\nguards: { bans: { errors: 3, windowSeconds: 60 } }';
    const { asked, url } = await guarded({ config });
    const ours = { authorization: 'Bearer ours-0123456789' };
    for (let count = 0; count < 4; count += 1) expect((await asked(ours, { model: 'nobody/x' })).status).toBe(404);
    expect((await asked({ authorization: 'Bearer guess' })).status).toBe(401);
    expect((await asked()).status).toBe(401);
    expect((await ask(url, '/.env')).status).toBe(404);
    expect((await asked(ours)).status).toBe(403);
  });

  test('a banned address gets no WebSocket', async () => {
    const { url } = await guarded({
      config: 'accessKeys: [ours-0123456789]\nguards: { bans: { errors: 1, windowSeconds: 60 } }',
    });
    expect((await ask(url, '/nothing')).status).toBe(404);
    const socket = visit(`${url}/v1/realtime?model=oa/gpt-realtime`, [], { authorization: 'Bearer ours-0123456789' });
    expect((await socket.refused()).status).toBe(403);
  });
});

describe('C2 the file', () => {
  test('survives a restart, in that predecessor’s own form', async () => {
    const cwd = folder();
    const first = await aiProxy({ IP_ERROR_THRESHOLD: '2', BASE_PATH: 'data' }, cwd);
    await first.asked({});
    await first.asked({});
    const file = join(cwd, 'data/black.json');
    expect(read(file).blacks).toEqual(['127.0.0.1']);
    await first.close();
    expect(read(file).ip_error_counter['127.0.0.1']).toMatchObject({ count: 2, errorType: 'missing_api_key' });
    const second = await aiProxy({ IP_ERROR_THRESHOLD: '2', BASE_PATH: 'data' }, cwd);
    expect((await second.asked()).status).toBe(403);
  });

  test('may be edited by hand', async () => {
    const cwd = folder({ 'black.json': '{"blacks":["::ffff:127.0.0.1"],"ip_error_counter":{}}' });
    expect((await (await aiProxy({}, cwd)).asked()).status).toBe(403);
    writeFileSync(join(cwd, 'black.json'), '{"blacks":[],"ip_error_counter":{}}');
    expect((await (await aiProxy({}, cwd)).asked()).status).toBe(200);
  });

  test('a broken one is set aside, with a word in the log', async () => {
    const cwd = folder({ 'black.json': '{"blacks":[' });
    const { asked, log } = await aiProxy({}, cwd);
    expect((await asked()).status).toBe(200);
    expect(existsSync(join(cwd, 'black.json.broken'))).toBe(true);
    expect(log.lines.join('')).toContain('kept aside');
  });

  test('counts that are older than the window are forgotten', async () => {
    const counter = { count: 9, firstError: 1, lastError: 2, errorType: 'missing_api_key' };
    const cwd = folder({ 'black.json': JSON.stringify({ blacks: [], ip_error_counter: { '9.9.9.9': counter } }) });
    const { file } = await aiProxy({ ERROR_WINDOW: '1000' }, cwd);
    await until('the entry is gone', () => read(file).ip_error_counter['9.9.9.9'] === undefined);
  });
});

describe('C3 one notion of an address', () => {
  test('a caller of a socket for both families is banned and blocked as the same', async () => {
    const upstream = await vendor();
    const server = await start({
      env: { CLAUDE_API_HOST: upstream.url, IP_ERROR_THRESHOLD: '1' },
      flags: { host: '::' },
    });
    const url = `http://127.0.0.1:${server.port}`;
    expect((await ask(url, '/v1/messages', { host: claude, body: question })).status).toBe(401);
    expect((await ask(url, '/v1/messages', { host: claude, headers: theirs, body: question })).status).toBe(403);
  });

  test('a forged header bans nobody else', async () => {
    const { asked, file } = await aiProxy({ IP_ERROR_THRESHOLD: '1' });
    expect((await asked(from('9.9.9.9'))).status).toBe(401);
    expect(read(file).blacks).toEqual(['127.0.0.1']);
  });
});

describe('C4 a rate by address', () => {
  test('two in a second, then 429 until there is room again', async () => {
    const { asked } = await aiProxy({ RATE_LIMIT_REQUESTS: '2', RATE_LIMIT_INTERVAL: '1000' });
    expect([(await asked()).status, (await asked()).status]).toEqual([200, 200]);
    const refused = await asked();
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
    await until('there is room again', async () => (await asked()).status === 200);
  });
});

describe('C5 behind proxies', () => {
  const list = '7.7.7.7, 1.1.1.1, 2.2.2.2, 3.3.3.3';
  test.each([
    [0, '127.0.0.1'],
    [1, '3.3.3.3'],
    [3, '1.1.1.1'],
    [9, '7.7.7.7'],
    [['127.0.0.0/8', '3.3.3.0/24'], '2.2.2.2'],
    [['10.0.0.0/8'], '127.0.0.1'],
  ] as const)('trusting %j: %s', (trusted, address) => {
    expect(callersAddress('::ffff:127.0.0.1', list, trusted)).toBe(address);
  });

  test('ports and brackets are left out, and what is no address ends the walk', () => {
    expect(callersAddress('127.0.0.1', '[2001:db8::1]:443', 1)).toBe('2001:db8::1');
    expect(callersAddress('127.0.0.1', '1.2.3.4:5678', 1)).toBe('1.2.3.4');
    expect(callersAddress('127.0.0.1', '1.2.3.4, unknown, 5.6.7.8', 3)).toBe('5.6.7.8');
  });

  test('TRUSTED_PROXIES=1: each caller behind the proxy has a count of its own, and records know them', async () => {
    const env = { TRUSTED_PROXIES: '1', ENABLE_RATE_LIMIT: 'true', RATE_LIMIT_MAX_REQUESTS: '1' };
    const { asked, log } = await guarded({ env });
    expect((await asked(from('1.1.1.1'))).status).toBe(200);
    expect((await asked(from('6.6.6.6', '1.1.1.1'))).status).toBe(429);
    expect((await asked(from('2.2.2.2'))).status).toBe(200);
    await until('the record is written', () => log.lines.join('').includes('"address":"2.2.2.2"'));
  });
});

describe('C6 an optional rate (A22 ENABLE_RATE_LIMIT, RATE_LIMIT_WINDOW, RATE_LIMIT_MAX_REQUESTS)', () => {
  test('off unless asked for', async () => {
    const { asked } = await guarded({ env: { RATE_LIMIT_MAX_REQUESTS: '1', RATE_LIMIT_WINDOW: '60000' } });
    expect([(await asked()).status, (await asked()).status]).toEqual([200, 200]);
  });

  test('on: 429 in the caller’s dialect', async () => {
    const { asked } = await guarded({
      env: { ENABLE_RATE_LIMIT: 'true', RATE_LIMIT_MAX_REQUESTS: '1', RATE_LIMIT_WINDOW: '60000' },
    });
    expect((await asked()).status).toBe(200);
    const refused = await asked({}, question, paths.messages);
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
  });
});

describe('C22 addresses and pages', () => {
  test('IP_BLACKLIST: 403, whatever the path', async () => {
    const { asked, url } = await guarded({ env: { IP_BLACKLIST: '10.0.0.0/8,127.0.0.0/8' } });
    expect((await asked()).status).toBe(403);
    expect((await ask(url, '/v1/models')).status).toBe(403);
    expect((await ask(url, '/')).status).toBe(403);
  });

  test('ranges of both families, and a list of those who are let in', async () => {
    const config = 'guards: { trustedProxies: 1, allow: [1.0.0.0/8, "2001:db8::/32"], deny: [1.2.3.4] }';
    const { asked } = await guarded({ config });
    const statuses = await Promise.all(
      ['1.1.1.1', '1.2.3.4', '2001:db8::7', '2001:db9::7'].map(async (one) => (await asked(from(one))).status),
    );
    expect(statuses).toEqual([200, 403, 200, 403]);
  });

  test('the list is edited live', async () => {
    const cwd = folder();
    const { asked, config, reload, upstream } = await guarded();
    expect((await asked()).status).toBe(200);
    const file = config().file ?? cwd;
    writeFileSync(file, `${readFileSync(file, 'utf8')}guards: { deny: [127.0.0.1] }\n`);
    expect(reload()).toBe(true);
    expect((await asked()).status).toBe(403);
    expect(upstream.seen).toHaveLength(1);
  });

  test('BLOCKED_ORIGINS: JSON for programs, a page that leads away for people', async () => {
    const env = {
      BLOCKED_ORIGINS: 'bad.example,worse.example',
      BLOCK_MESSAGE: 'Not <here>.',
      BLOCK_REDIRECT: 'https://example.com/?a=1&b="2"',
    };
    const { asked, upstream, url } = await guarded({ env });
    const program = await asked({ referer: 'https://www.BAD.example/x' });
    expect(program.status).toBe(403);
    expect(program.json()).toMatchObject({ error: { message: 'Not <here>.', code: 'blocked_origin' } });
    const person = await asked({ referer: 'https://worse.example/x', accept: 'text/html,*/*' });
    expect([person.status, person.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(person.text).toContain('Not &#60;here&#62;.');
    expect(person.text).toContain('content="3;url=https://example.com/?a=1&#38;b=&#34;2&#34;"');
    const front = await ask(url, '/', { headers: { referer: 'https://bad.example' } });
    expect(front.json()).toMatchObject({ error: { type: 'blocked_origin' } });
    expect((await asked({ referer: 'https://good.example/' })).status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
  });

  test('without a redirection asked for there is none', async () => {
    const { asked } = await guarded({ env: { BLOCKED_ORIGINS: 'bad.example' } });
    const person = await asked({ referer: 'https://bad.example/x', accept: 'text/html' });
    expect(person.text).not.toContain('http-equiv');
  });
});

test('C1 to C6: what makes no sense is refused at the start, with its name', async () => {
  for (const env of [{ IP_ERROR_THRESHOLD: '0' }, { TRUSTED_PROXIES: '-1' }, { IP_BLACKLIST: 'nowhere' }] as const)
    await expect(guarded({ env })).rejects.toThrow(Object.keys(env)[0]);
  await expect(guarded({ config: 'guards: { deny: [nowhere] }' })).rejects.toThrow('guards.deny[0]');
  await expect(guarded({ config: 'guards: { trustedProxis: 1 }' })).rejects.toThrow('Did you mean "trustedProxies"?');
});
