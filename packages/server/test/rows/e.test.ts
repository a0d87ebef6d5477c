import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { folder, start } from '../support.ts';
import { ask } from './ask.ts';
import { claudeStream, vendor } from './vendor.ts';

/** Rows E1–E11 of the acceptance list: OpenAI in front, under /api. */

const chat = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Hi' }] };

/** Three providers, each a vendor of its own; `without` names those that have no key. */
async function three({ without = [] as readonly string[], more = '' } = {}) {
  const [openai, anthropic, azure] = await Promise.all([vendor(), vendor(), vendor()]);
  const keys = (name: string) => (without.includes(name) ? '' : `, apiKeys: [${name}-key-0123456789]`);
  const config = `
upstreams:
  - { name: oa, provider: openai, baseUrl: "${openai.url}", dialects: [openai-chat]${keys('openai')} }
  - { name: an, provider: anthropic, baseUrl: "${anthropic.url}"${keys('anthropic')} }
  - { name: az, provider: azure, baseUrl: "${azure.url}", apiVersion: 2024-10-21, dialects: [openai-chat]${keys('azure')} }
${more}`;
  const environment = { OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '', AZURE_OPENAI_API_KEY: '' };
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), env: environment });
  return { ...server, openai, anthropic, azure };
}

function sdk(url: string) {
  return new OpenAI({ baseURL: `${url}/api/v1`, apiKey: 'dummy-key', maxRetries: 0 });
}

test('E1 the openai SDK with any key, while no access key is configured', async () => {
  const { url, openai } = await three();
  const reply = await sdk(url).chat.completions.create(chat);
  expect(reply).toMatchObject({
    object: 'chat.completion',
    choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
  expect(openai.seen[0]).toMatchObject({ url: '/v1/chat/completions' });
  expect(openai.seen[0]?.headers.authorization).toBe('Bearer openai-key-0123456789');
});

test('E1 with access keys these doors ask for one like every other', async () => {
  const { url, openai } = await three({ more: 'accessKeys: [ours-0123456789]' });
  for (const path of ['/api/v1/chat/completions', '/api/chat/completions', '/api/proxy/openai/chat/completions'])
    expect((await ask(url, path, { body: chat })).status).toBe(401);
  for (const path of [
    '/api/v1/models',
    '/api/v1/models/detailed',
    '/api/providers',
    '/api/provider-configs',
    '/api/providers/capabilities',
  ])
    expect((await ask(url, path)).status).toBe(401);
  expect(openai.seen).toEqual([]);
  const headers = { authorization: 'Bearer ours-0123456789' };
  expect((await ask(url, '/api/v1/chat/completions', { headers, body: chat })).status).toBe(200);
  expect(openai.seen[0]?.headers.authorization).toBe('Bearer openai-key-0123456789');
});

describe('E2 streaming', () => {
  async function streaming(provider: string) {
    const upstream = await vendor((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(provider === 'anthropic' ? claudeStream : openaiStream);
    });
    const config = `upstreams: [{ name: u, provider: ${provider}, baseUrl: "${upstream.url}", apiKeys: [theirs-0123456789], dialects: [${provider === 'anthropic' ? 'anthropic-messages' : 'openai-chat'}] }]`;
    return start({ cwd: folder({ 'proxy.config.yaml': config }) });
  }

  test.each(['openai', 'anthropic'])('from %s: one id, role first, a finish, one [DONE]', async (provider) => {
    const { url } = await streaming(provider);
    const raw = await ask(url, '/api/v1/chat/completions', { body: { ...chat, stream: true } });
    expect(raw.headers['content-type']).toContain('text/event-stream');
    expect(raw.text.match(/data: \[DONE\]/g)).toHaveLength(1);
    expect(raw.text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    const chunks = [];
    for await (const chunk of await sdk(url).chat.completions.create({ ...chat, stream: true })) chunks.push(chunk);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('hello');
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop']);
  });
});

describe('E3 model lists', () => {
  const more = `
routes: [{ model: smart, targets: [an/claude-sonnet-4-5] }, { model: quick, targets: [oa/gpt-4o-mini] }]
`;
  test('list, one, none', async () => {
    const { url } = await three({ more });
    for (const path of ['/api/v1/models', '/api/models']) {
      const list = await ask(url, path);
      expect(list.status).toBe(200);
      expect(list.json()).toMatchObject({ object: 'list', data: [{ id: 'smart', object: 'model' }, { id: 'quick' }] });
    }
    expect((await ask(url, '/api/v1/models/smart')).json()).toMatchObject({ id: 'smart', object: 'model' });
    const none = await ask(url, '/api/v1/models/nothing');
    expect(none.status).toBe(404);
    expect(none.json()).toMatchObject({ error: { code: 'model_not_found', type: 'invalid_request_error' } });
  });

  test('detailed is not taken for a model, and may be asked of one provider', async () => {
    const config = `
upstreams:
  - { name: oa, provider: openai, apiKeys: [k-0123456789], models: [gpt-4o] }
  - { name: an, provider: anthropic, apiKeys: [k-0123456789], models: [claude-sonnet-4-5] }
`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const detailed = (
      await ask(url, '/api/v1/models/detailed', { headers: { 'anthropic-version': '2023-06-01' } })
    ).json();
    expect(detailed).toMatchObject({
      object: 'list',
      data: [
        { id: 'gpt-4o', capabilities: { supports_chat: true }, pricing: { input: 0.0025, output: 0.01 } },
        { id: 'claude-sonnet-4-5', capabilities: { context_window: expect.any(Number) as number } },
      ],
    });
    const one = (await ask(url, '/api/v1/models/detailed?provider=anthropic')).json();
    expect(one).toMatchObject({ data: [{ id: 'claude-sonnet-4-5' }] });
    expect(one).toHaveProperty('data.length', 1);
  });
});

test('E4 providers and what they can', async () => {
  const { url } = await three({ more: 'routes: [{ model: smart, targets: [an/claude-sonnet-4-5] }]' });
  const capabilities = (await ask(url, '/api/providers/capabilities')).json();
  expect(capabilities).toMatchObject({
    success: true,
    data: [
      {
        provider: 'openai',
        name: 'oa',
        supported_features: { chat_completions: true, embeddings: true, streaming: true },
      },
      {
        provider: 'anthropic',
        display_name: 'an',
        icon: null,
        supported_features: { completions: false, embeddings: false, function_calling: true },
      },
      { provider: 'azure' },
    ],
  });
  const { data } = capabilities as { data: { models: object[] }[] };
  expect(data[1]?.models).toContainEqual(
    expect.objectContaining({
      openai_id: 'gpt-4',
      provider_id: 'claude-3-opus-20240229',
      cost_per_1k_tokens: { input: 0.015, output: 0.075 },
    }),
  );
  expect((await ask(url, '/api/providers')).json()).toMatchObject({
    success: true,
    data: [{ provider: 'openai', is_active: true }, { provider: 'anthropic' }, { provider: 'azure' }],
  });
  const configs = await ask(url, '/api/provider-configs');
  expect(configs.json()).toMatchObject({
    success: true,
    data: [{ provider: 'openai', base_url: expect.any(String) as string }, {}, {}],
  });
  expect(configs.text).not.toMatch(/-key-0123456789/);
});

test.each([
  ['openai', 'gpt-4'],
  ['anthropic', 'claude-3-opus-20240229'],
  ['azure', undefined],
] as const)('E5 and E8 the old form at %s, with the name that the model has there', async (provider, named) => {
  const { url, ...vendors } = await three();
  const answer = await ask(url, `/api/chat/completions?provider=${provider}`, { body: chat });
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({ object: 'chat.completion' });
  // A relayed answer names what the vendor names.
  if (provider === 'anthropic') expect(answer.json()).toMatchObject({ model: 'gpt-4' });
  const [seen] = vendors[provider].seen;
  expect(seen?.url).not.toContain('provider');
  if (named !== undefined) expect(JSON.parse(seen?.body ?? '{}')).toMatchObject({ model: named });
});

describe('E6 the direct way to a provider', () => {
  test('chat, embeddings, and any path by any method', async () => {
    const { url, openai } = await three();
    expect((await ask(url, '/api/proxy/openai/chat/completions', { body: chat })).status).toBe(200);
    expect((await ask(url, '/api/proxy/openai/v1/embeddings', { body: { model: 'e', input: 'Hi' } })).status).toBe(200);
    expect((await ask(url, '/api/proxy/openai/models')).status).toBe(200);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await ask(url, '/api/proxy/oa/vector_stores/vs_1?limit=2', { method })).status).toBe(200);
    expect(openai.seen.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'POST /v1/chat/completions',
      'POST /v1/embeddings',
      'GET /v1/models',
      ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /v1/vector_stores/vs_1?limit=2`),
    ]);
    for (const { headers } of openai.seen) expect(headers.authorization).toBe('Bearer openai-key-0123456789');
  });

  test('converted where the provider speaks another language', async () => {
    const { url, anthropic } = await three();
    const answer = await ask(url, '/api/proxy/anthropic/chat/completions', {
      body: { ...chat, model: 'claude-3-opus' },
    });
    expect(answer.json()).toMatchObject({ object: 'chat.completion', model: 'claude-3-opus' });
    expect(anthropic.seen[0]).toMatchObject({ url: '/v1/messages' });
    expect(JSON.parse(anthropic.seen[0]?.body ?? '')).toMatchObject({ model: 'claude-3-opus-20240229' });
  });

  test('the upstream’s status stays, and no path leads elsewhere', async () => {
    const upstream = await vendor((_request, response) => {
      response.writeHead(418, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"I am a teapot","type":"odd"}}');
    });
    const config = `upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [k-0123456789] }]`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const odd = await ask(url, '/api/proxy/openai/vector_stores');
    expect(odd.status).toBe(418);
    expect(odd.json()).toMatchObject({ error: { message: 'I am a teapot' } });
    expect((await ask(url, '/api/proxy/openai/%2e%2e/admin')).status).toBe(400);
    expect((await ask(url, '/api/proxy/nobody/chat/completions', { body: chat })).status).toBe(404);
    expect(upstream.seen).toHaveLength(1);
  });
});

describe('E7 a provider preferred', () => {
  test('without a key for it, another one that has the model', async () => {
    const { url, anthropic } = await keyed('anthropic');
    expect((await ask(url, '/api/v1/chat/completions?provider=openai', { body: chat })).status).toBe(200);
    expect(JSON.parse(anthropic.seen[0]?.body ?? '')).toMatchObject({ model: 'claude-3-opus-20240229' });
  });

  test('a key that is refused: the other one', async () => {
    const refusing = await vendor(
      (_request, response) => void response.writeHead(401).end('{"error":{"message":"no"}}'),
    );
    const other = await vendor();
    const config = `
upstreams:
  - { name: oa, provider: openai, baseUrl: "${refusing.url}", apiKeys: [k-0123456789], dialects: [openai-chat] }
  - { name: an, provider: anthropic, baseUrl: "${other.url}", apiKeys: [k-0123456789] }
`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    expect((await ask(url, '/api/v1/chat/completions?provider=openai', { body: chat })).status).toBe(200);
    expect([refusing.seen.length, other.seen.length]).toEqual([1, 1]);
  });

  test('none: an error that says so', async () => {
    const { url } = await keyed('openai');
    const body = { ...chat, model: 'claude-sonnet-4-5' };
    const answer = await ask(url, '/api/v1/chat/completions?provider=anthropic', { body });
    expect(answer.status).toBe(500);
    expect(answer.text).toContain('No suitable provider or API key available');
  });

  /** Only this provider is configured. */
  async function keyed(provider: 'openai' | 'anthropic') {
    const upstream = await vendor();
    const config = `upstreams: [{ name: u, provider: ${provider}, baseUrl: "${upstream.url}", apiKeys: [k-0123456789] }]`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    return { url, [provider]: upstream, anthropic: upstream };
  }
});

test('E8 without a wish the configuration’s routes go first; names that nobody mapped go through where they are at home', async () => {
  const { url, anthropic, openai } = await three({
    more: 'routes: [{ model: gpt-4, targets: [an/claude-sonnet-4-5] }]',
  });
  expect((await ask(url, '/api/v1/chat/completions', { body: chat })).json()).toMatchObject({ model: 'gpt-4' });
  expect(JSON.parse(anthropic.seen[0]?.body ?? '')).toMatchObject({ model: 'claude-sonnet-4-5' });
  await ask(url, '/api/v1/chat/completions', { body: { ...chat, model: 'gpt-9-new' } });
  expect(JSON.parse(openai.seen[0]?.body ?? '')).toMatchObject({ model: 'gpt-9-new' });
});

test('E9 a conversation at Anthropic: system, tools, images, stops, usage', async () => {
  const { url, anthropic } = await three();
  const body = {
    model: 'gpt-4',
    stop: ['END'],
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        ],
      },
    ],
    tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }],
  };
  const answer = await ask(url, '/api/v1/chat/completions?provider=anthropic', { body });
  expect(answer.json()).toMatchObject({
    choices: [{ finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });
  const sent = JSON.parse(anthropic.seen[0]?.body ?? '{}') as Record<string, unknown>;
  expect(JSON.stringify(sent.system)).toContain('Be brief.');
  expect(sent).toMatchObject({
    model: 'claude-3-opus-20240229',
    max_tokens: expect.any(Number) as number,
    stop_sequences: ['END'],
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
  });
  expect(JSON.stringify(sent.messages)).toContain('"media_type":"image/png"');
  expect(anthropic.seen[0]?.headers['x-api-key'] ?? anthropic.seen[0]?.headers.authorization).toContain(
    'anthropic-key',
  );
});

test.each([
  ['end_turn', 'stop', { type: 'text', text: 'hi' }],
  ['max_tokens', 'length', { type: 'text', text: 'hi' }],
  ['tool_use', 'tool_calls', { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }],
])('E9 %s is %s', async (stop_reason, finish_reason, block) => {
  const { url } = await answering('anthropic', 200, {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'c', stop_reason, stop_sequence: null },
    content: [block],
    usage: { input_tokens: 1, output_tokens: 1 },
  });
  const body = { ...chat, tools: [{ type: 'function', function: { name: 'look', parameters: {} } }] };
  expect((await ask(url, '/api/v1/chat/completions', { body })).json()).toMatchObject({ choices: [{ finish_reason }] });
});

test('E10 Azure: the deployment in the path, its version in the query, its own header', async () => {
  const { url, azure } = await three();
  const body = { ...chat, model: 'gpt-3.5-turbo' };
  const answer = await ask(url, '/api/v1/chat/completions?provider=azure', { body });
  expect(answer.status).toBe(200);
  expect(azure.seen[0]?.url).toBe('/openai/deployments/gpt-35-turbo/chat/completions?api-version=2024-10-21');
  expect(azure.seen[0]?.headers['api-key']).toBe('azure-key-0123456789');
  expect(azure.seen[0]?.headers.authorization).toBeUndefined();
});

describe('E11 errors in OpenAI’s form', () => {
  test.each([
    [{ messages: chat.messages }, 'model'],
    [{ model: 'gpt-4' }, 'messages'],
  ])('%j: 400 naming "%s"', async (body, param) => {
    const { url } = await three();
    const answer = await ask(url, '/api/v1/chat/completions?provider=anthropic', { body });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  test.each([
    [401, 'authentication_error', OpenAI.AuthenticationError],
    [429, 'rate_limit_error', OpenAI.RateLimitError],
    [404, 'not_found_error', OpenAI.NotFoundError],
    [400, 'invalid_request_error', OpenAI.BadRequestError],
    [500, 'api_error', OpenAI.InternalServerError],
  ] as const)('Anthropic’s %d %s is the SDK’s own exception', async (status, type, kind) => {
    const { url } = await answering('anthropic', status, { type: 'error', error: { type, message: 'So it is.' } });
    const thrown: unknown = await sdk(url)
      .chat.completions.create(chat)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(kind);
    expect(String(thrown)).toContain('So it is.');
  });
});

async function answering(provider: string, status: number, body: object) {
  const upstream = await vendor((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  const config = `upstreams: [{ name: u, provider: ${provider}, baseUrl: "${upstream.url}", apiKeys: [k-0123456789] }]`;
  return start({ cwd: folder({ 'proxy.config.yaml': config }) });
}

const chunk = (choice: object) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`;
const openaiStream = [
  chunk({ delta: { role: 'assistant', content: '' }, finish_reason: null }),
  chunk({ delta: { content: 'hel' }, finish_reason: null }),
  chunk({ delta: { content: 'lo' }, finish_reason: null }),
  chunk({ delta: {}, finish_reason: 'stop' }),
  'data: [DONE]\n\n',
].join('');
