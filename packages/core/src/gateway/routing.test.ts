import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import { createKeyStates } from '../keys/key-states.ts';
import { memoryLedger } from '../memory.ts';
import type { OutboundRequest, Transport } from '../ports.ts';
import { anthropic, openaiCompatible } from '../providers/registry.ts';
import { fakeTimers } from '../testing/fake-timers.ts';
import { createGateway } from './create.ts';
import type { GatewayOptions, Upstream } from './gateway.ts';
import type { Queue } from './queue.ts';

type Answer = { readonly status: number; readonly headers?: Record<string, string> };
type Says = (key: string, request: OutboundRequest) => Answer | Promise<Answer>;

const well: Answer = { status: 200 };
const refusal = JSON.stringify({ error: { message: 'no', type: 'x' } });
const reply = JSON.stringify({ id: 'c', object: 'chat.completion', choices: [], usage: {} });
const list = JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] });

const upstream = (name: string, more: Partial<Upstream> = {}): Upstream => ({
  name,
  provider: openaiCompatible,
  baseUrl: `http://${name}.test/v1`,
  credentials: keys(`${name}1`),
  ...more,
});
const keys = (...ids: string[]) => ids.map((id) => ({ id, secret: `secret-${id}` }));

/** A gateway whose upstreams answer as `says`, and which keys they were asked with. */
function scene(says: Says, options: Partial<GatewayOptions> & Pick<GatewayOptions, 'upstreams'>) {
  const asked: string[] = [];
  let now = 1_000_000;
  const transport: Transport = {
    async send(request) {
      const key = request.headers.authorization?.replace('Bearer secret-', '') ?? '';
      asked.push(key);
      const { status, headers = {} } = await says(key, request);
      const text = status >= 400 ? refusal : request.method === 'GET' ? list : reply;
      return {
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: {
          start(sink) {
            sink.write(new TextEncoder().encode(text));
            sink.end();
            return { resume: () => undefined, cancel: () => undefined };
          },
        },
      };
    },
  };
  const ledger = memoryLedger();
  const { ports, ...rest } = options;
  const clock = { now: () => now };
  const gateway = createGateway({ ...rest, ports: { transport, ledger, clock, ...ports } });
  return {
    gateway,
    asked,
    ledger,
    clock,
    pass: (ms: number) => void (now += ms),
    async call(more: object = {}, headers: Record<string, string> = {}) {
      const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more };
      const answer = await gateway.handle({
        method: 'POST',
        url: '/v1/chat/completions',
        headers,
        body: new TextEncoder().encode(JSON.stringify(body)),
        signal: new AbortController().signal,
      });
      return { status: answer.status, headers: answer.headers, text: String(answer.body) };
    },
  };
}

describe('E13 quotas of keys', () => {
  const three = [{ id: 'a', secret: 'secret-a', quota: 3 }];

  test('three calls of five at once', async () => {
    const { call, asked } = scene(() => well, { upstreams: [upstream('up', { credentials: three })] });
    const answers = await Promise.all(Array.from({ length: 5 }, () => call()));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 503, 503]);
    expect(asked).toHaveLength(3);
    const late = await call();
    expect(late.status).toBe(503);
    expect(late.text).toMatch(/1 without calls left/);
    expect(late.headers['x-should-retry']).toBe('false');
  });

  test('a call that fails costs nothing', async () => {
    const answers = [500, 400, 200];
    const { call, gateway } = scene(() => ({ status: answers.shift() ?? 200 }), {
      upstreams: [upstream('up', { credentials: three, breaker: { never: true } })],
    });
    for (const status of [500, 400, 200, 200, 200, 503]) expect((await call()).status).toBe(status);
    expect(gateway.keys.status()).toMatchObject([{ state: 'spent', quota: { of: 3, left: 0 } }]);
  });

  test('a spent key is passed over, one without a number never is', async () => {
    const credentials = [{ id: 'a', secret: 'secret-a', quota: 1 }, ...keys('b')];
    const { call, asked } = scene(() => well, { upstreams: [upstream('up', { credentials })] });
    for (let calls = 0; calls < 3; calls += 1) await call();
    expect(asked).toEqual(['a', 'b', 'b']);
  });

  test('the durable store is asked before the call is sent, and again when it failed', async () => {
    const told: string[] = [];
    const quotas = {
      remaining: () => 5,
      take: (id: string) => (told.push(`take ${id}`), Promise.resolve(id !== 'a')),
      giveBack: (id: string) => void told.push(`back ${id}`),
    };
    const credentials = ['a', 'b', 'c'].map((id) => ({ id, secret: `secret-${id}`, quota: 5 }));
    const { call, asked } = scene((key) => (key === 'b' ? { status: 500 } : well), {
      upstreams: [upstream('up', { credentials })],
      ports: { quotas } as unknown as GatewayOptions['ports'], // the scene brings the transport
    });
    expect((await call()).status).toBe(200);
    expect(asked).toEqual(['b', 'c']);
    expect(told).toEqual(['take a', 'take b', 'back b', 'take c']);
  });
});

describe('a store of quotas that is away', () => {
  const quotas = {
    remaining: () => 5,
    take: () => Promise.reject(new Error('ECONNREFUSED')),
    giveBack: () => undefined,
  };
  const ports = { quotas } as unknown as GatewayOptions['ports']; // the scene brings the transport
  const counted = { id: 'a', secret: 'secret-a', quota: 5 };

  test('another key is asked, whose calls nobody counts', async () => {
    const upstreams = [upstream('up', { credentials: [counted, ...keys('b')] })];
    const { call, asked } = scene(() => well, { upstreams, ports });
    expect((await call()).status).toBe(200);
    expect(asked).toEqual(['b']);
  });

  test('without another the call is refused, and on record', async () => {
    const { call, asked, ledger } = scene(() => well, {
      upstreams: [upstream('up', { credentials: [counted] })],
      ports,
    });
    const { status, text } = await call();
    expect(status).toBe(503);
    expect(text).toContain('What is left of the quota of an upstream key cannot be told');
    expect(text).not.toContain('ECONNREFUSED');
    expect(asked).toEqual([]);
    expect(ledger.records()).toMatchObject([{ status: 503, failure: { kind: 'server' } }]);
  });
});

describe('F12 keys that their vendor refuses', () => {
  const says: Says = (key) => (key === 'a' ? { status: 401 } : well);
  const removing = upstream('up', { credentials: keys('a', 'b'), refusedKeys: 'remove' });

  test('leave the pool, and the same request goes on with another', async () => {
    const { call, asked, gateway, pass, ledger } = scene(says, { upstreams: [removing] });
    expect((await call()).status).toBe(200);
    pass(24 * 60 * 60_000);
    await call();
    expect(asked).toEqual(['a', 'b', 'b']);
    expect(gateway.keys.status()).toMatchObject([
      { credential: 'a', state: 'refused', reason: 'unauthenticated', message: 'no', refusedSince: 1_000_000 },
      { credential: 'b', state: 'well' },
    ]);
    expect(ledger.records()[0]?.attempts[0]).toMatchObject({ status: 401, removed: true, startedAt: 1_000_000 });
    expect(ledger.records()[1]?.why?.candidates).toEqual([
      { upstream: 'up', model: 'm', credential: 'b', strategy: 'failover' },
      {
        ...{ upstream: 'up', model: 'm', credential: 'a', strategy: 'failover' },
        ...{ skipped: 'refused', reason: 'unauthenticated' },
      },
    ]);
  });

  test('come back when they are reset, or found valid by a check', async () => {
    let revoked = true;
    const { call, asked, gateway } = scene((key) => (revoked && key === 'a' ? { status: 401 } : well), {
      upstreams: [removing],
    });
    await call();
    gateway.keys.reset('a');
    await call();
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
    expect(await gateway.keys.check({ credential: 'a' })).toMatchObject([
      { state: 'refused', checked: { verdict: 'refused' } },
    ]);
    revoked = false;
    expect(await gateway.keys.check()).toMatchObject([
      { state: 'well', checked: { verdict: 'valid', models: ['m'], atMs: 1_000_000 } },
      { state: 'well' },
    ]);
    asked.length = 0;
    await call();
    expect(asked).toEqual(['a']);
  });

  test('all of them: an error that says so and that no SDK repeats', async () => {
    const { call } = scene(() => ({ status: 401 }), { upstreams: [removing] });
    expect((await call()).status).toBe(401);
    const answer = await call();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('No API key of the upstream \\"up\\" can be used: 2 refused by the vendor.');
    expect(answer.text).toContain('no_keys_available');
  });

  test('a new gateway knows what the old one learnt', async () => {
    const clock = { now: () => 0 };
    const states = createKeyStates({ clock });
    const first = scene(says, { upstreams: [removing], keys: states });
    await first.call();
    const second = scene(says, { upstreams: [removing], keys: states });
    await second.call();
    expect(second.asked).toEqual(['b']);
  });
});

describe('checks', () => {
  test('a check that cannot be made says so and changes nothing', async () => {
    const upstreams = [
      upstream('busy'),
      upstream('claude', { provider: anthropic, credentials: [{ id: 'none', secret: '' }] }),
    ];
    const { gateway } = scene(() => ({ status: 503 }), { upstreams });
    expect(await gateway.keys.check()).toMatchObject([
      { state: 'well', checked: { verdict: 'unclear', message: 'no' } },
      { state: 'well', checked: { verdict: 'unchecked' } },
    ]);
  });
});

describe('a key whose rest is over', () => {
  test('is tried by one call; the others go to another key meanwhile', async () => {
    let release: (answer: Answer) => void = () => undefined;
    let slow = false;
    const says: Says = (key) => {
      if (key !== 'a') return well;
      return slow ? new Promise((resolve) => (release = resolve)) : { status: 500 };
    };
    const { call, asked, pass } = scene(says, { upstreams: [upstream('up', { credentials: keys('a', 'b') })] });
    await call();
    pass(30_000);
    slow = true;
    const probe = call();
    await Promise.all([call(), call()]);
    expect(asked).toEqual(['a', 'b', 'a', 'b', 'b']);
    release(well);
    expect((await probe).status).toBe(200);
    slow = false;
    asked.length = 0;
    await call();
    expect(asked).toEqual(['a', 'b']);
  });
});

describe('routes', () => {
  const upstreams = [upstream('a'), upstream('b'), upstream('c')];
  const targets = [{ upstream: 'a' }, { upstream: 'b', weight: 2 }];

  test.each([
    ['failover', 'a1a1a1a1a1a1'],
    ['round-robin', 'a1b1a1b1a1b1'],
    ['weighted', 'b1a1b1b1a1b1'],
    ['least-recently-used', 'a1b1a1b1a1b1'],
  ] as const)('%s chooses among targets', async (strategy, order) => {
    const { call, asked } = scene(() => well, { upstreams, routes: [{ model: 'm', targets, strategy }] });
    for (let calls = 0; calls < 6; calls += 1) await call();
    expect(asked.join('')).toBe(order);
  });

  test('cost-first takes the cheapest target, or the one with the cheapest key', async () => {
    const cheap = upstream('b', { credentials: [{ id: 'b1', secret: 'secret-b1', cost: 2 }] });
    const routes = [
      { model: 'm', strategy: 'cost-first', targets: [{ upstream: 'a', cost: 3 }, { upstream: 'b' }] },
    ] as const;
    const { call, asked, ledger } = scene(() => well, { upstreams: [upstream('a'), cheap], routes });
    await call();
    expect(asked).toEqual(['b1']);
    expect(ledger.records()[0]?.why).toMatchObject({
      ...{ route: 'm', strategy: 'cost-first' },
      candidates: [
        { upstream: 'a', branchScores: { cost: 3 } },
        { upstream: 'b', branchScores: { cost: 2 } },
      ],
    });
  });

  test('fallbacks come behind all targets, whatever the strategy', async () => {
    const routes = [{ model: 'm', targets, strategy: 'random', fallbacks: [{ upstream: 'c', model: 'x' }] }] as const;
    const { call, asked } = scene((key) => ({ status: key === 'c1' ? 200 : 500 }), { upstreams, routes });
    expect((await call()).status).toBe(200);
    expect([...asked.slice(0, 2)].sort()).toEqual(['a1', 'b1']);
    expect(asked[2]).toBe('c1');
  });

  test('fallbacks of an upstream serve bare names alone', async () => {
    const falling = [upstream('a', { models: ['m'], fallbacks: [{ upstream: 'c' }] }), upstream('c')];
    const { call, asked } = scene((key) => ({ status: key === 'c1' ? 200 : 500 }), { upstreams: falling });
    expect((await call()).status).toBe(200);
    expect((await call({ model: 'a/m' })).status).toBe(500);
    expect(asked).toEqual(['a1', 'c1', 'a1']);
  });

  test('a target whose keys all rest comes behind those that are awake', async () => {
    const { call, asked } = scene((key) => ({ status: key === 'a1' ? 500 : 200 }), {
      upstreams,
      routes: [{ model: 'm', targets }],
    });
    await call();
    await call();
    expect(asked).toEqual(['a1', 'b1', 'b1']);
  });

  test('an upstream’s turn is taken when it is asked, not when it might be', async () => {
    const two = upstream('a', { credentials: keys('a1', 'a2'), strategy: 'round-robin' });
    const { call, asked } = scene(() => well, {
      upstreams: [two, upstream('b')],
      routes: [{ model: 'm', targets, strategy: 'round-robin' }],
    });
    for (let calls = 0; calls < 6; calls += 1) await call();
    expect(asked).toEqual(['a1', 'b1', 'a2', 'b1', 'a1', 'b1']);
  });
});

test('names that every object has are models like others', async () => {
  const { call, asked } = scene(() => well, {
    upstreams: [upstream('a', { models: { fast: 'own' } }), upstream('b')],
  });
  expect((await call({ model: 'constructor' })).status).toBe(200);
  expect((await call({ model: 'a/toString' })).status).toBe(200);
  expect(asked).toEqual(['b1', 'a1']);
});

test('a rest outlives a call that began before it and ends well', async () => {
  let release: (answer: Answer) => void = () => undefined;
  const answers: (Answer | Promise<Answer>)[] = [
    new Promise((resolve) => (release = resolve)),
    { status: 429, headers: { 'retry-after': '3600' } },
  ];
  const { call, asked, pass } = scene((key) => (key === 'a' && answers.shift()) || well, {
    upstreams: [upstream('up', { credentials: keys('a', 'b') })],
  });
  const slow = call();
  while (asked.length === 0) await Promise.resolve();
  pass(1);
  await call();
  release(well);
  expect((await slow).status).toBe(200);
  await call();
  expect(asked).toEqual(['a', 'a', 'b', 'b']);
});

describe('affinity', () => {
  type Asking = (id: string) => readonly [object, Record<string, string>];
  const four = upstream('up', { credentials: keys('a', 'b', 'c', 'd'), strategy: 'round-robin', affinity: {} });
  const sessions = Array.from({ length: 12 }, (_, number) => `session-${number}`);

  test.each<[string, Asking, string]>([
    ['a header', (id) => [{}, { 'session-id': id }], 'header session-id'],
    ['the prompt cache key', (id) => [{ prompt_cache_key: id }, {}], 'prompt_cache_key'],
    ['the user id of its metadata', (id) => [{ metadata: { user_id: id } }, {}], 'metadata.user_id'],
    [
      'its first words',
      (id) => [
        {
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: `${id}?` },
            { role: 'user', content: String(Math.random()) },
          ],
        },
        {},
      ],
      'the first of messages',
    ],
  ])('by %s: a session stays with its key, and all keys have some', async (_what, asking, source) => {
    const { call, asked, ledger } = scene(() => well, { upstreams: [four] });
    const owners: string[] = [];
    for (const session of sessions) {
      asked.length = 0;
      for (let turn = 0; turn < 3; turn += 1) {
        await call(...asking(session));
      }
      expect(new Set(asked).size, session).toBe(1);
      owners.push(asked[0] ?? '');
    }
    expect(new Set(owners).size).toBeGreaterThan(2);
    expect(ledger.records()[0]?.why?.affinity).toBe(source);
  });

  test('yields to health, and comes back', async () => {
    const failing = new Set<string>();
    const { call, asked, pass } = scene((key) => ({ status: failing.has(key) ? 500 : 200 }), { upstreams: [four] });
    const headers = { 'x-session-id': 's' };
    await call({}, headers);
    const [owner = ''] = asked;
    failing.add(owner);
    expect((await call({}, headers)).status).toBe(200);
    asked.length = 0;
    await call({}, headers);
    expect(asked).not.toContain(owner);
    failing.clear();
    pass(30_000);
    asked.length = 0;
    await call({}, headers);
    expect(asked).toEqual([owner]);
  });

  test('keeps a session with one target of a route; a header of one’s own can name it', async () => {
    const routes = [
      {
        model: 'm',
        strategy: 'round-robin',
        affinity: { headers: ['x-chat'] },
        targets: [{ upstream: 'a' }, { upstream: 'b' }],
      },
    ] as const;
    const { call, asked } = scene(() => well, { upstreams: [upstream('a'), upstream('b')], routes });
    for (let turn = 0; turn < 4; turn += 1) await call({}, { 'x-chat': 'one', 'session-id': String(turn) });
    expect(new Set(asked).size).toBe(1);
  });

  test('what tells of no session goes by the strategy', async () => {
    const { call, asked } = scene(() => well, { upstreams: [four] });
    await call({ messages: [] });
    await call({ messages: [] });
    expect(asked).toEqual(['a', 'b']);
  });
});

test('a call without a choice has no why', async () => {
  const { call, ledger } = scene(() => well, { upstreams: [upstream('up')] });
  await call();
  expect(ledger.records()[0]).toHaveProperty('why', undefined);
});

describe('F13 in a queue, an upstream whose keys never rest', () => {
  const queue: Queue = {
    enter: () => Promise.resolve({ leave: () => undefined }),
    waitMs: 20_000,
    heartbeatMs: 5000,
  };
  const upstreams = [upstream('up', { breaker: { never: true } })];

  /** What is answered in the end, and when the upstream was asked. */
  async function waiting(answers: readonly Answer[]) {
    const timers = fakeTimers(1_000_000);
    const left = [...answers];
    const times: number[] = [];
    const says: Says = () => (times.push(timers.now() - 1_000_000), left.shift() ?? well);
    const ports = { clock: { now: timers.now } } as GatewayOptions['ports']; // the scene brings the transport
    try {
      const answered = scene(says, { upstreams, queue, ports }).call();
      await timers.advance(10_000);
      return { status: (await answered).status, times };
    } finally {
      timers.restore();
    }
  }

  test.each([
    ['as long as it says', { 'retry-after': '3' }, [0, 3000, 6000]],
    ['with a backoff where it says nothing', {}, [0, 1000, 3000]],
    ['and never without a pause', { 'retry-after': '0' }, [0, 1000, 2000]],
  ] as const)('is waited for, %s', async (_name, headers, at) => {
    const refused = { status: 429, headers };
    expect(await waiting([refused, refused])).toEqual({ status: 200, times: at });
  });

  test.each([
    ['while it was asked', 0],
    ['while its rate was waited for', 500],
  ])('whose only key is refused %s: the attempt stays on record', async (_name, refusedAfterMs) => {
    const timers = fakeTimers(1_000_000);
    const ports = { clock: { now: timers.now } } as GatewayOptions['ports']; // the scene brings the transport
    const states = createKeyStates({ clock: { now: timers.now } });
    const refuse = () => states.refused.put('up1', new Failure('unauthenticated', 'Revoked.'));
    const says: Says = () => {
      if (refusedAfterMs === 0) refuse();
      else setTimeout(refuse, refusedAfterMs);
      return { status: 429, headers: { 'retry-after': '3' } };
    };
    try {
      const { call, ledger } = scene(says, { upstreams, queue, ports, keys: states });
      const answered = call();
      await timers.advance(10_000);
      const { status, text } = await answered;
      expect([status, text]).toEqual([503, expect.stringMatching(/1 refused by the vendor/)]);
      expect(ledger.records()).toMatchObject([
        {
          status: 503,
          upstream: 'up',
          attempts: [{ credential: 'up1', status: 429, failure: 'rate-limited', startedAt: 1_000_000 }],
          failure: { kind: 'server' },
        },
      ]);
    } finally {
      timers.restore();
    }
  });

  test('is given up where it says a time beyond the deadline', async () => {
    expect(await waiting([{ status: 429, headers: { 'retry-after': '30' } }])).toEqual({ status: 429, times: [0] });
  });
});
