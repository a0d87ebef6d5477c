import { describe, expect, test } from 'vitest';
import { createGateway } from '../../gateway/create.ts';
import type { OutboundRequest } from '../../ports.ts';
import { providerByName } from '../by-name.ts';
import { vendorTable } from './table.ts';
import { vendorProvider } from './vendor.ts';

const reply =
  '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}';

/** What the vendor is sent when a client asks for its model over our door. */
async function sent(vendor: string, path: string, body: Readonly<Record<string, unknown>>) {
  const provider = providerByName(vendor);
  if (!provider) throw new Error(`No vendor "${vendor}".`);
  const requests: OutboundRequest[] = [];
  const gateway = createGateway({
    upstreams: [{ name: 'v', provider, credentials: [{ id: 'k', secret: 'key-of-the-vendor' }] }],
    ports: {
      transport: {
        async send(request) {
          requests.push(request);
          return {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: {
              start(sink) {
                sink.write(new TextEncoder().encode(reply));
                sink.end();
                return { resume: () => undefined, cancel: () => undefined };
              },
            },
          };
        },
      },
    },
  });
  const answer = await gateway.handle({
    method: 'POST',
    url: path,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(body)),
    signal: new AbortController().signal,
  });
  const [request] = requests;
  const sent = request?.body instanceof Uint8Array ? new TextDecoder().decode(request.body) : request?.body;
  const text = typeof sent === 'string' ? sent : 'null';
  return { status: answer.status, request, body: JSON.parse(text) as Record<string, unknown> }; // our gateway's own JSON
}

const say = (more: object) => ({ model: 'v/some-model', messages: [{ role: 'user', content: 'Hi' }], ...more });
const thinking = { max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 2048 } };
const messages = (vendor: string, more: object) => sent(vendor, '/v1/messages', { max_tokens: 99, ...say(more) });
/** Over the hub, which takes no notice of a Chat client's own members: from Gemini, which has most of them. */
const generate = (vendor: string, more: object) =>
  sent(vendor, '/v1beta/models/v%2Fsome-model:generateContent', {
    contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    ...more,
  });

describe('the table', () => {
  test('has everyone whom people name, once, with a source', () => {
    const names = vendorTable.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of [
      'deepseek', 'dashscope', 'moonshot', 'zhipu', 'zai', 'minimax', 'siliconflow', 'openrouter', 'groq', 'together', 'fireworks',
      'mistral', 'xai', 'cohere', 'cerebras', 'ollama', 'vllm', 'lmstudio', 'llamacpp',
    ]) expect(names).toContain(name); // prettier-ignore
    for (const { source } of vendorTable) expect(source.length).toBeGreaterThan(8);
  });

  test.each(vendorTable.map(({ name, baseUrl }) => [name, baseUrl]))(
    '%s is asked at its address with its key',
    async (name, baseUrl) => {
      const { status, request } = await messages(name, {});
      expect(status).toBe(200);
      const base = /\/v\d+$/.test(baseUrl) ? baseUrl : `${baseUrl}/v1`;
      expect(request?.url).toBe(`${base}/chat/completions`);
      expect(request?.headers.authorization).toBe('Bearer key-of-the-vendor');
    },
  );
});

describe('quirks at the wire', () => {
  test('B3 DashScope: thinking is switched, and off where a call is not streamed', async () => {
    const whole = await messages('dashscope', thinking);
    expect(whole.body.enable_thinking).toBe(false);
    expect(whole.body).not.toHaveProperty('thinking_budget');
    const streamed = await messages('dashscope', { ...thinking, stream: true });
    expect(streamed.body).toMatchObject({ enable_thinking: true, thinking_budget: 2048 });
    expect((await messages('siliconflow', thinking)).body).toMatchObject({ enable_thinking: true });
  });

  test('B5 OpenRouter: a reasoning object with a budget, an effort, or neither', async () => {
    expect((await messages('openrouter', thinking)).body.reasoning).toEqual({ max_tokens: 2048 });
    const effort = { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } };
    expect((await messages('openrouter', effort)).body.reasoning).toEqual({ effort: 'xhigh' });
    expect((await messages('openrouter', { thinking: { type: 'disabled' } })).body.reasoning).toEqual({
      enabled: false,
    });
    expect((await messages('openrouter', {})).body).not.toHaveProperty('reasoning');
  });

  test.each(['vllm', 'llamacpp'])('B4 %s: thinking is told to the template', async (name) => {
    expect((await messages(name, thinking)).body.chat_template_kwargs).toEqual({ enable_thinking: true });
    const off = await messages(name, { thinking: { type: 'disabled' } });
    expect(off.body.chat_template_kwargs).toEqual({ enable_thinking: false });
    expect(off.body).not.toHaveProperty('enable_thinking');
  });

  test.each(['dashscope', 'siliconflow', 'openrouter', 'together', 'fireworks', 'vllm', 'lmstudio', 'llamacpp'])(
    '%s takes top_k',
    async (name) => expect((await messages(name, { top_k: 7 })).body.top_k).toBe(7),
  );

  test.each(['groq', 'mistral', 'deepseek'])('%s does not', async (name) =>
    expect((await messages(name, { top_k: 7 })).body).not.toHaveProperty('top_k'),
  );

  test('Mistral: random_seed, and call ids of nine letters and digits', async () => {
    const { body } = await generate('mistral', { generationConfig: { seed: 5 } });
    expect(body.random_seed).toBe(5);
    expect(body).not.toHaveProperty('seed');
    expect((await generate('groq', { generationConfig: { seed: 5 } })).body.seed).toBe(5);
    const ids = callIds((await messages('mistral', called('toolu_01AbCdEfGhIjKlMnOpQrStUv'))).body);
    expect(ids).toEqual([expect.stringMatching(/^[a-zA-Z0-9]{9}$/), ids[0]]);
    expect(callIds((await messages('mistral', called('D681PevKs'))).body)).toEqual(['D681PevKs', 'D681PevKs']);
  });

  test('Mistral: two calls that a client gave one id are told apart', async () => {
    const twice = [...called('D681PevKs').messages, ...called('D681PevKs').messages];
    const ids = callIds((await messages('mistral', { messages: twice })).body);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
  });

  test('Mistral: the assistant speaks between a tool and the user', async () => {
    const { body } = await messages('mistral', {
      messages: [...called('D681PevKs').messages, { role: 'user', content: 'Go on.' }],
    });
    const roles = (body.messages as readonly { readonly role: string }[]).map(({ role }) => role); // our own encoder's
    expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
  });

  const config = {
    responseLogprobs: true,
    logprobs: 2,
    candidateCount: 2,
    presencePenalty: 0.5,
    frequencyPenalty: 0.5,
  };
  test.each([
    ['groq', ['logprobs', 'top_logprobs', 'n'], ['presence_penalty', 'frequency_penalty']],
    ['mistral', ['logprobs', 'top_logprobs'], ['n', 'presence_penalty']],
    ['cohere', ['n'], ['presence_penalty', 'logprobs']],
    ['cerebras', ['presence_penalty', 'frequency_penalty'], ['logprobs']],
    ['ollama', ['n'], ['presence_penalty']],
    ['vllm', [], ['logprobs', 'top_logprobs', 'n', 'presence_penalty', 'frequency_penalty']],
  ])('%s is not sent %j, but %j', async (name, without, withThem) => {
    const { body } = await generate(name, { generationConfig: config });
    for (const member of without) expect(body).not.toHaveProperty(member);
    for (const member of withThem) expect(body).toHaveProperty(member);
  });

  const tools = [{ name: 'f', input_schema: { type: 'object' } }];
  test.each(['cohere', 'cerebras'])('%s takes no switch for parallel calls', async (name) => {
    const { body } = await messages(name, { tools, tool_choice: { type: 'auto', disable_parallel_tool_use: true } });
    expect(body).not.toHaveProperty('parallel_tool_calls');
  });

  const schema = {
    output_config: { format: { type: 'json_schema', schema: { type: 'object', additionalProperties: false } } },
  };
  test.each([
    ['together', 'json_schema'], ['fireworks', 'json_schema'], ['ollama', 'json_schema'], ['vllm', 'json_schema'],
    ['lmstudio', 'json_schema'], ['llamacpp', 'json_schema'], ['cohere', 'json_object'],
  ])('%s: a schema is sent as %s', async (name, type) => {
    expect((await messages(name, schema)).body.response_format).toMatchObject({ type });
  }); // prettier-ignore

  test('LM Studio: JSON without a schema is a schema that any object fits', async () => {
    const asked = { generationConfig: { responseMimeType: 'application/json' } };
    expect((await generate('lmstudio', asked)).body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: { type: 'object' } },
    });
    expect((await generate('vllm', asked)).body.response_format).toEqual({ type: 'json_object' });
  });

  const thought = {
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 's' },
          { type: 'text', text: 'Ho' },
        ],
      },
      { role: 'user', content: 'And?' },
    ],
  };
  test.each([
    ['openrouter', 'reasoning'], ['groq', 'reasoning'], ['together', 'reasoning'], ['cerebras', 'reasoning'],
    ['ollama', 'reasoning'], ['vllm', 'reasoning'], ['fireworks', 'reasoning_content'], ['llamacpp', 'reasoning_content'],
  ])('Z9 %s takes earlier reasoning back as %s', async (name, field) => {
    const { body } = await messages(name, thought);
    expect(JSON.stringify(body.messages)).toContain(`"${field}":"Hm."`);
  }); // prettier-ignore
});

describe('a Chat client’s own words go over the hub where the vendor would refuse them', () => {
  const chat = (vendor: string, more: object) => sent(vendor, '/v1/chat/completions', say(more));

  test('and stay as they were where it takes them', async () => {
    const { request } = await chat('deepseek', { unknown_member: [1.0] });
    expect(new TextDecoder().decode(request?.body as Uint8Array)).toContain('"unknown_member":[1]'); // relayed bytes
  });

  test('S5 developer', async () => {
    const { body } = await chat('deepseek', {
      messages: [{ role: 'developer', content: 'Be terse.' }, ...say({}).messages],
    });
    expect(body.messages).toEqual([
      { role: 'system', content: 'Be terse.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  test('Mistral: seed, and ids of other vendors', async () => {
    const { body } = await chat('mistral', { seed: 3 });
    expect([body.seed, body.random_seed]).toEqual([undefined, 3]);
    const call = { id: 'call_abcdefghijklmnop', type: 'function', function: { name: 'f', arguments: '{}' } };
    const history = [
      ...say({}).messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: '1' },
    ];
    for (const id of callIds((await chat('mistral', { messages: history })).body))
      expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
  });

  test.each([
    ['a system turn behind the assistant’s', ['user', 'assistant', 'system', 'user'], 'user assistant user user'],
    ['a user turn behind a tool’s', ['user', 'call', 'tool', 'user'], 'user assistant tool assistant user'],
    ['a call without a result', ['user', 'call', 'user'], 'user assistant tool assistant user'],
    ['a result without a call', ['user', 'tool', 'user'], 'user user user'],
    ['an empty turn', ['user', 'empty', 'user'], 'user user'],
  ])('Mistral: %s', async (_what, turns, expected) => {
    const { body } = await chat('mistral', { messages: turns.map((turn) => chatTurns[turn]) });
    expect(rolesIn(body)).toBe(expected);
  });

  test('Mistral: a last turn of the assistant’s is a prefix', async () => {
    const messages = [chatTurns.user, chatTurns.assistant];
    expect((await chat('mistral', { messages })).body.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Well', prefix: true },
    ]);
    expect((await chat('groq', { messages })).body.messages).toEqual(messages);
  });

  test('Mistral: what is in order goes through to the byte', async () => {
    const said = ['system', 'user', 'user', 'call', 'tool', 'assistant', 'user'].map((turn) => chatTurns[turn]);
    for (const messages of [said, [...said, { ...chatTurns.assistant, prefix: true }]]) {
      const { body } = await chat('mistral', { messages });
      expect(body.messages).toEqual(messages);
    }
  });

  test('LM Studio: json_object', async () => {
    const { body } = await chat('lmstudio', { response_format: { type: 'json_object' } });
    expect(body.response_format).toMatchObject({ type: 'json_schema' });
  });

  test('Groq: names of messages', async () => {
    const named = {
      messages: [
        { role: 'developer', content: 'x' },
        { role: 'user', name: 'ann', content: 'Hi' },
      ],
    };
    expect(JSON.stringify((await chat('groq', named)).body)).not.toContain('ann');
    expect(JSON.stringify((await chat('vllm', named)).body)).toContain('ann');
  });

  test('Groq: logit_bias', async () => {
    const biased = {
      messages: [{ role: 'developer', content: 'x' }, ...say({}).messages],
      logit_bias: { '50256': -100 },
    };
    for (const name of ['groq', 'mistral', 'cohere', 'cerebras', 'ollama'])
      expect((await chat(name, biased)).body).not.toHaveProperty('logit_bias');
    expect((await chat('vllm', biased)).body).toHaveProperty('logit_bias');
  });
});

test('a row of somebody’s own: key header, headers, Responses', async () => {
  const made = vendorProvider({
    name: 'acme-ai',
    baseUrl: 'https://acme.test/v1',
    keyHeader: 'X-Acme-Key',
    headers: { 'X-Tenant': 't' },
    responses: true,
  });
  expect(made.speaks.map(({ name }) => name)).toEqual(['openai-responses', 'openai-chat']);
  expect(made.headers).toEqual({ 'x-tenant': 't' });
  expect(made.variables).toEqual({ key: ['ACME_AI_API_KEY'], baseUrl: ['ACME_AI_BASE_URL'] });
  const request = {
    method: 'POST',
    url: 'https://acme.test',
    headers: {},
    settings: {},
    now: 0,
    tokens: { get: async () => 'token', forget: () => undefined },
  };
  expect((await made.authorize(request, { id: 'k', secret: 's' })).headers).toEqual({ 'x-acme-key': 's' });
});

const chatTurns: Readonly<Record<string, object>> = {
  system: { role: 'system', content: 'Be terse.' },
  user: { role: 'user', content: 'Hi' },
  assistant: { role: 'assistant', content: 'Well' },
  empty: { role: 'assistant', content: '' },
  call: {
    role: 'assistant',
    content: '',
    tool_calls: [{ id: 'D681PevKs', type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  tool: { role: 'tool', tool_call_id: 'D681PevKs', content: '1' },
};

function rolesIn({ messages }: Readonly<Record<string, unknown>>): string {
  return (messages as readonly { readonly role: string }[]).map(({ role }) => role).join(' '); // our own encoder's
}

function called(id: string) {
  return {
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: '1' }] },
    ],
  };
}

/** Of the calls and their results, in their order. */
function callIds(body: Readonly<Record<string, unknown>>): readonly string[] {
  return [...JSON.stringify(body.messages).matchAll(/"(?:id|tool_call_id)":"([^"]+)"/g)].map(([, id = '']) => id);
}
