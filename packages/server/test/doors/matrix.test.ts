import { expect, test } from 'vitest';
import { accessKey, adminKey, configOf, doorway } from './doorway.ts';
import { everyKnock, modelKnocks, type Knock } from './knocks.ts';

// Must-show 2 of issue 4, over every door at once: nothing answers that should not, and every policy sees every door.

type Headers = Readonly<Record<string, string>>;

interface Shown {
  readonly headers: Headers;
  readonly query?: string;
}

/** Every vendor's way of showing a key. */
const ways: readonly ((key: string) => Shown)[] = [
  (key) => ({ headers: { authorization: `Bearer ${key}` } }),
  (key) => ({ headers: { 'x-api-key': key } }),
  (key) => ({ headers: { 'x-goog-api-key': key } }),
  (key) => ({ headers: { 'api-key': key } }),
  (key) => ({ headers: { 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${key}` } }),
  (key) => ({ headers: {}, query: `key=${key}` }),
];

const shown = (key: string) => ways.map((way) => way(key));
const noKey: readonly Shown[] = [{ headers: {} }, { headers: { cookie: `proxy_admin=forged; key=${accessKey}` } }];

async function accessKeys({ knock }: Awaited<ReturnType<typeof doorway>>) {
  const at = { ...operation('POST', '/access-keys'), opens: 'permission' as const };
  const made = async (role: string, more: object = {}) => {
    const body = JSON.stringify({ role, name: role, ...more });
    const answer = await knock({ ...at, body, headers: { 'content-type': 'application/json' } }, admin);
    return (JSON.parse(answer.text) as { key: string; accessKey: { id: string } }) ?? answer.text;
  };
  const revoked = await made('admin');
  await knock(operation('POST', `/access-keys/${revoked.accessKey.id}/revoke`), admin);
  const ended = await made('normal', { expiresAt: Date.now() - 1000 });
  return {
    good: [
      accessKey,
      ...(await Promise.all(['normal', 'temporary', 'special', 'admin'].map((role) => made(role)))).map(
        ({ key }) => key,
      ),
    ],
    gone: [revoked.key, ended.key],
  };
}

const admin = { authorization: `Bearer ${adminKey}` };

function operation(method: string, path: string): Knock {
  const url = `/admin/api/v1${path}`;
  return { title: url, method, url, headers: { host: 'localhost' }, socket: false, opens: 'permission' };
}

const nothing = { status: 0, asked: false };

test('no door behind which a model is asked opens without an access key, however one is shown', async () => {
  const server = await doorway();
  const { good, gone } = await accessKeys(server);
  const knocks = modelKnocks();
  expect(knocks.length).toBeGreaterThan(800);
  const wrong = [...noKey, ...shown('wrong-key-0123456789'), ...shown(adminKey).slice(0, 1)];
  for (const [index, at] of knocks.entries()) {
    for (const { headers, query } of at.opens === 'own-key' ? noKey : wrong) {
      const { status, asked } = await server.knock(at, headers, undefined, query);
      // Under Claude's host name most paths are nobody's.
      const refused = at.opens === 'own-key' ? [401, 404] : [401];
      const place = `${at.title} ${JSON.stringify({ headers, query })} ${status}`;
      expect([refused.includes(status), asked], place).toEqual([true, false]);
    }
    if (at.opens === 'own-key') continue;
    for (const key of gone) {
      const { status, asked } = await server.knock(at, { 'x-api-key': key });
      expect([[401, 403].includes(status), asked], `${at.title} ${status}`).toEqual([true, false]);
    }
    // Each role at every door, and each way of showing a key at every sixth.
    const { headers, query } = shown(accessKey)[index % ways.length] ?? { headers: {} };
    const welcome = [{ headers, query }, ...good.map((key) => ({ headers: { 'x-api-key': key }, query: '' }))];
    for (const { headers, query } of welcome) {
      const { status, text } = await server.knock(at, headers, undefined, query);
      const place = `${at.title} ${JSON.stringify({ headers, query })} ${status} ${text}`;
      expect([status === 403, status === 401 && /access key/.test(text)], place).toEqual([false, false]);
    }
  }
});

test('statistics are for admins, or for whoever sits at the machine; a key that was revoked or has expired shows nothing', async () => {
  const server = await doorway();
  const { good, gone } = await accessKeys(server);
  const admins = good.slice(-1);
  for (const at of everyKnock().filter(({ opens }) => opens === 'admin')) {
    const statusFor = async (key: string) => (await server.knock(at, { 'x-api-key': key })).status;
    expect((await server.knock(at)).status, at.title).toBe(401);
    for (const key of [...good.slice(0, -1), ...gone, 'wrong-key', adminKey])
      expect(await statusFor(key), key).toBe(401);
    for (const key of admins) expect(await statusFor(key), at.title).toBe(200);
    const behindProxy = { 'x-forwarded-for': '203.0.113.5' };
    expect((await server.knock(at, behindProxy, '127.0.0.1')).status, at.title).toBe(401);
  }
  const metrics = { ...operation('GET', ''), url: '/metrics' };
  for (const key of gone) expect((await server.knock(metrics, { 'x-api-key': key })).status).toBe(401);
  for (const key of good) expect((await server.knock(metrics, { 'x-api-key': key })).status).toBe(200);
});

test('every policy sees every door: an address that is shut out is refused at each of them, whoever it is', async () => {
  const shut = '203.0.113.9';
  const server = await doorway({ config: configOf(`guards: { deny: [${shut}] }`) });
  const { good } = await accessKeys(server);
  const keys = [undefined, accessKey, good.at(-1), adminKey];
  for (const at of everyKnock())
    for (const key of keys) {
      const headers: Headers = key === undefined ? {} : { authorization: `Bearer ${key}`, 'x-api-key': key };
      const { status, asked } = await server.knock(at, headers, shut);
      expect({ status, asked }, `${at.title} with ${key}`).toEqual({ ...nothing, status: 403 });
    }
});

test('every policy sees what is asked for at every door: a model that is barred is asked at none', async () => {
  const server = await doorway({ config: configOf('guards: { models: { deny: [not-for-you] } }') });
  let refused = 0;
  // A card of a model asks nothing of it, and the path says the model where these names stand in it.
  const asking = modelKnocks({ model: 'not-for-you' }).filter(
    ({ operation, url }) => operation !== 'get-model' && !/turbo-instruct|sonnet|opus/.test(url),
  );
  for (const at of asking) {
    const { status, asked, text } = await server.knock(at, {
      'x-api-key': accessKey,
      authorization: `Bearer ${accessKey}`,
    });
    if (!at.url.includes('not-for-you') && !at.body?.includes('not-for-you')) continue;
    if (status === 403) refused += 1;
    const place = `${at.title}: ${status} ${text}`;
    expect([status >= 400 || /"data":\[/.test(text), asked], place).toEqual([true, false]);
  }
  expect(refused).toBeGreaterThan(300);
});
