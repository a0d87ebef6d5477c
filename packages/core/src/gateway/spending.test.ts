import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import { createBudgets } from '../budgets/budgets.ts';
import { memoryCallers, memoryLedger, systemClock } from '../memory.ts';
import type { Budgets, Caller, Most, Sink, Spending, Transport } from '../ports.ts';
import { anthropic, bedrock, gemini, openai, vertex } from '../providers/registry.ts';
import { createGateway } from './create.ts';
import type { HttpAnswer } from './http.ts';
import { readAll } from './read-all.ts';
import { isSource } from '../ports.ts';

const upstreams = [
  { name: 'openai', provider: openai, credentials: [{ id: 'a', secret: 's' }] },
  { name: 'anthropic', provider: anthropic, credentials: [{ id: 'b', secret: 's' }] },
  { name: 'gemini', provider: gemini, credentials: [{ id: 'c', secret: 's' }] },
];

/** What an upstream answers: a status, and its body in pieces; `undefined` leaves the stream open. */
interface Script {
  readonly status?: number;
  readonly type?: string;
  readonly pieces: readonly (string | undefined)[];
}

function answering({ status = 200, type = 'application/json', pieces }: Script, requests: unknown[] = []): Transport {
  return {
    async send({ body }) {
      requests.push(body);
      return {
        status,
        headers: { 'content-type': type },
        body: {
          start(sink: Sink) {
            for (const piece of pieces) if (piece !== undefined) sink.write(new TextEncoder().encode(piece));
            if (pieces.at(-1) !== undefined) sink.end();
            return { resume: () => undefined, cancel: () => undefined };
          },
        },
      };
    },
  };
}

function scene(script: Script, given: Partial<Caller> = {}, budgets?: Budgets) {
  const ledger = memoryLedger();
  const requests: unknown[] = [];
  const caller = {
    accessKey: 'k',
    id: 'key-1',
    name: 'ann',
    limits: { budgets: [{ amount: 1e9, of: 'tokens' as const, per: 'total' }] },
  };
  const gateway = createGateway({
    upstreams,
    ports: {
      transport: answering(script, requests),
      ledger,
      callers: memoryCallers([{ ...caller, ...given }]),
      budgets: budgets ?? createBudgets({ clock: systemClock }),
    },
  });
  const sent = () => requests.map((one) => (one instanceof Uint8Array ? new TextDecoder().decode(one) : String(one)));
  const ask = (path: string, body?: object | string, headers: Readonly<Record<string, string>> = {}) =>
    gateway.handle({
      method: body === undefined ? 'GET' : 'POST',
      url: path,
      headers: { 'x-api-key': 'k', 'content-type': 'application/json', ...headers },
      ...(body !== undefined && {
        body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
      }),
      signal: new AbortController().signal,
    });
  const charged = () =>
    ledger.records().flatMap(({ charges = [] }) => charges.map(({ amount, estimated }) => ({ amount, estimated })));
  return { ask, sent, ledger, charged };
}

async function textOf(answer: HttpAnswer): Promise<string> {
  if (!isSource(answer.body)) throw new Error(`No stream but ${answer.status}.`);
  return new TextDecoder().decode(await readAll(answer.body, 1e6, () => new Error('Too long.')));
}

/** What is set aside for a request, whatever is answered. */
async function mostOf(path: string, body: object | string, headers?: Readonly<Record<string, string>>): Promise<Most> {
  const seen: Spending[] = [];
  const spy: Budgets = { reserve: (spending) => void seen.push(spending) };
  await scene({ status: 400, pieces: ['{}'] }, {}, spy).ask(path, body, headers);
  if (!seen[0]) throw new Error('Nothing was set aside.');
  return seen[0].most();
}

test.each([
  ['the location of Vertex', vertex, { location: 'europe-west1', project: 'p' }, 'europe-west1'],
  ['none, which is global at Vertex', vertex, { project: 'p' }, undefined],
  ['the region of Bedrock', bedrock, { region: 'eu-central-1' }, 'eu-central-1'],
])('a price is asked for with the region of the target: %s', async (_name, provider, settings, region) => {
  const seen: Spending[] = [];
  const gateway = createGateway({
    upstreams: [{ name: 'up', provider, settings, credentials: [{ id: 'a', secret: 's' }] }],
    ports: {
      transport: answering({ status: 400, pieces: ['{}'] }),
      callers: memoryCallers([{ accessKey: 'k', id: 'key-1', limits: { budgets: [] } }]),
      budgets: { reserve: (spending) => void seen.push(spending) },
    },
  });
  const asked = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
  await gateway.handle({
    method: 'POST',
    url: '/v1/messages',
    headers: { 'x-api-key': 'k', 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(asked)),
    signal: new AbortController().signal,
  });
  expect(seen[0]?.targets.map((target) => target.region)).toEqual([region]);
});

const chat = '/v1/chat/completions';
const hi = [{ role: 'user', content: 'hi' }];
const around = 1000;
const length = (body: object) => JSON.stringify(body).length;

describe('what is set aside', () => {
  test('a token for each byte of the request, and as many as a reply may have', async () => {
    const body = { model: 'gpt-4o', messages: hi, max_completion_tokens: 50 };
    expect(await mostOf(chat, body)).toEqual({ inputTokens: length(body) + around, outputTokens: 50 });
  });

  test.each([
    ['n of Chat', chat, { model: 'gpt-4o', messages: hi, max_tokens: 50, n: 3 }, 150],
    ['the model’s own most, where none is asked for', chat, { model: 'gpt-4o', messages: hi }, 16_384],
    ['a most below one is none', chat, { model: 'gpt-4o', messages: hi, max_tokens: -5 }, 16_384],
    ['of two words the larger', chat, { model: 'gpt-4o', messages: hi, max_tokens: 5, max_completion_tokens: 9 }, 9],
    [
      'prompts and best_of of Completions',
      '/v1/completions',
      { model: 'gpt-3.5-turbo-instruct', prompt: ['a', 'b'], best_of: 2, max_tokens: 10 },
      40,
    ],
    ['Messages', '/v1/messages', { model: 'claude-sonnet-4-5', messages: hi, max_tokens: 70 }, 70],
    ['Responses', '/v1/responses', { model: 'gpt-5', input: 'hi', max_output_tokens: 30 }, 30],
    [
      'Gemini',
      '/v1beta/models/gemini-2.5-flash:generateContent',
      { contents: [], generationConfig: { maxOutputTokens: 20, candidateCount: 2 } },
      40,
    ],
    [
      'Gemini in its other spelling',
      '/v1beta/models/gemini-2.5-flash:generateContent',
      { contents: [], generation_config: { max_output_tokens: 20 } },
      20,
    ],
    ['nothing comes out of embeddings', '/v1/embeddings', { model: 'text-embedding-3-small', input: 'hi' }, 0],
  ])('output: %s', async (_name, path, body, outputTokens) => {
    expect((await mostOf(path, body)).outputTokens).toBe(outputTokens);
  });

  test('the whole window for what is kept elsewhere', async () => {
    const kept = { model: 'gpt-4o', input: 'hi', previous_response_id: 'resp_1' };
    expect((await mostOf('/v1/responses', kept)).inputTokens).toBe(128_000);
    const cached = { contents: [], cachedContent: 'cachedContents/1' };
    expect((await mostOf('/v1beta/models/gemini-2.5-flash:generateContent', cached)).inputTokens).toBeGreaterThan(1e6);
  });

  test('the window once for each time that a vendor’s tool may lead back to the model', async () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }];
    const most = await mostOf('/v1/messages', { model: 'claude-sonnet-4-5', messages: hi, max_tokens: 70, tools });
    expect(most).toMatchObject({ inputTokens: 600_000, searches: 2 });
  });

  const image = (url: string) => [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];

  test('a picture flat, in place of its bytes where it is long', async () => {
    const short = { model: 'gpt-4o', messages: image('https://x.test/a.png'), max_tokens: 1 };
    expect((await mostOf(chat, short)).inputTokens).toBe(length(short) + around + 6000);
    const png = `data:image/png;base64,iVBORw0KGgo${'A'.repeat(400_000)}A`;
    expect((await mostOf(chat, { model: 'gpt-4o', messages: image(png), max_tokens: 1 })).inputTokens).toBeLessThan(
      8000,
    );
  });

  test('a long text that begins like a picture counts byte by byte', async () => {
    const text = `iVBORw0KGgo${'A'.repeat(400_000)}A`;
    const body = { model: 'gpt-4o', messages: [{ role: 'user', content: text }], max_tokens: 1 };
    expect((await mostOf(chat, body)).inputTokens).toBeGreaterThan(400_000);
    const beside = [
      {
        role: 'user',
        content: [
          { type: 'text', text },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
        ],
      },
    ];
    expect((await mostOf(chat, { ...body, messages: beside })).inputTokens).toBeGreaterThan(400_000);
  });

  test('a picture is seen behind escapes', async () => {
    const plain = JSON.stringify({ model: 'gpt-4o', messages: image('https://x.test/a.png'), max_tokens: 1 });
    const escaped = plain.replaceAll('image_url', 'image\\u005furl');
    expect((await mostOf(chat, escaped)).inputTokens).toBe(escaped.length + around + 6000);
  });

  test('pictures of models without tokens, by their count', async () => {
    const body = { model: 'dall-e-3', prompt: 'a fox', n: 2, size: '1024x1024', quality: 'hd' };
    expect(await mostOf('/v1/images/generations', body)).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      images: { count: 2, size: '1024x1024', quality: 'hd' },
    });
  });
});

describe('what is charged', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const reply = {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage,
  };
  const body = { model: 'gpt-4o', messages: hi, max_tokens: 500 };

  test('what the upstream reports', async () => {
    const { ask, charged } = scene({ pieces: [JSON.stringify(reply)] });
    expect((await ask(chat, body)).status).toBe(200);
    expect(charged()).toEqual([{ amount: 12, estimated: undefined }]);
  });

  test('nothing for what an upstream refuses, nor for what is refused here', async () => {
    const refused = scene({ status: 500, pieces: ['{"error":{"message":"no"}}'] });
    await refused.ask(chat, body);
    expect(refused.charged()).toEqual([]);
    const unknown = scene({ pieces: [] });
    await unknown.ask(chat, { ...body, model: 'nobody/x' });
    expect(unknown.charged()).toEqual([]);
  });

  /** Reads what there is, then leaves. */
  async function leave(answer: Awaited<ReturnType<ReturnType<typeof scene>['ask']>>) {
    if (!isSource(answer.body)) throw new Error(`No stream but ${answer.status}.`);
    answer.body.start({ write: () => true, end: () => undefined, fail: () => undefined }).cancel();
    await Promise.resolve();
    await Promise.resolve();
  }

  test('of a stream that is given up, no less than what was streamed', async () => {
    const delta = (text: string) =>
      `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
    const { ask, charged } = scene({
      type: 'text/event-stream',
      pieces: [...Array<string>(20).fill(delta('hello ')), undefined],
    });
    await leave(await ask(chat, { ...body, stream: true }));
    expect(charged()).toMatchObject([{ estimated: true }]);
    expect(charged()[0]?.amount).toBeGreaterThan(20);
    expect(charged()[0]?.amount).toBeLessThanOrEqual(1600);
  });

  test('a stream of Chat is asked for its usage, which its caller does not see unless it asked as well', async () => {
    const chunk = (more: object) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', ...more })}\n\n`;
    const pieces = [
      chunk({ choices: [{ index: 0, delta: { content: 'hi' } }], usage: null }),
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null }),
      chunk({ choices: [], usage }),
      'data: [DONE]\n\n',
    ];
    for (const [options, seen] of [
      [{}, false],
      [{ stream_options: { include_obfuscation: false } }, false],
      [{ stream_options: { include_usage: true } }, true],
    ] as const) {
      const { ask, charged, sent } = scene({ type: 'text/event-stream', pieces });
      const text = await textOf(await ask(chat, { ...body, stream: true, ...options }));
      expect(JSON.parse(sent()[0] ?? '')).toMatchObject({
        stream_options: { ...options.stream_options, include_usage: true },
      });
      expect(text.includes('"choices":[]')).toBe(seen);
      expect(text).toContain('"content":"hi"');
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(charged()).toEqual([{ amount: 12, estimated: undefined }]);
    }
  });

  test('what was told on the way is the truth, where it was told with the last that came', async () => {
    const chunk = (count: number) =>
      `data: {"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]},"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":${count},"totalTokenCount":${9 + count}}}\n\n`;
    for (const [path, asked] of [
      [
        '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
        { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
      ],
      [chat, { model: 'gemini-2.5-flash', messages: hi, stream: true }],
    ] as const) {
      const { ask, charged } = scene({ type: 'text/event-stream', pieces: [chunk(1), chunk(2), chunk(3), undefined] });
      await leave(await ask(path, asked));
      expect(charged()).toEqual([{ amount: 12, estimated: undefined }]);
    }
  });

  test('what was told before the reply began is not', async () => {
    const events = [
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'c',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 9, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: 'hello there, this is more than a token' },
      },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    for (const [path, asked] of [
      ['/v1/messages', { model: 'claude-sonnet-4-5', messages: hi, max_tokens: 900, stream: true }],
      [chat, { model: 'claude-sonnet-4-5', messages: hi, max_tokens: 900, stream: true }],
    ] as const) {
      const { ask, charged } = scene({ type: 'text/event-stream', pieces: [...events, undefined] });
      await leave(await ask(path, asked));
      expect(charged()).toMatchObject([{ estimated: true }]);
      expect(charged()[0]?.amount).toBeGreaterThan(9 + 10);
    }
  });
});

describe('whom a key lets in', () => {
  test('after its time, or switched off: 403 with the reason', async () => {
    const error = async (given: Partial<Caller>) => {
      const { ask, ledger } = scene({ pieces: [] }, given);
      const { status, body } = await ask(chat, { model: 'gpt-4o', messages: hi });
      return { status, body: String(body), callerId: ledger.records()[0]?.callerId };
    };
    expect(await error({ expiresAt: Date.now() - 1, role: 'temporary' })).toMatchObject({
      status: 403,
      body: expect.stringContaining('Temporary token expired.') as string,
      callerId: 'key-1',
    });
    expect(await error({ disabled: 'Left the company.' })).toMatchObject({
      status: 403,
      body: expect.stringContaining('Left the company.') as string,
      callerId: 'key-1',
    });
    const admit = () => {
      throw new Failure('forbidden', 'Not from there.');
    };
    expect(await error({ admit })).toMatchObject({ status: 403, callerId: 'key-1' });
  });

  test('only to its models, which are all that it sees in a list', async () => {
    const models = ['gpt-4o*', 'claude-*', '!*opus*'];
    const listed = { object: 'list', data: [{ id: 'gpt-4o' }, { id: 'gpt-5' }] };
    const { ask } = scene({ pieces: [JSON.stringify(listed)] }, { models });
    const refused = await ask('/v1/messages', { model: 'claude-opus-4', messages: hi, max_tokens: 1 });
    expect(refused.status).toBe(403);
    expect(String(refused.body)).toContain('permission_error');
    expect(String(refused.body)).toContain(
      'The model \\"claude-opus-4\\" is not among those of this access key: gpt-4o*, claude-*, !*opus*.',
    );
    expect((await ask(chat, { model: 'openai/gpt-5', messages: hi })).status).toBe(403);
    const list = JSON.parse(String((await ask('/v1/models')).body)) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toEqual(['gpt-4o']);
    expect((await ask('/v1/models/gpt-5')).status).toBe(404);
  });

  test('only to its operations', async () => {
    const { ask } = scene({ pieces: ['{}'] }, { operations: ['embed'] });
    const refused = await ask(chat, { model: 'gpt-4o', messages: hi });
    expect(refused.status).toBe(403);
    expect(String(refused.body)).toContain(
      'The operation \\"generate\\" is not among those of this access key: embed.',
    );
    expect((await ask('/v1/embeddings', { model: 'text-embedding-3-small', input: 'hi' })).status).toBe(200);
  });
});

test('a refusal reaches each dialect with its own headers and figures', async () => {
  const limits = { budgets: [{ amount: 10, of: 'tokens' as const, per: 'day' }] };
  const { ask } = scene({ pieces: [] }, { limits });
  const openaiAnswer = await ask(chat, { model: 'gpt-4o', messages: hi, max_tokens: 1 });
  expect(openaiAnswer).toMatchObject({
    status: 429,
    headers: { 'x-ratelimit-limit-tokens': '10', 'x-ratelimit-remaining-tokens': '10', 'x-should-retry': 'false' },
  });
  expect(JSON.parse(String(openaiAnswer.body))).toMatchObject({
    error: { code: 'proxy_quota_exceeded', type: 'rate_limit_error', info: { quota: 10, used: 0 } },
  });
  const anthropicAnswer = await ask('/v1/messages', { model: 'claude-x', messages: hi, max_tokens: 1 });
  expect(anthropicAnswer).toMatchObject({ status: 429, headers: { 'anthropic-ratelimit-tokens-limit': '10' } });
  expect(JSON.parse(String(anthropicAnswer.body))).toMatchObject({
    error: { type: 'rate_limit_error', details: { quota: 10, error_code: 'proxy_quota_exceeded' } },
  });
  const geminiAnswer = await ask('/v1beta/models/gemini-2.5-flash:generateContent', { contents: [] });
  expect(geminiAnswer.status).toBe(429);
  expect(String(geminiAnswer.body)).toContain('QuotaFailure');
});
