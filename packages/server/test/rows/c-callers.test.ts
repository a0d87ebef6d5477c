import { Agent, request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { folder, start, until } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

/** Rows C12, C13, C15, C16, C18, C19 and C20 of the acceptance list: callers, and what each may spend, by the configuration. */

const key = (name: string) => `${name}-key-0123456789`;
const chat = { model: 'gpt-4', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 };

/** A proxy before one vendor, which says that each call took `tokens` of a prompt and two of a reply. */
async function scene(access: string, { tokens = 3 } = {}) {
  const upstream = await vendor((request, response) => {
    const picture = request.url?.includes('/images');
    const usage = { prompt_tokens: tokens, completion_tokens: 2, total_tokens: tokens + 2 };
    const choices = [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }];
    const reply = { id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4', choices, usage };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(picture ? { created: 1, data: [{ url: 'https://x.test/a.png' }] } : reply));
  });
  const config = `
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [oa-key-0123456789] }]
${access}`;
  const cwd = folder({ 'proxy.config.yaml': config });
  const server = await start({ cwd, watch: false });
  const call = (
    name: string,
    body: object = chat,
    headers: Readonly<Record<string, string>> = {},
    path = '/v1/chat/completions',
  ) => ask(server.url, path, { headers: { authorization: `Bearer ${key(name)}`, ...headers }, body });
  return { ...server, upstream, call, cwd };
}

test('C12 a key for each user: unknown 401, switched off 403 with the reason', async () => {
  const { call, upstream } = await scene(`
users: [{ name: ann }, { name: bob, disabled: "Bob has left." }]
accessKeys:
  - { key: ${key('ann')}, user: ann }
  - { key: ${key('bob')}, user: bob }
  - { key: ${key('old')}, user: ann, disabled: "Use the new key." }`);
  expect((await call('ann')).status).toBe(200);
  expect((await call('nobody')).status).toBe(401);
  for (const [name, reason] of [
    ['bob', 'Bob has left.'],
    ['old', 'Use the new key.'],
  ] as const) {
    const refused = await call(name);
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ error: { message: reason, type: 'permission_error' } });
  }
  expect(upstream.seen).toHaveLength(1);
});

test('C13 special passes quotas, limits of addresses and of requests; normal does not', async () => {
  const { call } = await scene(`
limits: { requestsPerMinute: 1, budgets: [{ amount: 2000, of: tokens, per: total }] }
accessKeys:
  - { key: ${key('normal')}, addresses: [10.0.0.0/8] }
  - { key: ${key('slow')} }
  - { key: ${key('special')}, role: special, addresses: [10.0.0.0/8], limits: { budgets: [{ amount: 0, of: tokens, per: total }] } }`);
  expect((await call('normal')).status).toBe(403);
  expect((await call('slow')).status).toBe(200);
  expect((await call('slow')).status).toBe(429);
  for (let times = 0; times < 3; times++) expect((await call('special')).status).toBe(200);
});

test('C15 a temporary key is refused from its time on', async () => {
  const { call } = await scene(
    `accessKeys: [{ key: ${key('guest')}, role: temporary, expiresAt: ${Date.now() + 2000} }]`,
  );
  expect((await call('guest')).status).toBe(200);
  await until('the key has expired', async () => (await call('guest')).status === 403);
  expect((await call('guest')).text).toContain('Temporary token expired.');
});

test('C16 a key may be used from so many addresses; others are answered 403', async () => {
  const { url } = await scene(`accessKeys: [{ key: ${key('ann')}, maxAddresses: 1 }]`);
  const from = (localAddress: string) => askFrom(localAddress, url, key('ann'));
  expect(await from('127.0.0.1')).toBe(200);
  expect(await from('127.0.0.2')).toBe(403);
  expect(await from('127.0.0.1')).toBe(200);
});

test('C16 addresses of one IPv6 network count as one, for keys and for limits by address', async () => {
  const { call } = await scene(`
guards: { trustedProxies: 1, perAddress: { requests: 2, windowSeconds: 600 } }
accessKeys: [{ key: ${key('ann')}, maxAddresses: 1 }, { key: ${key('bob')} }]`);
  const from = async (address: string, who = 'ann') => (await call(who, chat, { 'x-forwarded-for': address })).status;
  expect([await from('2001:db8:0:1::1'), await from('2001:db8:0:1::2')]).toEqual([200, 200]);
  expect(await from('2001:db8:0:2::1')).toBe(403);
  expect([await from('2001:db8:0:1::3', 'bob'), await from('2001:db8:0:3::1', 'bob')]).toEqual([429, 200]);
});

test('C16 where it is so configured, a key that is used from too many addresses is good for nothing', async () => {
  const { url } = await scene(`
guards: { keyAddresses: { most: 1, revoke: true } }
accessKeys: [{ key: ${key('ann')} }, { key: ${key('bob')}, maxAddresses: 2 }]`);
  const from = (localAddress: string, who = 'ann') => askFrom(localAddress, url, key(who));
  expect(await from('127.0.0.1')).toBe(200);
  expect(await from('127.0.0.2')).toBe(403);
  expect(await from('127.0.0.1')).toBe(403);
  for (const address of ['127.0.0.1', '127.0.0.2']) expect(await from(address, 'bob')).toBe(200);
});

describe('C18 token quotas by family', () => {
  test('are walked to their edge, and the refusal has the figures', async () => {
    const { call, upstream } = await scene(
      `accessKeys: [{ key: ${key('ann')}, limits: { budgets: [{ amount: 3000, of: tokens, per: total, models: ["family:gpt4"] }] } }]`,
      { tokens: 898 },
    );
    const bytes = JSON.stringify(chat).length;
    expect((await call('ann')).status).toBe(200);
    expect((await call('ann')).status).toBe(200);
    // 1800 of 3000 are used: what is left holds the request with some tokens to spare, not with many.
    const room = 1200 - 1000 - bytes - '00'.length;
    const refused = await call('ann', { ...chat, max_tokens: room + 100 });
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({
      error: {
        type: 'rate_limit_error',
        code: 'proxy_quota_exceeded',
        info: { of: 'tokens', quota: 3000, used: 1800 },
      },
    });
    const [, fitting = ''] = /Send max_completion_tokens of at most (\d+)\./.exec(refused.text) ?? [];
    expect((await call('ann', { ...chat, max_tokens: Number(fitting) })).status).toBe(200);
    expect((await call('ann')).status).toBe(429);
    expect((await call('ann', { ...chat, model: 'gpt-4o' })).status).toBe(200);
    expect(upstream.seen).toHaveLength(4);
  });

  test('of a user hold for all keys together', async () => {
    const { call } = await scene(`
users: [{ name: ann, limits: { budgets: [{ amount: 3, of: requests, per: day }] } }]
accessKeys: [{ key: ${key('one')}, user: ann }, { key: ${key('two')}, user: ann }]`);
    for (const name of ['one', 'two', 'one']) expect((await call(name)).status).toBe(200);
    const refused = await call('two');
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('The budget of 3 requests per day of the user \\"ann\\"');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });
});

test('C19 a quota is filled again by a cron expression with seconds, without carrying over; not a temporary user’s', async () => {
  const { call } = await scene(`
accessKeys:
  - { key: ${key('ann')}, limits: { budgets: [{ amount: 1, of: requests, per: "*/2 * * * * *" }] } }
  - { key: ${key('guest')}, role: temporary, limits: { budgets: [{ amount: 1, of: requests, per: "*/2 * * * * *" }] } }`);
  expect((await call('guest')).status).toBe(200);
  await call('ann');
  await until('the quota of a normal user is filled again', async () => (await call('ann')).status === 200);
  expect((await call('guest')).status).toBe(429);
});

test('C20 pictures count as 100 000 tokens a dollar', async () => {
  const { call } = await scene(
    `accessKeys: [{ key: ${key('ann')}, limits: { budgets: [{ amount: 26000, of: tokens, per: total, models: ["family:dall-e"] }] } }]`,
  );
  const picture = (body: object) =>
    call('ann', { prompt: 'a fox', model: 'dall-e-3', ...body }, {}, '/v1/images/generations');
  const used = async () => {
    const refused = await picture({ n: 10 });
    expect(refused.status).toBe(429);
    return (refused.json() as { error: { info: { used: number } } }).error.info.used;
  };
  for (const [body, total] of [
    [{ size: '1024x1024' }, 4000],
    [{ size: '1024x1024', quality: 'hd' }, 12_000],
    [{ size: '1792x1024', quality: 'hd' }, 24_000],
    [{ model: 'dall-e-2', size: '256x256' }, 25_600],
  ] as const) {
    expect((await picture(body)).status).toBe(200);
    expect(await used()).toBe(total);
  }
});

test('what a key may ask for: models, operations', async () => {
  const { call, url } = await scene(`accessKeys: [{ key: ${key('ann')}, models: ["gpt-4*"], operations: [generate] }]`);
  expect((await call('ann')).status).toBe(200);
  const model = await call('ann', { ...chat, model: 'o3' });
  expect([model.status, model.text]).toEqual([403, expect.stringContaining('The model \\"o3\\" is not among those')]);
  const embeddings = await call('ann', { model: 'gpt-4', input: 'x' }, {}, '/v1/embeddings');
  expect([embeddings.status, embeddings.text]).toEqual([
    403,
    expect.stringContaining('The operation \\"embed\\" is not'),
  ]);
  expect((await ask(url, '/v1/models')).status).toBe(401);
});

/** One call from this address of our own. */
async function askFrom(localAddress: string, url: string, accessKey: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/v1/chat/completions`, {
      method: 'POST',
      localAddress,
      agent: new Agent(),
      headers: { authorization: `Bearer ${accessKey}`, 'content-type': 'application/json' },
    });
    asking.on('error', reject);
    asking.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    asking.end(JSON.stringify(chat));
  });
}
