import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';
import { adminKey, adminServer, callerKey, demoConfig, json } from '../admin/admin-server.ts';
import { ask } from './ask.ts';

// Acceptance rows C14, C28, C31, D27, D28, E14, F19 and F22: what the predecessors' administrators and users had.

interface User {
  readonly token: string;
  readonly nickname?: string;
  readonly type: string;
  readonly disabledAt?: number;
}

test('C14 users over REST: all seven calls, and their 400, 401 and 404', async () => {
  const { call, chat } = await adminServer();
  const users = async (method: string, path: string, body?: object) =>
    call(method, `/admin/users${path}`, body ? { body } : {});

  const { token } = json<User>(await users('POST', '', { type: 'normal', tokenLimits: { claude: 5000, turbo: 0 } }));
  expect((await chat(token)).status).toBe(200);
  const [shown] = json<{ users: readonly User[] }>(await users('GET', '?sort=promptCount,createdAt')).users;
  expect(shown).toMatchObject({ type: 'normal', tokenLimits: { claude: 5000 }, tokenCounts: {} });
  // The token is write-only: our id stands for it, and either is understood.
  expect(shown?.token).not.toBe(token);
  expect(json(await users('GET', `/${token}`))).toEqual(json(await users('GET', `/${shown?.token ?? ''}`)));

  const change = { nickname: 'Ann', maxIps: 3, adminNote: 'of the first floor', type: 'special' };
  expect(json(await users('PUT', `/${token}`, change))).toMatchObject(change);
  expect(json<User>(await users('PUT', `/${token}`, { nickname: null }))).not.toHaveProperty('nickname');
  // What oai-reverse-proxy has no words for stays as it is.
  const ours = { requestsPerMinute: 90, budgets: [{ amount: 5, of: 'usd', per: 'day' }] };
  const place = `/admin/api/v1/access-keys/${shown?.token ?? ''}`;
  await call('PATCH', place, { body: { limits: ours } });
  expect(json(await users('PUT', `/${token}`, { tokenLimits: { turbo: 7 } }))).toMatchObject({
    tokenLimits: { turbo: 7 },
  });
  expect(json(await users('PUT', `/${token}`, { tokenLimits: null }))).toMatchObject({ tokenLimits: {} });
  expect(json(await call('GET', place))).toMatchObject({ limits: ours });
  const elsewhere = '3f1c2a54-0000-4000-8000-9d2f6a1b7c55';
  const imported = { token: elsewhere, nickname: 'Bob', promptCount: 7, tokenCounts: { claude: 900 } };
  expect(json(await users('PUT', '', { users: [imported] }))).toMatchObject({
    count: 1,
    upserted_users: [{ nickname: 'Bob', promptCount: 7, tokenCounts: { claude: 900 } }],
  });
  expect((await chat(elsewhere)).status).toBe(200);

  const disabled = json<User>(await users('DELETE', `/${elsewhere}?disabledReason=left`));
  expect(disabled).toMatchObject({ disabledReason: 'left', disabledAt: expect.any(Number) as number });
  await until('a disabled token opens nothing', async () => (await chat(elsewhere)).status !== 200);
  expect(json<User>(await users('PUT', `/${elsewhere}`, { disabledAt: null }))).not.toHaveProperty('disabledAt');
  await until('it opens again', async () => (await chat(elsewhere)).status === 200);
  expect(json(await call('GET', `/admin/events/${elsewhere}`))).toMatchObject({ data: expect.any(Array) as object });

  const missing = await users('GET', '/nobody');
  expect([missing.status, missing.json()]).toEqual([404, { error: 'Not found' }]);
  const wrong = await users('POST', '', { type: 'king' });
  expect([wrong.status, wrong.json()]).toEqual([400, { error: expect.stringContaining('type') as string }]);
  expect((await users('PUT', '/short', { nickname: 'x' })).status).toBe(400);
  // Nothing is done by half.
  const half = [{ token: 'a-token-that-is-long-enough' }, { token: 'short' }];
  expect((await users('PUT', '', { users: half })).status).toBe(400);
  expect((await users('GET', '/a-token-that-is-long-enough')).status).toBe(404);
  // The admin key opens no model.
  expect((await users('PUT', `/${adminKey}`, { nickname: 'x' })).status).toBe(409);
  expect((await users('PUT', '', { users: [{ token: adminKey }] })).status).toBe(409);
  expect((await chat(adminKey)).status).toBe(401);
  for (const key of [null, 'wrong-key', callerKey]) {
    const answer = await call('GET', '/admin/users', { key });
    expect([answer.status, Object.keys(answer.json() as object)]).toEqual([key === callerKey ? 403 : 401, ['error']]);
  }
});

describe('C28 the admin API is protected', () => {
  test('from the sixth wrong key on an address has to wait, even with the right one', async () => {
    const { api } = await adminServer();
    const guess = (key: string, from: string) => api('GET', '/status', { key, from });
    for (let tries = 1; tries <= 5; tries += 1) {
      const answer = await guess(`wrong-${tries}`, '203.0.113.5');
      expect([answer.status, answer.text.includes('Too many attempts')]).toEqual([401, false]);
    }
    const sixth = await guess('wrong-6', '203.0.113.5');
    expect([sixth.status, sixth.text]).toEqual([401, expect.stringContaining('Too many attempts')]);
    expect((await guess(adminKey, '203.0.113.5')).text).toContain('Too many attempts');
    const login = await api('POST', '/session', { key: null, body: { key: adminKey }, from: '203.0.113.5' });
    expect([login.status, login.text]).toEqual([401, expect.stringContaining('Too many attempts')]);
    expect((await guess(adminKey, '203.0.113.6')).status).toBe(200);
    // A key that is no administrator's, shown in between, gives no further guesses.
    for (let tries = 1; tries <= 6; tries += 1) {
      await guess(`wrong-${tries}`, '203.0.113.7');
      if (tries < 6) expect((await api('GET', '/me', { key: callerKey, from: '203.0.113.7' })).status).toBe(200);
    }
    expect((await guess(adminKey, '203.0.113.7')).text).toContain('Too many attempts');
    // Whoever has an IPv6 address has 2^64 of them.
    for (let tries = 1; tries <= 6; tries += 1) await guess('wrong', `2001:db8::${tries}`);
    expect((await guess(adminKey, '2001:db8::ffff')).text).toContain('Too many attempts');
    expect((await guess(adminKey, '2001:db8:0:1::1')).status).toBe(200);
  });

  test('ADMIN_WHITELIST: others are refused, whatever they show', async () => {
    const { api } = await adminServer({ env: { ADMIN_KEY: adminKey, ADMIN_WHITELIST: '127.0.0.1, 198.51.100.0/24' } });
    expect((await api('GET', '/status')).status).toBe(200);
    expect((await api('GET', '/status', { from: '198.51.100.7' })).status).toBe(200);
    expect((await api('GET', '/status', { from: '203.0.113.5' })).status).toBe(403);
  });

  test('browsers: a strict cookie, and a token against forged requests', async () => {
    const { api } = await adminServer();
    const login = await api('POST', '/session', { key: null, body: { key: adminKey } });
    expect(login.status).toBe(201);
    const [cookie = ''] = login.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^proxy_admin=[\w-]{43}; Path=\/admin; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/);
    const { csrf } = login.json() as { csrf: string };
    const browser = { cookie: cookie.split(';')[0] ?? '' };
    const as = (headers: Readonly<Record<string, string>>) => ({ key: null, headers });
    expect((await api('GET', '/users', as(browser))).status).toBe(200);
    expect(json(await api('GET', '/session', as(browser)))).toMatchObject({ role: 'admin', by: 'session', csrf });
    const make = (headers: Readonly<Record<string, string>>) =>
      api('POST', '/users', { ...as({ ...browser, ...headers }), body: { name: 'Ann' } });
    expect((await make({})).status).toBe(403);
    expect((await make({ 'x-csrf-token': 'forged' })).status).toBe(403);
    expect((await make({ 'x-csrf-token': csrf })).status).toBe(201);
    expect((await api('DELETE', '/session', as({ ...browser, 'x-csrf-token': csrf }))).status).toBe(204);
    expect((await api('GET', '/users', as(browser))).status).toBe(401);
  });

  test('a key of the role admin logs in, others do not; its session ends with the key', async () => {
    const { api, told } = await adminServer();
    const made = (role: string) =>
      told<{ key: string; accessKey: { id: string } }>('POST', '/access-keys', { body: { role } });
    const { key: plain } = await made('special');
    expect((await api('POST', '/session', { key: null, body: { key: plain } })).status).toBe(403);
    const { key, accessKey } = await made('admin');
    const login = await api('POST', '/session', { key: null, body: { key } });
    const browser = { cookie: (login.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '' };
    expect((await api('GET', '/users', { key: null, headers: browser })).status).toBe(200);
    await told('POST', `/access-keys/${accessKey.id}/revoke`);
    expect((await api('GET', '/users', { key: null, headers: browser })).status).toBe(401);
  });

  test('sessions end with the admin key that they began with', async () => {
    const keyed = (key: string) => `admin: { key: ${key} }\n${demoConfig}`;
    const { api, call, cwd } = await adminServer({ config: keyed(adminKey), env: {} });
    const login = await api('POST', '/session', { key: null, body: { key: adminKey } });
    const browser = { cookie: (login.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '' };
    writeFileSync(join(cwd, 'proxy.config.yaml'), keyed('another-admin-key'));
    expect((await call('POST', '/admin/config/reload')).status).toBe(200);
    expect((await api('GET', '/users', { key: null, headers: browser })).status).toBe(401);
    expect((await api('GET', '/users', { key: 'another-admin-key' })).status).toBe(200);
  });

  test('USE_INSECURE_COOKIES: for a server without TLS', async () => {
    const { api } = await adminServer({ env: { ADMIN_KEY: adminKey, USE_INSECURE_COOKIES: 'true' } });
    const login = await api('POST', '/session', { key: null, body: { key: adminKey } });
    expect(login.headers['set-cookie']?.[0]).not.toContain('Secure');
  });
});

describe('C31 without an admin key, this machine alone', () => {
  const places = ['/api/keys', '/admin/users', '/admin/api/v1/config'];

  test.each(places)('%s', async (path) => {
    const { call, url } = await adminServer({ env: {} });
    const as = (headers: Readonly<Record<string, string>>, from?: string) =>
      call('GET', path, { key: null, headers, ...(from !== undefined && { from }) });
    expect((await as({})).status).toBe(200);
    expect((await as({}, '192.168.1.20')).status).toBe(401);
    // Names that are rebound to this machine, pages of others, and proxies in front of it are not this machine.
    expect((await as({ host: 'attacker.example' })).status).toBe(401);
    expect((await as({ origin: 'https://attacker.example' })).status).toBe(401);
    expect((await as({ 'x-forwarded-for': '203.0.113.5' })).status).toBe(401);
    const preflight = await ask(url, path, { method: 'OPTIONS', headers: { origin: 'http://localhost:9999' } });
    expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('pages of another port of this machine may not change anything', async () => {
    const { api } = await adminServer({ env: {} });
    const from = (origin: string) => api('POST', '/config/reload', { key: null, headers: { origin } });
    expect((await from('http://localhost:9999')).status).toBe(403);
    expect((await api('POST', '/config/reload', { key: null })).status).toBe(200);
  });

  test('with one, not even this machine', async () => {
    const { call } = await adminServer();
    for (const path of places) expect((await call('GET', path, { key: null })).status).toBe(401);
  });
});

test('D27 POST /admin/config/reload takes the edited file over, for administrators only', async () => {
  const { call, cwd } = await adminServer();
  const path = join(cwd, 'proxy.config.yaml');
  writeFileSync(path, demoConfig.replace('models: [demo] }', 'models: [demo] }, { name: b, provider: demo }'));
  expect((await call('POST', '/admin/config/reload', { key: null })).status).toBe(401);
  expect((await call('POST', '/admin/config/reload', { key: callerKey })).status).toBe(403);
  expect(json(await call('POST', '/admin/config/reload'))).toEqual({
    status: 'success',
    message: expect.any(String) as string,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    config: { upstreamCount: 2, currentUpstream: 0, loadBalance: 'failover' },
  });
  writeFileSync(path, 'upstreams: what');
  const refused = await call('POST', '/admin/config/reload');
  expect([refused.status, refused.json()]).toEqual([
    500,
    expect.objectContaining({ status: 'error', error: expect.stringContaining('upstreams') as string }),
  ]);
  expect(json(await call('GET', '/health'))).toMatchObject({ config: { upstreamCount: 2 } });
});

test('D28 GET /admin/dev/info in development only, keys masked', async () => {
  const development = await adminServer({ env: { ADMIN_KEY: adminKey, NODE_ENV: 'development' } });
  const shown = await development.call('GET', '/admin/dev/info');
  expect(json(shown)).toMatchObject({ status: 'development', config: { upstreams: [{ name: 'demo' }] } });
  expect(shown.text).not.toContain(callerKey);
  expect(shown.text).not.toContain(adminKey);
  expect((await development.call('GET', '/admin/dev/info', { key: null })).status).toBe(401);
  const production = await adminServer();
  expect((await production.call('GET', '/admin/dev/info')).status).toBe(404);
});

test('E14 /api/keys: made, listed, changed and removed, always masked', async () => {
  const { call, cwd } = await adminServer();
  interface Kept {
    readonly data: { readonly id: string };
  }
  const key = 'sk-openai-0123456789abcdef';
  const body = {
    provider: 'openai',
    name: 'first',
    api_key: key,
    base_url: 'https://api.openai.com',
    total_quota: 100,
  };
  const made = await call('POST', '/api/keys', { body: { ...body, cost_per_request: 0.002, is_active: true } });
  expect(made.status).toBe(201);
  const { id } = json<Kept>(made).data;
  expect(made.json()).toMatchObject({
    success: true,
    data: { provider: 'openai', name: 'first', api_key: 'sk-opena***bcdef', remaining_quota: 100, is_active: true },
  });
  const changed = await call('PUT', `/api/keys/${id}`, { body: { name: 'second', api_key: '', total_quota: 0 } });
  expect(changed.json()).toMatchObject({
    success: true,
    // A quota of nothing is none, and no key means the one that is there.
    data: { name: 'second', api_key: 'sk-opena***bcdef', cost_per_request: 0.002, remaining_quota: 0 },
  });
  const list = await call('GET', '/api/keys');
  expect(list.json()).toMatchObject({ success: true, data: [{ id, name: 'second' }] });
  for (const { text } of [made, changed, list]) expect(text).not.toContain(key);
  const wrong = await call('POST', '/api/keys', { body: { ...body, provider: 'opennai' } });
  expect([wrong.status, wrong.json()]).toEqual([
    400,
    { success: false, error: expect.stringContaining('Did you mean "openai"?') as string },
  ]);
  expect((await call('GET', '/api/keys', { key: null })).status).toBe(401);
  expect(json(await call('DELETE', `/api/keys/${id}`))).toEqual({ success: true });
  expect((await call('DELETE', `/api/keys/${id}`)).status).toBe(404);
  expect(json(await call('GET', '/api/keys'))).toEqual({ success: true, data: [] });
  writeFileSync(join(cwd, 'proxy.config.yaml'), `${demoConfig}\ndoors: { api: false }\n`);
  await call('POST', '/admin/config/reload');
  expect((await call('GET', '/api/keys')).status).toBe(404);
});

test('E14 a key for a provider that nothing is configured for brings its upstream about', async () => {
  const { url: baseUrl, seen } = await recordingUpstream();
  const { call } = await adminServer({ config: `accessKeys: [${callerKey}]` });
  const ask = async () =>
    call('POST', '/api/v1/chat/completions', {
      key: callerKey,
      body: { model: 'gpt-x', messages: [{ role: 'user', content: 'Hello' }] },
    });
  const key = { provider: 'openai', name: 'first', api_key: 'sk-openai-0123456789abcdef', base_url: baseUrl };
  const { data } = json<{ data: { id: string } }>(await call('POST', '/api/keys', { body: key }));
  await until('the key is used', async () => (await ask()).status === 200 && seen.length > 0);
  expect(seen[0]?.headers.authorization).toBe(`Bearer ${key.api_key}`);
  await call('PUT', `/api/keys/${data.id}`, { body: { is_active: false } });
  await until('it is no longer used', async () => {
    const used = seen.length;
    await ask();
    return seen.length === used;
  });
});

describe('F19 self-service', () => {
  const form = (fields: Readonly<Record<string, string>>) => ({
    key: null,
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

  test('/user/lookup shows use and quotas; a form post renames', async () => {
    const { call, chat } = await adminServer();
    const { token } = json<User>(await call('POST', '/admin/users', { body: { tokenLimits: { turbo: 5000 } } }));
    await chat(token);
    expect((await call('GET', '/user/lookup', { key: null })).text).toContain('<form method="post"');
    const lookup = () => call('POST', '/user/lookup', form({ token }));
    await until('the call is counted', async () => json<{ promptCount: number }>(await lookup()).promptCount === 1);
    expect(json(await lookup())).toMatchObject({ type: 'normal', promptCount: 1, tokenLimits: { turbo: 5000 } });
    const renamed = await call('POST', '/user/edit-nickname', form({ token, nickname: '<i>Ann</i> & co' }));
    expect(json(renamed)).toMatchObject({ nickname: 'Ann & co' });
    // What administrators noted is for them alone.
    const noted = { adminNote: 'resells his token', meta: { suspect: true } };
    expect(json(await call('PUT', `/admin/users/${token}`, { body: noted }))).toMatchObject(noted);
    const owners = [
      await lookup(),
      await call('POST', '/user/edit-nickname', form({ token, nickname: 'Ann & co' })),
      await call('GET', '/admin/api/v1/me', { key: token }),
    ];
    for (const answer of owners) {
      expect(answer.status).toBe(200);
      expect(answer.text).not.toMatch(/resells|suspect/);
    }
    const page = await call('POST', '/user/lookup', {
      ...form({ token }),
      headers: { ...form({}).headers, accept: 'text/html' },
    });
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.text).toContain('Ann &#38; co');
    expect(page.text).not.toContain(token);
    expect((await call('POST', '/user/lookup', form({ token: 'wrong' }))).status).toBe(401);
    expect((await call('POST', '/user/edit-nickname', form({ token, nickname: 'x'.repeat(81) }))).status).toBe(400);
  });

  test('ALLOW_NICKNAME_CHANGES=false', async () => {
    const { call } = await adminServer({ env: { ADMIN_KEY: adminKey, ALLOW_NICKNAME_CHANGES: 'false' } });
    const { token } = json<User>(await call('POST', '/admin/users', { body: {} }));
    expect((await call('POST', '/user/edit-nickname', form({ token, nickname: 'Ann' }))).status).toBe(403);
  });
});

test('F22 GET /admin/events/:token by pages of two', async () => {
  const { call, chat } = await adminServer();
  const { token } = json<User>(await call('POST', '/admin/users', { body: {} }));
  for (let calls = 0; calls < 3; calls += 1) await chat(token);
  interface Page {
    readonly data: readonly { readonly node: object; readonly cursor: string }[];
    readonly endCursor: string | null;
  }
  const page = async (query: string) => json<Page>(await call('GET', `/admin/events/${token}?${query}`));
  await until('all calls are on record', async () => (await page('first=25')).data.length === 3);
  const first = await page('first=2');
  const second = await page(`first=2&after=${first.endCursor ?? ''}`);
  expect([first.data.length, second.data.length]).toEqual([2, 1]);
  expect(new Set([...first.data, ...second.data].map(({ cursor }) => cursor)).size).toBe(3);
  expect(first.data[0]?.node).toMatchObject({
    type: 'generate',
    model: 'demo',
    inputTokens: expect.any(Number) as number,
  });
  expect((await call('GET', `/admin/events/${token}?first=201`)).status).toBe(400);
  expect((await call('GET', '/admin/events/nobody')).status).toBe(404);
});
