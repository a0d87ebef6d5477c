import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { services, type Script } from '../../packages/server/test/rows/vendors.ts';
import { accessKey, deployment, running, upstream, type Deployment } from './worker.ts';

let deployed: Deployment;
beforeAll(() => {
  deployed = deployment();
}, 120_000);

const call = { id: 'call_1', name: 'get_weather', args: { city: 'Paris' } };
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const description = 'The weather';
const question = 'The weather in Paris?';

/** A Worker before one upstream of each kind, as PROXY_CONFIG says. */
async function gateway(script: Script, status = 200) {
  const vendorOf = (url: string) =>
    services[url.includes('/messages') ? 'claude' : url.includes('Content') ? 'gemini' : 'openai'];
  const vendor = await upstream((response, { url, body }) => {
    const streaming = status === 200 && (body.stream === true || url.includes(':stream'));
    const spoken = vendorOf(url);
    response.writeHead(status, { 'content-type': streaming ? 'text/event-stream' : 'application/json' });
    if (status !== 200) response.end(JSON.stringify(spoken.error(status, 'It went wrong with upstream-secret')));
    else response.end(streaming ? spoken.frames(script).join('') : JSON.stringify(spoken.whole(script)));
  });
  const config = `
upstreams:
  - { name: chat, provider: openai-compatible, baseUrl: "${vendor.url}/v1", apiKeys: ["\${VENDOR_KEY}"] }
  - { name: claude, provider: anthropic, baseUrl: "${vendor.url}", apiKeys: ["\${VENDOR_KEY}"] }
  - { name: gemini, provider: gemini, baseUrl: "${vendor.url}", apiKeys: ["\${VENDOR_KEY}"] }
`;
  const bindings = { PROXY_ACCESS_KEY: accessKey, PROXY_CONFIG: config, VENDOR_KEY: 'upstream-secret' };
  return { ...(await running(deployed, bindings)), seen: vendor.seen };
}

/** The four dialects' own clients, each asking with a tool and telling text and calls in the same words. */
const clients = {
  async 'openai-chat'(url: string, model: string, stream: boolean) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: accessKey, maxRetries: 0 });
    const tools = [{ type: 'function' as const, function: { name: call.name, description, parameters } }];
    const asking = { model, tools, messages: [{ role: 'user' as const, content: question }] };
    const completion = stream
      ? await client.chat.completions.stream(asking).finalChatCompletion()
      : await client.chat.completions.create(asking);
    const message = completion.choices[0]?.message;
    const calls = (message?.tool_calls ?? []).flatMap((one) => (one.type === 'function' ? [one.function] : []));
    return {
      text: message?.content,
      calls: calls.map(({ name, arguments: args }) => ({ name, args: JSON.parse(args) as unknown })),
    };
  },
  async 'openai-responses'(url: string, model: string, stream: boolean) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: accessKey, maxRetries: 0 });
    const tools = [{ type: 'function' as const, name: call.name, description, parameters, strict: false }];
    const asking = { model, tools, input: question };
    const response = stream
      ? await client.responses.stream(asking).finalResponse()
      : await client.responses.create(asking);
    const calls = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
    return {
      text: response.output_text,
      calls: calls.map(({ name, arguments: args }) => ({ name, args: JSON.parse(args) as unknown })),
    };
  },
  async 'anthropic-messages'(url: string, model: string, stream: boolean) {
    const client = new Anthropic({ baseURL: url, apiKey: accessKey, maxRetries: 0 });
    const tools = [{ name: call.name, description, input_schema: parameters }];
    const asking = { model, tools, max_tokens: 99, messages: [{ role: 'user' as const, content: question }] };
    const { content } = stream
      ? await client.messages.stream(asking).finalMessage()
      : await client.messages.create(asking);
    return {
      text: content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      calls: content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, args: block.input }] : [])),
    };
  },
  async 'gemini-generate'(url: string, model: string, stream: boolean) {
    const client = new GoogleGenAI({ apiKey: accessKey, httpOptions: { baseUrl: url } });
    const tools = [{ functionDeclarations: [{ name: call.name, description, parametersJsonSchema: parameters }] }];
    const asking = { model, contents: question, config: { tools } };
    const chunks = [];
    if (stream) for await (const chunk of await client.models.generateContentStream(asking)) chunks.push(chunk);
    else chunks.push(await client.models.generateContent(asking));
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    return {
      text: parts.map(({ text = '' }) => text).join(''),
      calls: parts.flatMap(({ functionCall: one }) => (one ? [{ name: one.name, args: one.args }] : [])),
    };
  },
};
type Client = keyof typeof clients;
const all = Object.keys(clients) as Client[]; // the keys just above

describe('A21 the Worker that is deployed', () => {
  test('asks nothing of its runtime but Web standards', () => {
    expect(deployed.script).not.toMatch(/^import .*from|\brequire\(|\bprocess\.env\b/m);
    expect(deployed.script.length).toBeLessThan(3_000_000); // Cloudflare's bound, on small plans, is 3 MB when compressed
  });

  describe.each(all)('answers %s', (name) => {
    test.each(['chat', 'claude', 'gemini'])('over %s, whole and streamed, with a tool called', async (behind) => {
      const { url, seen } = await gateway({ text: ['Let me ', 'see.'], calls: [call] });
      const expected = { text: 'Let me see.', calls: [{ name: call.name, args: call.args }] };
      expect(await clients[name](url, `${behind}/some-model`, false)).toEqual(expected);
      expect(await clients[name](url, `${behind}/some-model`, true)).toEqual(expected);
      expect(seen).toHaveLength(2);
      const told = JSON.stringify(seen);
      expect(told).toContain('upstream-secret');
      expect(told).not.toContain(accessKey);
    });

    test('with an upstream’s refusal, in its own words and without secrets', async () => {
      const { url, printed } = await gateway({}, 429);
      const refusal = await clients[name](url, 'chat/some-model', false).then(
        () => undefined,
        (error: unknown) => error as { readonly status: number; readonly message: string }, // the three SDKs' errors have both
      );
      expect(refusal?.status).toBe(429);
      expect(refusal?.message).toContain('It went wrong');
      expect(refusal?.message).not.toContain('upstream-secret');
      await vi.waitFor(() => expect(printed()).toContain('"kind":"rate-limited"'));
      for (const secret of ['upstream-secret', accessKey]) expect(printed()).not.toContain(secret);
    });

    test('refuses a stranger', async () => {
      const { url, seen } = await gateway({ text: ['hi'] });
      const stranger = { authorization: 'Bearer guess', 'content-type': 'application/json' };
      const door = {
        'openai-chat': '/v1/chat/completions',
        'openai-responses': '/v1/responses',
        'anthropic-messages': '/v1/messages',
        'gemini-generate': '/v1beta/models/m:generateContent',
      }[name];
      const answer = await fetch(url + door, { method: 'POST', headers: stranger, body: '{"model":"chat/m"}' });
      expect([answer.status, seen.length]).toEqual([401, 0]);
    });
  });

  test('streams through: a delta arrives while the upstream is at work, and it is let go with its caller', async () => {
    const frames = services.claude.frames({ text: ['one', 'two'] });
    const cut = frames.findIndex((frame) => frame.includes('one')) + 1;
    const vendor = await upstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frames.slice(0, cut).join(''));
      // workerd hears of a caller's leaving when it next writes to it.
      const more = setInterval(() => response.write(frames[cut]), 50);
      response.on('close', () => clearInterval(more));
    });
    const { url } = await running(deployed, {
      PROXY_ACCESS_KEY: accessKey,
      ANTHROPIC_API_KEY: 'key-of-the-environment',
      ANTHROPIC_BASE_URL: vendor.url,
    });
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: accessKey, maxRetries: 0 });
    const stream = client.chat.completions.stream({ model: 'claude-x', messages: [{ role: 'user', content: 'Hi' }] });
    stream.done().catch(() => undefined); // that it was aborted
    expect(await new Promise((resolve) => void stream.once('content', resolve))).toBe('one');
    expect(vendor.seen[0]?.headers.authorization).toBe('Bearer key-of-the-environment');
    stream.abort();
    await vendor.seen[0]?.cut;
  });

  test('says 426 where a WebSocket is wanted, so that Codex goes on over HTTP', async () => {
    const { url } = await gateway({});
    const answer = await fetch(`${url}/v1/responses`, { headers: { authorization: `Bearer ${accessKey}` } });
    expect(answer.status).toBe(426);
  });

  test('serves many at once', async () => {
    const { url, seen } = await gateway({ text: ['hi'] });
    const answers = await Promise.all(Array.from({ length: 20 }, () => clients['openai-chat'](url, 'claude/m', true)));
    expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, () => 'hi'));
    expect(seen).toHaveLength(20);
  });

  test('with nothing but an access key, the demo model answers, and health is told', async () => {
    const { url } = await running(deployed, { PROXY_ACCESS_KEY: accessKey });
    expect((await clients['openai-chat'](url, 'demo', true)).calls).toMatchObject([{ name: 'get_weather' }]);
    const health = (await (await fetch(`${url}/health`)).json()) as { readonly uptime: number };
    expect(health).toMatchObject({ status: 'healthy', mode: 'production', config: { upstreamCount: 1 } });
    expect(health.uptime).toBeLessThan(600);
  });

  test.each([
    ['JSON', JSON.stringify],
    ['a JSON variable', (config: object) => config],
  ])('takes a predecessor’s config.json as PROXY_CONFIG, in %s', async (_what, written) => {
    const vendor = await upstream((response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(services.claude.whole({ text: ['hi'] })));
    });
    const entry = { name: 'main', serviceType: 'claude', baseUrl: vendor.url, apiKeys: ['key-of-theirs'] };
    const config = { upstream: [entry], currentUpstream: 0, loadBalance: 'failover' };
    const { url } = await running(deployed, { PROXY_ACCESS_KEY: accessKey, PROXY_CONFIG: written(config) });
    expect((await clients['anthropic-messages'](url, 'claude-x', false)).text).toBe('hi');
    expect(vendor.seen[0]).toMatchObject({ url: '/v1/messages', headers: { authorization: 'Bearer key-of-theirs' } });
  });

  test.each([
    ['without an access key', { OPENAI_API_KEY: 'sk-x' }],
    ['with the key that everybody knows', { OPENAI_API_KEY: 'sk-x', PROXY_ACCESS_KEY: 'your-proxy-access-key' }],
  ])('serves nobody %s', async (_how, bindings) => {
    const { url } = await running(deployed, bindings);
    for (const path of ['/', '/health', '/v1/models', '/v1/chat/completions']) {
      const answer = await fetch(url + path, { headers: { authorization: 'Bearer your-proxy-access-key' } });
      expect([answer.status, await answer.text()]).toEqual([
        403,
        expect.stringContaining('wrangler secret put PROXY_ACCESS_KEY'),
      ]);
    }
  });

  test.each([
    ['what is no configuration', 'upstreams: [{ name: a, provider: opena, apiKeys: [hidden-key] }]'],
    ['a file', 'upstreams: [{ name: a, provider: openai, apiKeys: [{ file: key.txt }] }]'],
    [
      'a connection of its own',
      'upstreams: [{ name: a, provider: openai, apiKeys: [k], connection: { proxy: "http://p:1" } }]',
    ],
    ['a lax upstream', 'upstreams: [{ name: a, provider: openai, apiKeys: [k], insecureSkipVerify: true }]'],
  ])('refuses %s, and tells strangers nothing of it', async (_what, config) => {
    const { url, printed } = await running(deployed, { PROXY_ACCESS_KEY: accessKey, PROXY_CONFIG: config });
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${accessKey}` } });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([500, expect.stringContaining('wrangler tail')]);
    expect(text).not.toMatch(/hidden-key|opena/);
    await vi.waitFor(() => expect(printed()).toContain('upstreams[0].'));
    expect(printed()).not.toContain('hidden-key');
  });
});
