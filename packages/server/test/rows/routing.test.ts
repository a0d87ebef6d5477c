import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Environment } from '../../src/config/expand.ts';
import { folder, start, until } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

/** Rows D23–D26, E12, E13, F11–F15: which key of an upstream is asked, and what becomes of those that fail. */

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };
const claude = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };

/** What a vendor says to a key; undefined: what it says to everybody. */
type Says = (key: string, response: ServerResponse, path: string) => object | undefined;

/** A vendor that answers by the key, and remembers the order of keys. */
async function byKey(says: Says = () => undefined) {
  const keys: string[] = [];
  const { url } = await vendor((request, response) => {
    const header = request.headers.authorization?.replace('Bearer ', '') ?? String(request.headers['x-api-key'] ?? '');
    keys.push(header.replace('test-key-of-many-letters-', ''));
    const told = says(keys.at(-1) ?? '', response, request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(told ?? (request.url?.includes('/models') ? models : completion)));
  });
  return { url, keys };
}

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
const models = { object: 'list', data: [{ id: 'gpt-4o', object: 'model' }] };

const keyOf = (name: string) => `test-key-of-many-letters-${name}`;
const refusal = (response: ServerResponse, status: number, code = 'no') => {
  response.statusCode = status;
  return { error: { message: `It said ${status}.`, type: code, code } };
};

/** Our own configuration before that vendor, at the direct upstream `u`. */
async function serving(
  upstream: string,
  says?: Says,
  { more = '', env = {} }: { more?: string; env?: Environment } = {},
) {
  const asked = await byKey(says);
  const config = `upstreams: [{ name: u, provider: openai-compatible, baseUrl: "${asked.url}/v1", ${upstream} }]\n${more}`;
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), env });
  const call = (path = '/v1/chat/completions') => ask(server.url, path, { body: chat });
  return { ...server, ...asked, call, pool: server.keys };
}

const three = `apiKeys: [${['1', '2', '3'].map(keyOf).join(', ')}]`;

describe('D23 the strategy setting', () => {
  const said = [undefined, 'round-robin', 'random', 'failover'] as const;
  const rows = said.flatMap((file) =>
    said.map((variable) => [file, variable, file ?? variable ?? 'failover'] as const),
  );

  test.each(rows)('loadBalance %s, LOAD_BALANCE_STRATEGY %s: %s', async (file, variable, strategy) => {
    const { url, keys } = await byKey();
    const { health } = await predecessor(url, ['1', '2', '3'], file, variable);
    expect(await health()).toMatchObject({ config: { loadBalance: strategy } });
    expect(keys).toEqual([]);
  });

  test('the variable holds for a file of ours as well, where an upstream names none', async () => {
    const env = { LOAD_BALANCE_STRATEGY: 'round-robin' };
    const usual = await serving(three, undefined, { env });
    const own = await serving(`${three}, strategy: failover`, undefined, { env });
    for (let calls = 0; calls < 4; calls += 1) await Promise.all([usual.call(), own.call()]);
    expect([usual.keys.join(''), own.keys.join('')]).toEqual(['1231', '1111']);
  });

  test('a strategy nobody knows is told', async () => {
    const { config } = await serving(three, undefined, { env: { LOAD_BALANCE_STRATEGY: 'round-robbin' } });
    expect(config().notes.join()).toContain('Did you mean "round-robin"?');
  });
});

/** claude-proxy's own folder, with one upstream at that address. */
async function predecessor(baseUrl: string, keys: readonly string[], file?: string, variable?: string) {
  const upstream = { name: 'main', serviceType: 'openai', baseUrl: `${baseUrl}/v1`, apiKeys: keys.map(keyOf) };
  const config = {
    upstream: [upstream, { ...upstream, name: 'other', apiKeys: [keyOf('other')] }],
    currentUpstream: 0,
  };
  const cwd = folder({ 'config.json': JSON.stringify({ ...config, ...(file && { loadBalance: file }) }) });
  const { url } = await start({ cwd, env: { ...(variable && { LOAD_BALANCE_STRATEGY: variable }) } });
  return {
    call: () => ask(url, '/v1/messages', { body: claude }),
    health: async () => (await ask(url, '/health')).json(),
  };
}

describe('D24 key strategies', () => {
  test('round-robin: in order, from the first, across requests', async () => {
    const { url, keys } = await byKey();
    const { call } = await predecessor(url, ['1', '2', '3'], 'round-robin');
    for (let calls = 0; calls < 6; calls += 1) expect((await call()).status).toBe(200);
    expect(keys.join('')).toBe('123123');
  });

  test('random: uniform', async () => {
    const { url, keys } = await byKey();
    const { call } = await predecessor(url, ['1', '2', '3'], 'random');
    for (let calls = 0; calls < 300; calls += 1) await call();
    const counts = ['1', '2', '3'].map((key) => keys.filter((asked) => asked === key).length);
    // 23 is passed by chance once in a hundred thousand runs.
    expect(counts.reduce((square, count) => square + (count - 100) ** 2 / 100, 0)).toBeLessThan(23);
  });

  test('failover: the first while it is well', async () => {
    const { url, keys } = await byKey();
    const { call } = await predecessor(url, ['1', '2', '3'], 'failover');
    for (let calls = 0; calls < 6; calls += 1) await call();
    expect(keys.join('')).toBe('111111');
  });
});

describe('D25 a key that fails', () => {
  test.each([401, 402, 403, 429, 500, 502, 503])('%i: the next key, and the first rests', async (status) => {
    const { url, keys } = await byKey((key, response) => (key === '1' ? refusal(response, status) : undefined));
    const { call } = await predecessor(url, ['1', '2']);
    for (let calls = 0; calls < 3; calls += 1) expect((await call()).status).toBe(200);
    expect(keys.join('')).toBe('1222');
  });

  test('no connection: the next key', async () => {
    const { url, keys } = await byKey((key, response) => (key === '1' ? void response.destroy() : undefined));
    const { call } = await predecessor(url, ['1', '2']);
    expect((await call()).status).toBe(200);
    expect(keys.join('')).toBe('12');
  });

  test.each([400, 404, 422])('%i is about the request: no other key', async (status) => {
    const { url, keys } = await byKey((_key, response) => refusal(response, status, 'invalid_request_error'));
    const { call } = await predecessor(url, ['1', '2']);
    expect((await call()).status).toBe(status);
    expect(keys.join('')).toBe('1');
  });

  test('all of them: the last error', async () => {
    const { url, keys } = await byKey((key, response) => refusal(response, key === '2' ? 429 : 401));
    const { call } = await predecessor(url, ['1', '2']);
    const answer = await call();
    expect([answer.status, keys.join('')]).toEqual([429, '12']);
    expect(answer.text).toContain('It said 429.');
  });
});

test('D26 only the current upstream: without a key it is an error, not another one', async () => {
  const { url, keys } = await byKey();
  const { call } = await predecessor(url, []);
  expect((await call()).status).toBe(500);
  expect(keys).toEqual([]);
});

describe('E12 the selection formula', () => {
  const five = [
    'a, quota: 0, cost: 0',
    'b, quota: 5, cost: 1',
    'c, quota: 50, cost: 9',
    'd, quota: 50, cost: 2',
    'e, quota: -1, cost: 5',
  ].map((key) => `{ key: ${keyOf(key)} }`);

  test.each([
    ['quota-first', 'e'],
    ['cost-first', 'b'],
  ])('%s', async (strategy, first) => {
    const { call, keys } = await serving(`apiKeys: [${five.join(', ')}], strategy: ${strategy}`);
    await call();
    expect(keys).toEqual([first]);
  });

  test('the order in which they are tried: usable, quota, cost', async () => {
    const { call, keys } = await serving(`apiKeys: [${five.join(', ')}], strategy: quota-first`, (_key, response) =>
      refusal(response, 401),
    );
    await call();
    expect(keys.join('')).toBe('edcb');
  });
});

describe('E13 quotas', () => {
  test('quota 3, five calls at once: three', async () => {
    const { call, keys } = await serving(`apiKeys: [{ key: ${keyOf('1')}, quota: 3 }]`);
    const statuses = (await Promise.all(Array.from({ length: 5 }, () => call()))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 200, 200, 503, 503]);
    expect(keys).toHaveLength(3);
  });

  test('success −1, failure nothing; 0 is passed over, -1 never', async () => {
    let failing = true;
    const { call, keys, reload } = await serving(
      `apiKeys: [{ key: ${keyOf('1')}, quota: 1 }, { key: ${keyOf('2')}, quota: -1 }], breaker: { never: true }`,
      (key, response) => (failing && key === '1' ? refusal(response, 500) : undefined),
    );
    await call();
    failing = false;
    await call();
    // A new configuration gives nothing back.
    expect(reload()).toBe(true);
    for (let calls = 0; calls < 3; calls += 1) await call();
    expect(keys.join('')).toBe('121222');
  });
});

describe('F11 several keys for a service', () => {
  test('least recently used first, so that calls spread; one that fails is left out', async () => {
    let failing = '';
    const { call, keys } = await serving(`${three}, strategy: least-recently-used`, (key, response) =>
      key === failing ? refusal(response, 429) : undefined,
    );
    for (let calls = 0; calls < 6; calls += 1) await call();
    expect(keys.join('')).toBe('123123');
    failing = '1';
    for (let calls = 0; calls < 4; calls += 1) expect((await call()).status).toBe(200);
    expect(keys.join('').slice(6)).toBe('12323');
  });

  test('of calls that come at once no two take the same', async () => {
    const { call, keys } = await serving(`${three}, strategy: least-recently-used`);
    await Promise.all([call(), call(), call()]);
    expect([...keys].sort().join('')).toBe('123');
  });
});

describe('F12 dead keys leave the pool', () => {
  const checked = { more: 'checkKeys: { atStart: false, everyMinutes: 60 }' };

  test.each([
    [401, 'invalid_api_key', 'unauthenticated'],
    [429, 'insufficient_quota', 'billing'],
  ] as const)(
    '%i %s: the client gets its answer from another, and a recheck brings it back',
    async (status, code, reason) => {
      let dead = true;
      const { call, keys, pool } = await serving(
        `apiKeys: [${keyOf('1')}, ${keyOf('2')}]`,
        (key, response) => (dead && key === '1' ? refusal(response, status, code) : undefined),
        checked,
      );
      expect((await call()).status).toBe(200);
      expect((await call()).status).toBe(200);
      expect(keys.join('')).toBe('122');
      expect(pool().status()).toMatchObject([{ state: 'refused', reason }, { state: 'well' }]);
      dead = false;
      await pool().check();
      keys.length = 0;
      await call();
      expect(keys.join('')).toBe('1');
    },
  );
});

describe('F13 rate-limited keys', () => {
  test('another key, and the client sees nothing of it', async () => {
    const { call, keys } = await serving(`apiKeys: [${keyOf('1')}, ${keyOf('2')}, ${keyOf('3')}]`, (key, response) => {
      if (key === '3') return undefined;
      response.setHeader('retry-after', '20');
      return refusal(response, 429, 'requests');
    });
    const answer = await call();
    expect([answer.status, answer.headers['retry-after'], keys.join('')]).toEqual([200, undefined, '123']);
  });
});

describe('F14 no key left', () => {
  const more = 'checkKeys: { atStart: false, everyMinutes: 60 }';

  test('all revoked: 402 proxy_no_keys_available at the services', async () => {
    const asked = await byKey((_key, response) => refusal(response, 401));
    const config = `upstreams: [{ name: u, provider: openai, baseUrl: "${asked.url}", apiKeys: [${keyOf('1')}] }]\n${more}`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const call = () => ask(url, '/proxy/openai/v1/chat/completions', { body: chat });
    expect((await call()).status).toBe(401);
    const answer = await call();
    expect(answer.status).toBe(402);
    expect(answer.json()).toMatchObject({ error: { code: 'proxy_no_keys_available' } });
    expect(asked.keys).toHaveLength(1);
  });

  test('elsewhere 503 no_keys_available, which no SDK repeats', async () => {
    const { call } = await serving(`apiKeys: [${keyOf('1')}]`, (_key, response) => refusal(response, 401), { more });
    await call();
    const answer = await call();
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([503, 'false']);
    expect(answer.json()).toMatchObject({ error: { code: 'no_keys_available' } });
  });
});

describe('F15 keys are checked at the start', () => {
  const says: Says = (key, response, path) =>
    key === '1' && path.includes('/models') ? refusal(response, 401, 'invalid_api_key') : undefined;
  const two = `apiKeys: [${keyOf('1')}, ${keyOf('2')}]`;

  test.each([
    ['CHECK_KEYS=true', { CHECK_KEYS: 'true' }, '', 'refused'],
    ['CHECK_KEYS=1', { CHECK_KEYS: '1' }, '', 'refused'],
    ['production', { NODE_ENV: 'production' }, '', 'resting'],
    ['checkKeys', {}, 'checkKeys: { everyMinutes: 30 }', 'refused'],
  ] as const)('%s: the one that is refused is never asked for anything else', async (_name, env, more, state) => {
    const { call, keys, pool, log } = await serving(two, says, { env, more });
    await until('both keys are checked', () =>
      pool()
        .status()
        .every(({ checked }) => checked !== undefined),
    );
    expect(pool().status()).toMatchObject([
      { credential: expect.stringMatching(/^u#1-/) as string, state, checked: { verdict: 'refused' } },
      { state: 'well', checked: { verdict: 'valid', models: ['gpt-4o'] } },
    ]);
    keys.length = 0;
    expect((await call()).status).toBe(200);
    expect(keys.join('')).toBe('2');
    const lines = log.lines.join('');
    expect(lines).toContain('A key is refused by its vendor.');
    expect(lines).not.toContain(keyOf(''));
  });

  test('not without a word for it, nor in production against one', async () => {
    for (const env of [{}, { NODE_ENV: 'production', CHECK_KEYS: 'false' }]) {
      const { call, keys } = await serving(two, says, { env });
      await call();
      expect(keys.join('')).toBe('1');
    }
  });
});

test('F15 AWS keys whose calls are logged may be barred: ALLOW_AWS_LOGGING=false', async () => {
  const logging = { loggingConfig: { s3Config: { bucketName: 'b' }, textDataDeliveryEnabled: true } };
  for (const [env, state] of [
    [{ ALLOW_AWS_LOGGING: 'false' }, 'refused'],
    [{ ALLOW_AWS_LOGGING: 'true' }, 'well'],
    [{}, 'well'],
  ] as const) {
    const asked = await byKey((_key, _response, path) => (path.endsWith('/logging/modelinvocations') ? logging : {}));
    const config = `
upstreams: [{ name: aws, provider: bedrock, region: us-east-1, baseUrl: "${asked.url}", apiKeys: ["AKIAEXAMPLE0123456:secret-of-many-letters-0123456789"] }]
checkKeys: { everyMinutes: 60 }
`;
    const { keys } = await start({ cwd: folder({ 'proxy.config.yaml': config }), env });
    await until('the key is checked', () =>
      keys()
        .status()
        .every(({ checked }) => checked !== undefined),
    );
    expect(keys().status()).toMatchObject([{ state }]);
  }
});
