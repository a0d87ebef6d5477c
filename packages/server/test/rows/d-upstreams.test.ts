import { describe, expect, test } from 'vitest';
import { forwardProxy } from '../../../node/test/forward-proxy.ts';
import { recordingUpstream } from '../upstream.ts';
import { claudeGateway, question, send, upstreamKey } from './claude-gateway.ts';
import { gemini, services, type ServiceType } from './vendors.ts';

// Acceptance rows D4–D8, D19 and D38: how each kind of upstream is asked.

describe('D4 a claude upstream', () => {
  test.each([
    ['sk-ant-api03-example-key', { 'x-api-key': 'sk-ant-api03-example-key' }, 'authorization'],
    ['a-relay-key', { authorization: 'Bearer a-relay-key' }, 'x-api-key'],
  ])('is shown the key %s in its header', async (key, shown, other) => {
    const { post, seen } = await claudeGateway('claude', (response) => send(response, 200, '{}'), {
      base: '/v1',
      upstream: { apiKeys: [key] },
    });
    expect((await post(question, { authorization: 'Bearer somebody' })).status).toBe(200);
    expect(seen).toMatchObject([{ url: '/v1/messages', headers: shown, body: question }]);
    expect(seen[0]?.headers).not.toHaveProperty(other);
  });

  test('gets the caller’s version and headers, or the usual version, and its answer passes byte by byte', async () => {
    // Spaces, members and an order that no encoder of ours would write.
    const odd = '{ "type":"message",\n "id" : "msg_é", "made_up": [1e3] , "content": [] }';
    const { post, seen } = await claudeGateway('claude', (response) =>
      send(response, 200, odd, { 'request-id': 'req_up', 'x-made-up': 'kept' }),
    );
    const answer = await post(question);
    expect(await answer.text()).toBe(odd);
    expect(answer.headers.get('x-made-up')).toBe('kept');
    await post(question, { 'anthropic-version': '2024-10-22', 'anthropic-beta': 'b1,b2', 'x-app': 'cli' });
    expect(seen.map(({ headers }) => headers['anthropic-version'])).toEqual(['2023-06-01', '2024-10-22']);
    expect(seen[1]?.headers).toMatchObject({ 'anthropic-beta': 'b1,b2', 'x-app': 'cli' });
  });

  test('streams pass byte by byte', async () => {
    const frames = `event: ping\ndata: {"type": "ping"}\n\n: odd\n\n${services.claude.frames({ text: ['a'] }).join('')}`;
    const { post } = await claudeGateway('claude', (response) =>
      send(response, 200, frames, { 'content-type': 'text/event-stream' }),
    );
    expect(await (await post({ ...question, stream: true })).text()).toBe(frames);
  });
});

describe('D5 the user agent', () => {
  const agents = ['claude-cli/2.1.44 (external, cli)', 'curl/8.0'];
  const shown = 'claude-cli/1.0.58 (external, cli)';

  test.each([
    ['is the caller’s own', {}, agents],
    [
      'is replaced where the upstream wants it, unless the caller is Claude Code',
      { userAgent: shown },
      [agents[0], shown],
    ],
  ])('%s', async (_what, upstream, expected) => {
    const { post, seen } = await claudeGateway('claude', { text: ['hi'] }, { upstream });
    for (const agent of agents) expect((await post(question, { 'user-agent': agent })).status).toBe(200);
    expect(seen.map(({ headers }) => headers['user-agent'])).toEqual(expected);
  });
});

describe('D6 an upstream of type', () => {
  test.each([
    ['openai', 'max_completion_tokens', 'max_tokens'],
    ['openaiold', 'max_tokens', 'max_completion_tokens'],
  ] as const)('%s gets %s at /chat/completions, by Bearer', async (serviceType, field, other) => {
    const { post, seen } = await claudeGateway(serviceType, { text: ['hi'] });
    expect((await post(question)).status).toBe(200);
    expect(seen).toMatchObject([
      {
        url: '/v1/chat/completions',
        headers: { authorization: `Bearer ${upstreamKey}` },
        body: { model: question.model, messages: question.messages, [field]: 50 },
      },
    ]);
    expect(seen[0]?.body).not.toHaveProperty(other);
    expect(seen[0]?.headers).not.toHaveProperty('x-api-key');
  });
});

test('D7 a gemini upstream is asked for :generateContent or :streamGenerateContent?alt=sse, with its key alone', async () => {
  const { post, seen } = await claudeGateway('gemini', { text: ['hi'] });
  const model = 'gemini-2.5-pro';
  for (const stream of [false, true])
    expect((await post({ ...question, model, stream }, { authorization: 'Bearer of-the-caller' })).status).toBe(200);
  expect(seen.map(({ url }) => url)).toEqual([
    `/v1beta/models/${model}:generateContent`,
    `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
  ]);
  for (const { headers, body } of seen) {
    expect(headers['x-goog-api-key']).toBe(upstreamKey);
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('x-api-key');
    expect(body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: { maxOutputTokens: 50 },
    });
  }
});

test('D8 an upstream of type custom is an OpenAI-compatible one', async () => {
  const { post, seen } = await claudeGateway('custom', { text: ['hi'] }, { base: '/v1', upstream: { name: 'my-api' } });
  const answer = await post({ ...question, model: 'my-model' });
  expect(await answer.json()).toMatchObject({ type: 'message', content: [{ type: 'text', text: 'hi' }] });
  expect(seen).toMatchObject([
    { url: '/v1/chat/completions', headers: { authorization: `Bearer ${upstreamKey}` }, body: { model: 'my-model' } },
  ]);
});

describe('D19 a base URL may be written', () => {
  const chat = '/v1/chat/completions';
  const google = '/v1beta/models/claude-opus-4-1:generateContent';

  // The predecessors' own examples, over a forward proxy, which leads every host to our upstream.
  test.each([
    ['openai', 'https://api.openai.com/v1', chat],
    ['openai', 'https://api.openai.com', chat],
    ['openai', 'https://your-api.com', chat],
    ['custom', 'https://your-api.com/v1', chat],
    ['claude', 'https://api.anthropic.com/v1', '/v1/messages'],
    ['claude', 'https://api.anthropic.com', '/v1/messages'],
    ['gemini', 'https://generativelanguage.googleapis.com/v1beta', google],
    ['gemini', 'https://generativelanguage.googleapis.com', google],
  ] as const)('for %s as %s', async (serviceType, baseUrl, path) => {
    const vendor = await recordingUpstream({ tls: true });
    const proxy = await forwardProxy(Number(new URL(vendor.url).port));
    const { post } = await claudeGateway(
      serviceType,
      {},
      {
        upstream: { baseUrl, insecureSkipVerify: true },
        env: { HTTPS_PROXY: proxy.url },
      },
    );
    await post({ ...question, stream: false });
    expect(proxy.asked).toEqual([`CONNECT ${new URL(baseUrl).host}:443`]);
    expect(vendor.seen.map(({ url }) => url.replace('/v1/responses', chat))).toEqual([path]);
  });

  test.each<readonly [ServiceType, string, string]>([
    ['openai', '/v1/', chat],
    ['openai', '/', chat],
    ['openai', '/api/paas/v4', '/api/paas/v4/chat/completions'],
    ['openaiold', '/no-version#', '/no-version/chat/completions'],
    ['claude', '/anthropic#', '/anthropic/messages'],
    ['claude', '/anthropic/', '/anthropic/v1/messages'],
    ['gemini', '/v1beta/', google],
    ['gemini', '/v1', '/v1/models/claude-opus-4-1:generateContent'],
    ['gemini', '/here#', '/here/models/claude-opus-4-1:generateContent'],
  ])('for %s as its origin and %s', async (serviceType, base, path) => {
    const { post, seen } = await claudeGateway(
      serviceType,
      (response) => send(response, 200, services[serviceType].whole({ text: ['hi'] })),
      { base },
    );
    expect(await (await post(question)).json()).toMatchObject({ content: [{ text: 'hi' }] });
    expect(seen.map(({ url }) => url)).toEqual([path]);
  });
});

test('D38 One-Balance: a long path, and bursts of 429 and 5xx until a key works', async () => {
  const asked: string[] = [];
  const statuses = [429, 503, 429, 200, 200];
  const { post, seen } = await claudeGateway(
    'gemini',
    (response, { url, headers }) => {
      asked.push(`${url} ${String(headers['x-goog-api-key'])}`);
      const status = statuses[asked.length - 1] ?? 500;
      send(response, status, status === 200 ? gemini.whole({ text: ['hi'] }) : gemini.error(status, 'busy'));
    },
    { base: '/api/google-ai-studio/v1beta', upstream: { apiKeys: ['k1', 'k2', 'k3', 'k4'] } },
  );
  const path = '/api/google-ai-studio/v1beta/models/gemini-2.5-pro:generateContent';
  const asking = { ...question, model: 'gemini-2.5-pro' };
  expect(await (await post(asking)).json()).toMatchObject({ content: [{ text: 'hi' }] });
  expect(asked).toEqual(['k1', 'k2', 'k3', 'k4'].map((key) => `${path} ${key}`));
  expect((await post(asking)).status).toBe(200);
  expect(asked.slice(4)).toEqual([`${path} k4`]); // the others rest
  expect(seen).toHaveLength(5);
});
