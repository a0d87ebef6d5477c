import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import type { RequestListener } from 'node:http';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { visit } from '../socket-upstream.ts';
import { until } from '../support.ts';
import { ask } from './ask.ts';
import { anthropic, chat, claude, openai, serving } from './services.ts';

/** Row F16 of the acceptance list, its other mode: errors as replies that say so, for clients that show replies alone. */

const accountId = 'org-AbCdEf0123456789AbCdEf01';
const tooFast: RequestListener = (_request, response) => {
  response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' });
  response.end(JSON.stringify({ error: { message: `Rate limit reached in ${accountId}.`, type: 'tokens', code: 'rate_limit_exceeded' } })); // prettier-ignore
};
const theirWords = 'Upstream error 429 (rate-limited): Rate limit reached in org-***.';
const accessKeys = 'accessKeys: [{ name: me, key: ours-0123456789 }]';
const key = 'ours-0123456789';
const ours = { authorization: `Bearer ${key}` };
const mode = 'errorsAsCompletions: true';

const refusingVendor = (more: string, answer: RequestListener = tooFast) =>
  serving([`${openai}, models: ['*']`], {}, answer, `${accessKeys}\n${more}`);

type Said = { readonly text: string | null | undefined; readonly finish: unknown };

/** What the vendors' own SDKs make of the answer; they throw where it is an error, or is not well formed. */
const clients: Readonly<Record<string, (url: string, key: string, streaming: boolean) => Promise<Said>>> = {
  async chat(url, apiKey, streaming) {
    const { completions } = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }).chat;
    const asked = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hi' }] };
    const { choices } = await (streaming
      ? completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion()
      : completions.create(asked));
    return { text: choices[0]?.message.content, finish: choices[0]?.finish_reason };
  },
  async completions(url, apiKey, streaming) {
    const { completions } = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const asked = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' };
    if (!streaming) {
      const { choices } = await completions.create(asked);
      return { text: choices[0]?.text, finish: choices[0]?.finish_reason };
    }
    let text = '';
    let finish: unknown;
    for await (const { choices } of await completions.create({ ...asked, stream: true })) {
      text += choices[0]?.text ?? '';
      finish = choices[0]?.finish_reason ?? finish;
    }
    return { text, finish };
  },
  async responses(url, apiKey, streaming) {
    const { responses } = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const asked = { model: 'gpt-4o', input: 'Hi' };
    const { output_text, status } = await (streaming
      ? responses.stream(asked).finalResponse()
      : responses.create(asked));
    return { text: output_text, finish: status };
  },
  async messages(baseURL, apiKey, streaming) {
    const { messages } = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
    const asked = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user' as const, content: 'Hi' }] };
    const { content, stop_reason } = await (streaming ? messages.stream(asked).finalMessage() : messages.create(asked));
    return { text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''), finish: stop_reason };
  },
  async gemini(baseUrl, apiKey, streaming) {
    const { models } = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
    const asked = { model: 'gemini-x', contents: 'Hi' };
    if (!streaming) {
      const { text, candidates } = await models.generateContent(asked);
      return { text, finish: candidates?.[0]?.finishReason };
    }
    let text = '';
    let finish: unknown;
    for await (const chunk of await models.generateContentStream(asked)) {
      text += chunk.text ?? '';
      finish = chunk.candidates?.[0]?.finishReason ?? finish;
    }
    return { text, finish };
  },
};
const finishes: Readonly<Record<string, string>> = {
  chat: 'stop',
  completions: 'stop',
  responses: 'completed',
  messages: 'end_turn',
  gemini: 'STOP',
};
const rows = Object.keys(clients).flatMap((door) => [false, true].map((streaming) => ({ door, streaming })));

describe('F16 both modes, as the vendors’ SDKs see them', () => {
  test.each(rows)('$door, streaming: $streaming', async ({ door, streaming }) => {
    const client = clients[door];
    const completions = await refusingVendor(mode);
    expect(await client?.(completions.url, key, streaming)).toEqual({ text: theirWords, finish: finishes[door] });
    const unknown = await client?.(completions.url, 'nobody', streaming);
    expect(unknown).toEqual({
      text: 'Proxy error 401 (unauthenticated): Unknown access key.',
      finish: finishes[door],
    });
    const { url } = await refusingVendor('');
    await expect(client?.(url, key, streaming)).rejects.toMatchObject({ status: 429 });
    await expect(client?.(url, 'nobody', streaming)).rejects.toMatchObject({ status: 401 });
  });
});

const asks: Readonly<Record<string, readonly [string, object]>> = {
  chat: ['/v1/chat/completions', chat],
  'chat, streamed': ['/v1/chat/completions', { ...chat, stream: true }],
  completions: ['/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' }],
  responses: ['/v1/responses', { model: 'gpt-4o', input: 'Hi', stream: true }],
  messages: ['/v1/messages', claude],
  gemini: ['/v1beta/models/gemini-x:streamGenerateContent', { contents: [{ parts: [{ text: 'Hi' }] }] }],
};

describe('F16 headers tell programs the truth', () => {
  test.each(Object.entries(asks))('%s', async (_door, [path, body]) => {
    const { url } = await refusingVendor(mode);
    const theirs = await ask(url, path, { headers: ours, body });
    expect(theirs.status).toBe(200);
    expect(theirs.headers).toMatchObject({
      'x-oai-proxy-error': 'rate-limited',
      'x-oai-proxy-error-status': '429',
      'retry-after': '7',
      'x-proxy-request-id': expect.stringMatching(/^req_/) as string,
    });
    expect(theirs.headers).not.toHaveProperty('x-proxy-error');
    expect(theirs.text).not.toContain(accountId);
    const refused = await ask(url, path, { body });
    expect(refused.status).toBe(200);
    expect(refused.headers).toMatchObject({
      'x-proxy-error': 'unauthenticated',
      'x-oai-proxy-error': 'unauthenticated',
      'x-oai-proxy-error-status': '401',
    });
    const real = await ask((await refusingVendor('')).url, path, { headers: ours, body });
    expect(real.status).toBe(429);
    expect(Object.keys(real.headers).filter((name) => name.startsWith('x-oai-'))).toEqual([]);
  });

  test('a vendor’s JSON array stays one for those who read that', async () => {
    const { url } = await refusingVendor(mode);
    const [path, body] = asks.gemini ?? ['', {}];
    const { headers, text } = await ask(url, path, { headers: ours, body });
    expect(headers['content-type']).toContain('application/json');
    const chunks = JSON.parse(text) as readonly object[];
    expect(chunks[0]).toMatchObject({ candidates: [{ content: { parts: [{ text: theirWords }] } }] });
  });

  test('an older door puts the text into its own form', async () => {
    const { url } = await serving([`provider: anthropic, apiKeys: [k-0123456789], models: ['*']`], {}, tooFast, mode);
    const body = { model: 'claude-2', prompt: '\n\nHuman: Hi\n\nAssistant:', max_tokens_to_sample: 9 };
    const { status, headers, json } = await ask(url, '/proxy/anthropic/v1/complete', { body });
    expect([status, headers['x-oai-proxy-error-status']]).toEqual([200, '429']);
    expect(json()).toMatchObject({
      type: 'completion',
      completion: expect.stringContaining('429 (rate-limited)') as string,
    });
  });

  const instruct = '/proxy/openai/v1/turbo-instruct/chat/completions';
  test.each([instruct, '/proxy/openai/turbo-instruct/chat/completions'])(
    'a chat over completions hears it as a chat: %s',
    async (path) => {
      const { url } = await serving([openai], {}, tooFast, mode);
      const whole = await ask(url, path, { body: chat });
      expect([whole.status, whole.headers['x-oai-proxy-error-status']]).toEqual([200, '429']);
      const said = { content: theirWords, role: 'assistant' };
      expect(whole.json()).toMatchObject({ object: 'chat.completion', choices: [{ message: said }] });
      const baseURL = `${url}${path.slice(0, -'/chat/completions'.length)}`;
      const client = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });
      const { choices } = await client.chat.completions
        .stream({ model: 'gpt-4', messages: [{ role: 'user', content: 'Hi' }] })
        .finalChatCompletion();
      expect(choices).toMatchObject([{ finish_reason: 'stop', message: said }]);
    },
  );

  test.each(['/proxy/anthropic/v1/sonnet/complete', '/proxy/anthropic/v1/opus/complete'])(
    'so does a prompt whose path says the model: %s',
    async (path) => {
      const { url } = await serving([anthropic], {}, tooFast, mode);
      const body = { prompt: '\n\nHuman: Hi\n\nAssistant:', max_tokens_to_sample: 9 };
      expect((await ask(url, path, { body })).json()).toMatchObject({ completion: theirWords });
    },
  );

  test('a completion that is none, or breaks off before it is whole, is an error as well', async () => {
    const body = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' };
    const error = { message: 'busy', type: 'server_error' };
    const none: RequestListener = (_request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ error }));
    };
    const half: RequestListener = (_request, response) => {
      response.setHeader('content-type', 'application/json').write('{"choices":[', () => response.destroy());
    };
    for (const [answer, said] of [
      [none, /^Upstream error \d+ \(.*busy/],
      [half, /^Proxy error 502 \(bad-upstream\)/],
    ] as const) {
      const { url } = await serving([openai], {}, answer, mode);
      const { status, headers, json } = await ask(url, '/v1/completions', { body });
      expect([status, headers['x-oai-proxy-error-status']]).toEqual([200, expect.stringMatching(/^5/)]);
      expect(json()).toMatchObject({ choices: [{ text: expect.stringMatching(said) as string }] });
    }
    const { url } = await serving([openai], {}, undefined, mode);
    const { headers, text } = await ask(url, '/v1/completions', { body });
    expect(headers).not.toHaveProperty('x-oai-proxy-error');
    expect(JSON.parse(text)).toMatchObject({ object: 'text_completion', usage: { total_tokens: 5 } });
  });

  test('a reply that came is none of this', async () => {
    const { url } = await serving([`${openai}, models: ['*']`], {}, undefined, mode);
    const { status, headers } = await ask(url, '/v1/chat/completions', { body: chat });
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('x-oai-proxy-error');
  });
});

describe('F16 what keeps its status: nobody reads a model’s reply there', () => {
  const others: readonly (readonly [string, string, object | string | undefined])[] = [
    ['embeddings', '/v1/embeddings', { model: 'e', input: 'Hi' }],
    ['a count of tokens', '/v1/messages/count_tokens', { model: 'claude-x', messages: claude.messages }],
    ['images', '/v1/images/generations', { model: 'i', prompt: 'a cat' }],
    ['files', '/v1/files', undefined],
    ['a body that is none', '/v1/chat/completions', '{"model":'],
    ['an unknown path', '/v1/nowhere', chat],
  ];

  test.each(others)('%s', async (_name, path, body) => {
    const { url } = await refusingVendor(mode);
    const { status, headers } = await ask(url, path, { headers: ours, ...(body !== undefined && { body }) });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers).not.toHaveProperty('x-oai-proxy-error');
  });

  test('of a stranger no more is read than a megabyte', async () => {
    const { url } = await refusingVendor(mode);
    const body = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(1024 * 1024) }] };
    expect((await ask(url, '/v1/chat/completions', { body })).status).toBe(401);
  });

  test('a turn over a WebSocket, which has an event for errors', async () => {
    const { url } = await refusingVendor(mode);
    const client = visit(`${url}/v1/responses`, [], ours);
    await client.opened();
    client.socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-4o', input: 'Hi', store: false }));
    await until('an answer came', () => client.texts().length > 0);
    expect(JSON.parse(client.texts()[0] ?? '')).toMatchObject({ type: 'error', status: 429 });
    client.socket.close();
    await client.closed();
  });
});

test('F16 records, the log, metrics and budgets have the call as the failure that it is', async () => {
  const admin = { authorization: 'Bearer admin-0123456789' };
  const budgeted = 'accessKeys: [{ name: me, key: ours-0123456789, limits: { budgets: [{ amount: 2, of: requests, per: day }] } }]'; // prettier-ignore
  const config = `${budgeted}\n${mode}\nrecords: { metrics: true }\nadmin: { key: admin-0123456789 }\nstorage: memory`;
  let answer = tooFast;
  const answering: RequestListener = (...exchange) => void answer(...exchange);
  const { url, log } = await serving([`${openai}, breaker: { never: true }, models: ['gpt-*']`], {}, answering, config);
  for (const model of ['gpt-4o', 'nobody-has-it'])
    expect((await ask(url, '/v1/chat/completions', { headers: ours, body: { ...chat, model } })).status).toBe(200);

  const calls = async () =>
    ((await ask(url, '/admin/api/v1/calls', { headers: admin })).json() as { calls: readonly object[] }).calls;
  await until('both are on record', async () => (await calls()).length === 2);
  expect((await calls()).toReversed()).toMatchObject([
    { status: 429, failure: { kind: 'rate-limited' } },
    { status: 404, failure: { kind: 'not-found' } },
  ]);
  const metrics = (await ask(url, '/metrics', { headers: ours })).text;
  expect(metrics).toMatch(/^proxy_requests_total\{.*model="gpt-4o",status="429"\} 1$/m);
  expect(metrics).not.toMatch(/^proxy_requests_total\{.*status="200"/m);
  log.flush();
  expect(log.lines.join('')).toMatch(/"msg":"openai-chat gpt-4o[^"]* 429 /);

  answer = (_request, response) => void response.setHeader('content-type', 'application/json').end('{"choices":[]}');
  const shown: unknown[] = [];
  for (let call = 1; call <= 3; call += 1)
    shown.push((await ask(url, '/v1/chat/completions', { headers: ours, body: chat })).headers['x-oai-proxy-error']);
  expect(shown).toEqual([undefined, undefined, 'rate-limited']); // both of the budget's are still there
});

/** Streams that break off within a text, each as its vendor writes it; what is asked at no such path is refused. */
const halves: readonly (readonly [RegExp, string])[] = [
  [/chat\/completions/, 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":"Half"},"finish_reason":null}]}\n\ndata: {"id":'],
  [/completions/, 'data: {"id":"c","object":"text_completion","created":1,"model":"i","choices":[{"index":0,"text":"Half","finish_reason":null}]}\n\ndata: {"id":'],
  [/responses/, 'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","output":[]}}\n\nevent: response.output_item.added\ndata: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}\n\nevent: response.content_part.added\ndata: {"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}\n\nevent: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Half","logprobs":[]}\n\n'],
  [/messages/, 'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":11,"output_tokens":1}}}\n\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\nevent: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Half"}}\n\n'],
  [/streamGenerateContent/, 'data: {"candidates":[{"content":{"parts":[{"text":"Half"}],"role":"model"},"index":0}],"modelVersion":"gemini-x"}\n\n'],
]; // prettier-ignore

const breaking: RequestListener = (request, response) => {
  const [, half] = halves.find(([path]) => path.test(request.url ?? '')) ?? [];
  if (half === undefined) return void response.writeHead(404).end('{}');
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(half, () => setTimeout(() => response.destroy(), 20));
};

describe('F16 a stream that breaks off in its middle', () => {
  const places: Readonly<Record<string, string>> = {
    openai,
    anthropic: 'provider: anthropic, apiKeys: [k-0123456789]',
    gemini: 'provider: gemini, apiKeys: [k-0123456789]',
  };
  const journeys = Object.keys(clients)
    .flatMap((door) => Object.keys(places).map((place) => ({ door, place })))
    // They are relayed alone.
    .filter(({ door, place }) => door !== 'completions' || place === 'openai');

  test.each(journeys)('ends as a reply that says so: $door, from $place', async ({ door, place }) => {
    const { url } = await serving([`${places[place]}, models: ['*']`], {}, breaking, `${accessKeys}\n${mode}`);
    const heard = await clients[door]?.(url, key, true);
    expect(heard).toEqual({
      text: expect.stringMatching(/^Half\n\nProxy error 502 \(bad-upstream\): /) as string,
      finish: finishes[door],
    });
  });

  test.each(Object.keys(clients))('is an error where nobody wants that: %s', async (door) => {
    const { url } = await serving([`${openai}, models: ['*']`], {}, breaking, accessKeys);
    const heard = clients[door]?.(url, key, true);
    // A response that failed is one.
    if (door === 'responses') await expect(heard).resolves.toMatchObject({ finish: 'failed' });
    else await expect(heard).rejects.toThrow();
  });

  test('a chat over completions has it as its last chunks', async () => {
    const { url } = await serving([openai], {}, breaking, mode);
    const client = new OpenAI({ baseURL: `${url}/proxy/openai/v1/turbo-instruct`, apiKey: 'any', maxRetries: 0 });
    const { choices } = await client.chat.completions
      .stream({ model: 'gpt-4', messages: [{ role: 'user', content: 'Hi' }] })
      .finalChatCompletion();
    const content = expect.stringMatching(/^Half\n\nProxy error 502 \(bad-upstream\): /) as string;
    expect(choices).toMatchObject([{ finish_reason: 'stop', message: { content } }]);
  });

  test('older doors put it into their own form', async () => {
    const { url } = await serving([`${places.anthropic}, models: ['*']`], {}, breaking, mode);
    const body = { model: 'claude-2', prompt: '\n\nHuman: Hi\n\nAssistant:', max_tokens_to_sample: 9, stream: true };
    const { text } = await ask(url, '/proxy/anthropic/v1/complete', { body });
    const events = text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)) as { completion: string; stop_reason: string | null }); // prettier-ignore
    expect(events.map(({ completion }) => completion).join('')).toMatch(/^Half\n\nProxy error 502 \(bad-upstream\): /);
    expect(events.at(-1)?.stop_reason).toBe('stop_sequence');
  });

  test('and are not at a loss where nobody wants that, and a frame was cut', async () => {
    const cut: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const [, half = ''] = halves.find(([path]) => path.test('messages')) ?? [];
      response.write(`${half}event: content_block_delta\ndata: {"type":"con`, () =>
        setTimeout(() => response.destroy(), 20),
      );
    };
    const { url } = await serving([`${places.anthropic}, models: ['*']`], {}, cut, '');
    const body = { model: 'claude-2', prompt: '\n\nHuman: Hi\n\nAssistant:', max_tokens_to_sample: 9, stream: true };
    const { text } = await ask(url, '/proxy/anthropic/v1/complete', { body });
    expect(text).toContain('"completion":"Half"');
    expect(text).toMatch(/event: error\ndata: .*api_error.*\n\n$/);
  });

  test('is on record as the failure that it is, with what it had used', async () => {
    const admin = { authorization: 'Bearer admin-0123456789' };
    const config = `${accessKeys}\n${mode}\nadmin: { key: admin-0123456789 }\nstorage: memory`;
    const { url, log } = await serving([`${places.anthropic}, models: ['*']`], {}, breaking, config);
    const body = { ...claude, stream: true };
    expect((await ask(url, '/v1/messages', { headers: ours, body })).text).toContain('"stop_reason":"end_turn"');
    const calls = async () =>
      ((await ask(url, '/admin/api/v1/calls', { headers: admin })).json() as { calls: readonly object[] }).calls;
    await until('it is on record', async () => (await calls()).length === 1);
    expect(await calls()).toMatchObject([
      { status: 200, failure: { kind: 'bad-upstream' }, usage: { inputTokens: 11 } },
    ]);
    log.flush();
    expect(log.lines.join('')).toMatch(/bad-upstream/);
  });

  test('a caller who has left is on record as that', async () => {
    const admin = { authorization: 'Bearer admin-0123456789' };
    const config = `${accessKeys}\n${mode}\nadmin: { key: admin-0123456789 }\nstorage: memory`;
    const endless: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(halves[0]?.[1].replace(/data: \{"id":$/, ''));
    };
    const { url } = await serving([`${openai}, models: ['*']`], {}, endless, config);
    const leaving = new AbortController();
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
    const asked = { model: 'gpt-4o', stream: true as const, messages: [{ role: 'user' as const, content: 'Hi' }] };
    for await (const _chunk of await client.chat.completions.create(asked, { signal: leaving.signal })) leaving.abort();
    const calls = async () =>
      ((await ask(url, '/admin/api/v1/calls', { headers: admin })).json() as { calls: readonly object[] }).calls;
    await until('it is on record', async () => (await calls()).length === 1);
    expect(await calls()).toMatchObject([{ status: 200, failure: { kind: 'client-gone' } }]);
  });
});

test('F16 who has waited in the queue hears it in the stream that has begun', async () => {
  const config = `${mode}\nqueue: { maxRunning: 1, heartbeatSeconds: 0.05, waitSeconds: 0.3 }`;
  let answer = () => undefined as void;
  const stalled: RequestListener = (_request, response) => void (answer = () => void response.end('{}'));
  const { url, upstream } = await serving([`${openai}, models: ['*']`], {}, stalled, config);
  const first = ask(url, '/v1/chat/completions', { body: chat });
  await until('the first is being asked', () => upstream.seen.length === 1);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
  const asked = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hi' }] };
  const waited = await client.chat.completions.stream(asked).finalChatCompletion();
  expect(waited.choices[0]).toMatchObject({
    finish_reason: 'stop',
    message: {
      content: expect.stringMatching(/^Proxy error 503 \(overloaded\): No turn came within 0\.3 s/) as string,
    },
  });
  answer();
  await first;
});
