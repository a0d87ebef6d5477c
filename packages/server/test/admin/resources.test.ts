import { expect, test } from 'vitest';
import { until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';
import { adminKey, adminServer, callerKey, json } from './admin-server.ts';

interface Made {
  readonly id: string;
  readonly accessKey: { readonly id: string; readonly hint: string };
  readonly key: string;
}

interface Entries {
  readonly entries: readonly { readonly action: string; readonly actor: string; readonly address: string }[];
}

test('a user, an access key of it, and what becomes of both', async () => {
  const { api, told, chat } = await adminServer();
  const user = await told<Made>('POST', '/users', { body: { name: 'Ann', limits: { requestsPerMinute: 100 } } });
  expect(user).toMatchObject({ name: 'Ann', limits: { requestsPerMinute: 100 } });
  expect((await api('POST', '/users', { body: { name: 'Ann' } })).status).toBe(409);
  const { accessKey, key } = await told<Made>('POST', '/access-keys', { body: { userId: user.id, name: 'laptop' } });
  const bound = { id: user.id, name: 'Ann', limits: { requestsPerMinute: 100 } };
  expect(await told('GET', '/me', { key })).toMatchObject({ accessKey, user: bound });
  expect(await told('GET', `/access-keys/${accessKey.id}`)).toEqual(accessKey);
  expect(JSON.stringify(await told('GET', '/access-keys'))).not.toContain(key);
  expect((await chat(key)).status).toBe(200);

  expect(await told('PATCH', `/access-keys/${accessKey.id}`, { body: { name: null, models: ['demo'] } })).toEqual({
    ...accessKey,
    name: undefined,
    models: ['demo'],
  });
  expect(await told('POST', `/access-keys/${accessKey.id}/revoke`, { body: { reason: 'lost' } })).toMatchObject({
    revokedReason: 'lost',
  });
  await until('a revoked key opens nothing', async () => (await chat(key)).status !== 200);
  await told('POST', `/access-keys/${accessKey.id}/restore`);
  await until('a restored key opens', async () => (await chat(key)).status === 200);
  expect(await told('PATCH', `/users/${user.id}`, { body: { disabled: 'on leave' } })).toMatchObject({
    disabledReason: 'on leave',
  });
  await until('a disabled user gets nothing', async () => (await chat(key)).status !== 200);
  expect((await api('DELETE', `/users/${user.id}`)).status).toBe(204);
  expect((await api('GET', `/access-keys/${accessKey.id}`)).status).toBe(404);

  const { entries } = await told<Entries>('GET', '/audit');
  expect(entries.map(({ action }) => action).reverse()).toEqual([
    ...['user.create', 'access-key.create', 'access-key.update', 'access-key.revoke', 'access-key.restore'],
    ...['user.update', 'user.remove'],
  ]);
  expect(entries[0]).toMatchObject({ actor: 'admin', address: '127.0.0.1', object: user.id, before: { name: 'Ann' } });
  expect(JSON.stringify(entries)).not.toContain(key);
});

test('bad input is told by its place, and unknown things are 404', async () => {
  const { api } = await adminServer();
  const wrong = await api('POST', '/access-keys', { body: { limits: { requestsPerMinute: 0 }, adresses: [] } });
  expect(wrong.status).toBe(400);
  expect(wrong.json()).toMatchObject({
    error: { type: 'invalid', problems: [expect.stringMatching(/^limits\.requestsPerMinute: /), expect.any(String)] },
  });
  // Beyond the last day that there is: no list of keys could tell it.
  expect((await api('POST', '/access-keys', { body: { expiresAt: 9e15 } })).status).toBe(400);
  expect((await api('POST', '/users', { body: '{', headers: { 'content-type': 'application/json' } })).status).toBe(
    400,
  );
  expect((await api('POST', '/users', { body: 'name=Ann' })).status).toBe(415);
  expect((await api('POST', '/access-keys', { body: { userId: 'nobody' } })).status).toBe(404);
  expect((await api('GET', '/nothing')).status).toBe(404);
  const method = await api('PUT', '/users');
  expect([method.status, method.headers.allow]).toEqual([405, 'GET, POST']);
});

test('what binds a key is held to what the configuration holds it to', async () => {
  const { api, told, chat } = await adminServer();
  const { accessKey } = await told<Made>('POST', '/access-keys', { body: { models: ['family:turbo', 'demo'] } });
  const rules = [
    [{ models: ['family:trubo'] }, /^models\[0\]: "trubo" is not a family\. Did you mean "turbo"\?/],
    [{ models: ['family:constructor'] }, /^models\[0\]: "constructor" is not a family\./],
    [{ models: [] }, /^models: must not be empty\./],
    [{ operations: ['generat'] }, /^operations\[0\]: "generat" is not an operation\. Did you mean "generate"\?/],
    [{ addresses: [] }, /^addresses: must not be empty\./],
    [{ addresses: ['10.0.0.0/33'] }, /^addresses\[0\]: must be an address or a CIDR/],
    [{ expiresAt: 9_000_000_000_000_000 }, /^expiresAt: /],
    [{ expiresAt: -9_000_000_000_000_000 }, /^expiresAt: /],
  ] as const;
  for (const [body, problem] of rules)
    for (const [method, path] of [
      ['POST', '/access-keys'],
      ['PATCH', `/access-keys/${accessKey.id}`],
    ] as const) {
      const answer = await api(method, path, { body });
      const what = `${method} ${JSON.stringify(body)}`;
      expect(answer.status, what).toBe(400);
      expect(answer.json(), what).toMatchObject({ error: { problems: [expect.stringMatching(problem)] } });
    }
  expect(await told('GET', '/access-keys')).toEqual({ accessKeys: [accessKey] });
  expect((await chat(callerKey)).status).toBe(200);
});

test('keys of upstreams go in and never come out', async () => {
  const { told, api } = await adminServer();
  const key = 'sk-upstream-0123456789abcdef';
  const made = await told<Made>('POST', '/credentials', { body: { upstream: 'demo', key } });
  expect(made).toMatchObject({ upstream: 'demo', hint: 'sk-upstr***bcdef' });
  expect((await api('POST', '/credentials', { body: { upstream: 'demo', key } })).status).toBe(409);
  expect((await api('POST', '/credentials', { body: { upstream: 'none', key } })).status).toBe(404);
  await told('PATCH', `/credentials/${made.id}`, { body: { weight: 2 } });
  for (const path of ['/credentials', `/credentials/${made.id}`, '/upstreams', '/upstreams/demo', '/config', '/audit'])
    expect((await api('GET', path)).text, path).not.toContain(key);
  expect((await api('DELETE', `/credentials/${made.id}`)).status).toBe(204);
});

test('bans, in their normal form', async () => {
  const { told, api } = await adminServer();
  expect(await told('POST', '/bans', { body: { address: '::ffff:203.0.113.9', reason: 'noise' } })).toMatchObject({
    address: '203.0.113.9',
  });
  await told('POST', '/bans', { body: { address: '198.51.100.0/24' } });
  expect(await told('GET', '/bans')).toMatchObject({ bans: [{ reason: 'noise' }, { address: '198.51.100.0/24' }] });
  expect((await api('DELETE', '/bans/198.51.100.0%2F24')).status).toBe(204);
  for (const address of ['::ffff:198.51.100.7/120', '198.51.100.7/24', '198.51.100.0/24'])
    expect(await told('POST', '/bans', { body: { address } })).toMatchObject({ address: '198.51.100.0/24' });
  expect((await api('DELETE', '/bans/198.51.100.9%2F24')).status).toBe(204);
  expect((await api('DELETE', '/bans/203.0.113.9')).status).toBe(204);
  expect((await api('DELETE', '/bans/203.0.113.9')).status).toBe(404);
  expect((await api('POST', '/bans', { body: { address: '127.0.0.1' } })).status).toBe(409);
  const own = await api('POST', '/bans', { body: { address: '127.0.0.0/8' } });
  expect([own.status, own.text]).toEqual([409, expect.stringContaining('Your own address lies in this range.')]);
  expect((await api('POST', '/bans', { body: { address: '127.0.0.0/8' }, from: '::ffff:127.0.0.9' })).status).toBe(409);
  expect((await api('POST', '/bans', { body: { address: '0.0.0.0/0' }, from: '203.0.113.9' })).status).toBe(409);
  expect((await api('POST', '/bans', { body: { address: 'example.com' } })).status).toBe(400);
});

test('calls by pages, one by its id, sums, and what a caller sees of its own', async () => {
  const { told, api, chat } = await adminServer();
  const { accessKey, key } = await told<Made>('POST', '/access-keys', { body: { name: 'Bob' } });
  const ids: string[] = [];
  for (const who of [callerKey, key, key]) ids.push(String((await chat(who)).headers['x-proxy-request-id']));
  interface Page {
    readonly calls: readonly { readonly requestId: string; readonly callerId: string }[];
    readonly next?: string;
  }
  await until('all calls are on record', async () => (await told<Page>('GET', '/calls')).calls.length === 3);
  const first = await told<Page>('GET', '/calls?limit=2');
  const second = await told<Page>('GET', `/calls?limit=2&after=${first.next ?? ''}`);
  expect([...first.calls, ...second.calls].map(({ requestId }) => requestId).sort()).toEqual([...ids].sort());
  expect(await told('GET', `/calls/${ids[1] ?? ''}`)).toMatchObject({ callerId: accessKey.id, model: 'demo' });
  expect(await told('GET', `/calls/${ids[1] ?? ''}/explain`)).toMatchObject({ requestId: ids[1] });
  expect((await api('GET', '/calls/unknown')).status).toBe(404);
  expect(await told('GET', '/usage?by=key&since=1h')).toMatchObject({ rows: [{ group: accessKey.id, calls: 2 }, {}] });
  expect(await told('GET', `/totals?callerId=${accessKey.id}`)).toMatchObject({ totals: [{ calls: 2 }] });

  const own = await told<Page>('GET', '/me/calls', { key });
  expect(own.calls.map(({ callerId }) => callerId)).toEqual([accessKey.id, accessKey.id]);
  expect(await told('GET', '/me', { key })).toMatchObject({ role: 'normal', accessKey: { name: 'Bob' } });
  expect(await told('GET', '/me/usage', { key })).toMatchObject({ totals: [{ calls: 2 }], days: [{ calls: 2 }] });
  expect(await told('PATCH', '/me', { key, body: { name: '<b>Bobby</b>' } })).toEqual({ name: 'Bobby' });
  expect((await api('PATCH', '/me', { key: callerKey, body: { name: 'x' } })).status).toBe(409);
});

test('the keys and users of the file are told with their limits and what they spent, as stored ones are', async () => {
  const limits = { budgets: [{ amount: 9, of: 'requests', per: 'total' }] };
  const { told, chat } = await adminServer({
    config: `
users: [{ name: ann, limits: ${JSON.stringify(limits)} }]
accessKeys: [{ key: ${callerKey}, name: laptop, user: ann, limits: ${JSON.stringify(limits)}, models: ['demo'] }]
upstreams: [{ name: demo, provider: demo, models: [demo] }]
`,
  });
  const me = await told<{ id: string; accessKey: object; user: object }>('GET', '/me', { key: callerKey });
  expect(me.user).toEqual({ id: 'user-ann', name: 'ann', limits });
  const shown = { id: me.id, name: 'laptop', hint: 'cal***ts', userId: 'user-ann', limits, models: ['demo'] };
  expect(me.accessKey).toEqual(shown);
  expect((await chat(callerKey)).status).toBe(200);
  const spent = [{ budget: 'requests/total', endsAt: 0, spent: 1 }];
  const owners = [
    { kind: 'user', id: 'user-ann', name: 'ann', limits, spent },
    { kind: 'access-key', id: me.id, name: 'laptop', limits, spent },
  ];
  await until('the call is booked', async () => JSON.stringify(await told('GET', '/spending')).includes('"spent":1'));
  expect(await told('GET', '/spending')).toEqual({ owners });
  expect(await told('GET', `/spending?owner=${me.id}`)).toEqual({ owners: owners.slice(1) });
});

test('a caller’s own calls name none of the server’s keys, which an administrator sees', async () => {
  const upstream = await recordingUpstream();
  const { told, api, chat } = await adminServer({
    config: `
accessKeys: [{ key: ${callerKey}, name: Ann }]
upstreams:
  - { name: main, provider: openai, baseUrl: "${upstream.url}", apiKeys: [sk-one-0123456789, sk-two-0123456789], models: [demo] }
`,
  });
  await chat(callerKey);
  await until('the call is on record', async () => (await api('GET', '/calls')).text.includes('"requestId"'));
  expect(JSON.stringify(await told('GET', '/calls'))).toMatch(/"why":.*main#1-/);
  const own = await api('GET', '/me/calls', { key: callerKey });
  expect(own.text).toContain('"requestId"');
  expect(own.text).not.toMatch(/main#\d|"credential"/);
});

test('calls as they end', async () => {
  const { url, chat } = await adminServer();
  const leaving = new AbortController();
  const answer = await fetch(`${url}/admin/api/v1/calls/live`, {
    headers: { authorization: 'Bearer admin-key-for-tests' },
    signal: leaving.signal,
  });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const requestId = (await chat(callerKey)).headers['x-proxy-request-id'];
  let text = '';
  while (!text.includes('event: call\n')) text += (await reader?.read())?.value ?? '';
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? '';
  expect(JSON.parse(data)).toMatchObject({ requestId, model: 'demo', status: 200 });
  leaving.abort();
});

test('calls are watched no longer than the key or session holds', async () => {
  const { url, call, api, told } = await adminServer();
  const { key, accessKey } = await told<{ readonly key: string; readonly accessKey: { readonly id: string } }>(
    'POST',
    '/access-keys',
    { body: { name: 'Bob', role: 'admin' } },
  );
  const byKey = await watching(url, { authorization: `Bearer ${key}` });
  expect((await api('POST', `/access-keys/${accessKey.id}/revoke`)).status).toBeLessThan(300);
  await byKey.ended;

  const login = await call('POST', '/admin/api/v1/session', { key: null, body: { key: adminKey } });
  const cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';
  const { csrf } = json<{ readonly csrf: string }>(login);
  const bySession = await watching(url, { cookie });
  await api('DELETE', '/session', { key: null, headers: { cookie, 'x-csrf-token': csrf } });
  await bySession.ended;
});

/** Calls, from when they have begun to come; `ended` resolves with the last of them. */
async function watching(url: string, headers: Record<string, string>): Promise<{ readonly ended: Promise<unknown> }> {
  const answer = await fetch(`${url}/admin/api/v1/calls/live`, { headers });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect(await reader?.read()).toMatchObject({ done: false, value: ': calls as they end\n\n' });
  return { ended: (async () => expect(await reader?.read()).toMatchObject({ done: true }))() };
}

test('the configuration: read masked, looked at before it is saved, taken over', async () => {
  const { told, api, call } = await adminServer();
  const shown = JSON.stringify(await told('GET', '/config'));
  expect(shown).not.toContain('admin-key-for-tests');
  expect(shown).not.toContain(callerKey);
  expect(await told('POST', '/config/validate', { body: { text: 'upstream: []' } })).toMatchObject({
    valid: false,
    problems: [expect.stringContaining('Did you mean "upstreams"?')],
  });
  expect(await told('POST', '/config/validate', { body: { text: 'upstreams: []' } })).toEqual({
    valid: true,
    problems: [],
  });
  expect((await api('POST', '/config/reload')).status).toBe(200);
  expect(await told('GET', '/status')).toMatchObject({ upstreams: 1, storage: { type: 'memory' } });
  expect(await told('GET', '/routes')).toEqual({ routes: [] });
  expect(json(await call('GET', '/admin/api/openapi.json'))).toMatchObject({ openapi: '3.1.0' });
});

test('how the upstreams’ keys are, and how one that rests is used again', async () => {
  let works = false;
  const upstream = await recordingUpstream({
    listener: (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(works ? 200 : 401, { 'content-type': 'application/json' });
        response.end(JSON.stringify(works ? { object: 'list', data: [] } : { error: { message: 'Wrong key.' } }));
      });
    },
  });
  const { told, api, call } = await adminServer({
    config: `
accessKeys: [${callerKey}]
upstreams: [{ name: main, provider: openai, baseUrl: "${upstream.url}", apiKeys: [sk-of-main-0123456789] }]
`,
  });
  interface Key {
    readonly credential: string;
    readonly state: string;
  }
  const keys = async () => (await told<{ keys: readonly Key[] }>('GET', '/keys')).keys;
  await call('POST', '/v1/chat/completions', { key: callerKey, body: { model: 'gpt-x', messages: [] } });
  const [resting] = await keys();
  expect(resting).toMatchObject({ state: 'resting' });
  const path = `/keys/${encodeURIComponent(resting?.credential ?? '')}`;
  expect(await told('POST', `${path}/reset`)).toMatchObject({ state: 'well' });
  expect(await told('POST', `${path}/check`)).toMatchObject({ state: 'resting' });
  works = true;
  expect(await told('POST', '/keys/check')).toMatchObject({ keys: [{ state: 'well', checked: { verdict: 'valid' } }] });
  expect((await api('POST', '/keys/nothing/reset')).status).toBe(404);
});
