import { describe, expect, test } from 'vitest';
import { memoryCallers, memoryLedger } from '../memory.ts';
import type { Ledger, OutboundRequest, Transport } from '../ports.ts';
import { anthropic, gemini, openai, openaiCompatible } from '../providers/registry.ts';
import { createGateway } from './create.ts';
import type { GatewayOptions, Upstream } from './gateway.ts';
import type { HttpAnswer } from './http.ts';
import { readAll } from './read-all.ts';

/** What an upstream answers: text pieces pushed one after another, with a broken connection at the end if asked. */
interface Script {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly pieces: readonly string[];
  readonly breaks?: boolean;
}

function scripted(...scripts: readonly (Script | Error)[]) {
  const requests: OutboundRequest[] = [];
  const transport: Transport = {
    async send(request) {
      const script = scripts[Math.min(requests.length, scripts.length - 1)];
      requests.push(request);
      if (!script || script instanceof Error) throw script ?? new Error('no script');
      const { status = 200, headers = { 'content-type': 'application/json' }, pieces, breaks } = script;
      return {
        status,
        headers,
        body: {
          start(sink) {
            for (const piece of pieces) sink.write(new TextEncoder().encode(piece));
            if (breaks) sink.fail(new Error('ECONNRESET'));
            else sink.end();
            return { resume: () => undefined, cancel: () => undefined };
          },
        },
      };
    },
  };
  const sent = (index = 0) => ({
    ...requests[index],
    json: JSON.parse(textOf(requests[index]?.body) || 'null') as Record<string, unknown>, // our own gateway wrote it
  });
  return { transport, requests, sent };
}

function textOf(body: OutboundRequest['body']): string {
  if (typeof body === 'object' && 'start' in body) throw new Error('The body is still coming in.');
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : (body ?? '');
}

const key = (id: string) => ({ id, secret: `secret-${id}` });
const vendor = (given: Partial<Upstream> = {}): Upstream => ({
  name: 'vendor',
  provider: openaiCompatible,
  baseUrl: 'http://up.test/v1',
  credentials: [key('a')],
  ...given,
});

function gatewayOf(
  transport: Transport,
  given: Partial<Omit<GatewayOptions, 'ports'>> & { ports?: Partial<GatewayOptions['ports']> } = {},
) {
  const ledger = memoryLedger();
  const gateway = createGateway({
    upstreams: [vendor()],
    keepAliveMs: 0,
    ...given,
    ports: { transport, ledger, ...given.ports },
  });
  return { gateway, ledger };
}

async function post(
  gateway: ReturnType<typeof createGateway>,
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer & { readonly text: string; readonly json: () => ReturnType<typeof JSON.parse> }> {
  const answer = await gateway.handle({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    signal: new AbortController().signal,
  });
  const raw = answer.body;
  const text =
    raw === undefined
      ? ''
      : typeof raw === 'string' || raw instanceof Uint8Array
        ? textOf(raw)
        : new TextDecoder().decode(await readAll(raw, 1e9, () => new Error('too large')));
  return { ...answer, text, json: () => JSON.parse(text) };
}

const chatReply = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'up-model',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});
const chatStream = [
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up-model","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up-model","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n',
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up-model","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}]}\n\n',
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up-model","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up-model","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n\n',
  'data: [DONE]\n\n',
];
const eventStream = { 'content-type': 'text/event-stream' };
const chat = (given: object = {}) => ({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...given });
const messages = (given: object = {}) => ({
  model: 'm',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hi' }],
  ...given,
});

describe('the record of a call', () => {
  /** Has what may wait in keeping when it is told to. */
  function slowLedger() {
    const { promise, resolve } = Promise.withResolvers<void>();
    const mayWait: boolean[] = [];
    const ledger: Ledger = {
      append(_record, waits = false) {
        mayWait.push(waits);
        return waits ? promise : undefined;
      },
    };
    return { ledger, mayWait, keep: resolve };
  }
  const turns = async () => {
    for (let count = 0; count < 100; count += 1) await Promise.resolve();
  };

  test.each([
    ['a reply', scripted({ pieces: [chatReply] }), 200],
    ['a refusal', scripted(new Error('down')), 502],
  ])('%s waits until it is kept', async (_what, up, status) => {
    const { ledger, mayWait, keep } = slowLedger();
    const { gateway } = gatewayOf(up.transport, { ports: { ledger } });
    let answered = false;
    const answering = post(gateway, '/v1/chat/completions', chat()).finally(() => (answered = true));
    await turns();
    expect([mayWait, answered]).toEqual([[true], false]);
    keep();
    expect((await answering).status).toBe(status);
  });

  test('a stream cannot wait', async () => {
    const { ledger, mayWait } = slowLedger();
    const up = scripted({ headers: eventStream, pieces: chatStream });
    const { gateway } = gatewayOf(up.transport, { ports: { ledger } });
    expect((await post(gateway, '/v1/chat/completions', chat({ stream: true }))).text).toBe(chatStream.join(''));
    expect(mayWait).toEqual([false]);
  });
});

describe('relay', () => {
  test('the bytes go through both ways, and usage is on record', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway, ledger } = gatewayOf(up.transport);
    const body = JSON.stringify(chat(), null, 3);
    const answer = await post(gateway, '/v1/chat/completions', body, {
      authorization: 'Bearer ours',
      'x-custom': 'yes',
      cookie: 'no',
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(chatReply);
    expect(textOf(up.requests[0]?.body)).toBe(body);
    expect(up.requests[0]?.url).toBe('http://up.test/v1/chat/completions');
    expect(up.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret-a', 'x-custom': 'yes' });
    expect(up.requests[0]?.headers).not.toHaveProperty('cookie');
    expect(ledger.records()).toMatchObject([
      { way: 'relay', status: 200, usage: { inputTokens: 5, outputTokens: 2 }, upstream: 'vendor' },
    ]);
  });

  test('an aliased model is spliced into the request', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway } = gatewayOf(up.transport, { upstreams: [vendor({ models: { m: 'real-model' } })] });
    await post(gateway, '/v1/chat/completions', chat());
    expect(up.sent().json.model).toBe('real-model');
  });

  test('a stream goes through as it is', async () => {
    const up = scripted({ headers: eventStream, pieces: chatStream });
    const { gateway, ledger } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/chat/completions', chat({ stream: true }));
    expect(answer.text).toBe(chatStream.join(''));
    await Promise.resolve();
    expect(ledger.records()).toMatchObject([{ streaming: true, usage: { inputTokens: 5, outputTokens: 2 } }]);
  });

  test('X4 a whole reply to a request for a stream is streamed all the same', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/chat/completions', chat({ stream: true }));
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(answer.text).toContain('"content":"Hello"');
    expect(answer.text).toContain('data: [DONE]');
  });
});

describe('convert', () => {
  test('a Messages client reaches a Chat upstream, whole', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/messages?beta=true', messages({ system: 'Be brief.' }), {
      'x-api-key': 'ours',
      'anthropic-version': '2023-06-01',
    });
    expect(answer.json()).toMatchObject({
      type: 'message',
      model: 'm',
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 5, output_tokens: 2 },
    });
    expect(up.sent().json.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
    expect(up.requests[0]?.headers).not.toHaveProperty('x-api-key');
    expect(up.requests[0]?.headers).not.toHaveProperty('anthropic-version');
  });

  test('and streamed', async () => {
    const up = scripted({ headers: eventStream, pieces: chatStream });
    const { gateway, ledger } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/messages', messages({ stream: true }));
    expect([...answer.text.matchAll(/^event: (\w+)/gm)].map(([, name]) => name)).toEqual([
      'message_start', 'content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop',
    ]); // prettier-ignore
    await Promise.resolve();
    expect(ledger.records()).toMatchObject([{ way: 'convert', usage: { inputTokens: 5, outputTokens: 2 } }]);
  });

  test('what cannot be carried is named in a header, and refused under strict', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway, ledger } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/messages', messages({ top_k: 5 }));
    expect(answer.headers['x-proxy-notices']).toContain('dropped top_k');
    expect(ledger.records()[0]?.notices).toMatchObject([{ type: 'dropped', field: 'top_k' }]);
    const refused = await post(gateway, '/v1/messages', messages({ top_k: 5 }), { 'x-proxy-strict': 'true' });
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('top_k') },
    });
    expect(up.requests).toHaveLength(1);
  });

  test('E2 E7 an upstream’s refusal is told in the caller’s dialect with its status and patience', async () => {
    const up = scripted({
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '7' },
      pieces: ['{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}'],
    });
    const { gateway } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/messages', messages());
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } });
  });

  test('E5 a connection that breaks in mid-stream is an error event, never a clean end', async () => {
    const up = scripted({ headers: eventStream, pieces: chatStream.slice(0, 2), breaks: true });
    const { gateway, ledger } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/messages', messages({ stream: true }));
    expect(answer.text).toContain('event: error');
    expect(answer.text).not.toContain('message_stop');
    await Promise.resolve();
    expect(ledger.records()[0]?.failure?.kind).toBe('bad-upstream');
  });
});

describe('failover before the first byte', () => {
  const two = { upstreams: [vendor({ credentials: [key('a'), key('b')] })] };
  const refusals: readonly (readonly [string, Script | Error])[] = [
    ['401', { status: 401, pieces: ['{"error":{"message":"bad key"}}'] }],
    ['403', { status: 403, pieces: ['{"error":{"message":"no"}}'] }],
    ['429', { status: 429, pieces: ['{"error":{"message":"slow"}}'] }],
    ['500', { status: 500, pieces: ['oops'] }],
    ['a dead connection', new Error('ECONNRESET')],
    [
      'an error as the first event',
      { headers: eventStream, pieces: ['data: {"error":{"message":"overloaded","type":"server_error"}}\n\n'] },
    ],
  ];
  test.each(refusals)('%s on key 1 is invisible, and key 1 rests', async (_, refusal) => {
    const up = scripted(refusal, { headers: eventStream, pieces: chatStream });
    const { gateway, ledger } = gatewayOf(up.transport, two);
    const answer = await post(gateway, '/v1/messages', messages({ stream: true }));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('message_stop');
    expect(up.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret-a', 'Bearer secret-b']);
    await post(gateway, '/v1/messages', messages({ stream: true }));
    expect(up.requests[2]?.headers.authorization).toBe('Bearer secret-b');
    expect(ledger.records()[0]?.attempts).toMatchObject([{ credential: 'a' }, { credential: 'b', status: 200 }]);
  });

  test.each([400, 404, 422])('%i is the request’s own fault: asked once', async (status) => {
    const up = scripted({ status, pieces: ['{"error":{"message":"your fault"}}'] });
    const { gateway } = gatewayOf(up.transport, two);
    expect((await post(gateway, '/v1/chat/completions', chat())).status).toBe(status);
    expect(up.requests).toHaveLength(1);
  });

  test('all keys failing gives the last error', async () => {
    const up = scripted(
      { status: 401, pieces: ['{"error":{"message":"one"}}'] },
      { status: 429, pieces: ['{"error":{"message":"two"}}'] },
    );
    const { gateway } = gatewayOf(up.transport, two);
    const answer = await post(gateway, '/v1/chat/completions', chat());
    expect([answer.status, answer.json().error.message]).toEqual([429, 'two']);
  });

  test('a route’s next target is another upstream, and another dialect', async () => {
    const up = scripted(
      { status: 503, pieces: ['{"error":{"message":"down"}}'] },
      {
        pieces: [
          JSON.stringify({
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            model: 'claude',
            content: [{ type: 'text', text: 'Hello' }],
            stop_reason: 'end_turn',
            stop_sequence: null,
            usage: { input_tokens: 1, output_tokens: 1 },
          }),
        ],
      },
    );
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [vendor(), vendor({ name: 'claude', provider: anthropic, baseUrl: 'http://claude.test' })],
      routes: [{ model: 'm', targets: [{ upstream: 'vendor' }, { upstream: 'claude', model: 'claude-sonnet-4-5' }] }],
    });
    const answer = await post(gateway, '/v1/chat/completions', chat());
    expect(answer.json()).toMatchObject({
      model: 'm',
      choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
    });
    expect(up.requests[1]?.url).toBe('http://claude.test/v1/messages');
    expect(up.sent(1).json.model).toBe('claude-sonnet-4-5');
  });
});

describe('routing', () => {
  const many: readonly Upstream[] = [
    vendor({ name: 'oa', provider: openai, baseUrl: 'http://oa.test/v1' }),
    vendor({ name: 'an', provider: anthropic, baseUrl: 'http://an.test' }),
    vendor({ name: 'go', provider: gemini, baseUrl: 'http://go.test/v1beta/' }),
    vendor({ name: 'listed', models: ['special', 'wild-*'], baseUrl: 'http://listed.test/v1' }),
  ];
  test.each([
    ['claude-opus-5-5', 'http://an.test/v1/messages'],
    ['gpt-6.1', 'http://oa.test/v1/chat/completions'],
    ['gemini-3-pro', 'http://go.test/v1beta/models/gemini-3-pro:generateContent'],
    ['special', 'http://listed.test/v1/chat/completions'],
    ['wild-1', 'http://listed.test/v1/chat/completions'],
    ['an/whatever', 'http://an.test/v1/messages'],
    ['listed/unlisted', 'http://listed.test/v1/chat/completions'],
  ])('%s goes to %s', async (model, url) => {
    const up = scripted({ status: 400, pieces: ['{}'] });
    const { gateway } = gatewayOf(up.transport, { upstreams: many });
    await post(gateway, '/v1/chat/completions', chat({ model }));
    expect(up.requests[0]?.url).toBe(url);
  });

  test('an unknown model is a 404 that lists the known ones', async () => {
    const { gateway } = gatewayOf(scripted().transport, { upstreams: many });
    const answer = await post(gateway, '/v1/chat/completions', chat({ model: 'nothing' }));
    expect(answer.status).toBe(404);
    expect(answer.json().error).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('listed/special'),
    });
  });

  test('G1 Gemini’s path names the model; the sse form reads alt=sse', async () => {
    const up = scripted({ headers: eventStream, pieces: chatStream });
    const { gateway } = gatewayOf(up.transport);
    const body = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
    const sse = await post(gateway, '/v1beta/models/m:streamGenerateContent?alt=sse', body, {
      'x-goog-api-key': 'ours',
    });
    expect(sse.text).toContain('data: {');
    const array = await post(gateway, '/v1beta/models/m:streamGenerateContent', body);
    expect(array.headers['content-type']).toContain('application/json');
    expect(array.json()).toBeInstanceOf(Array);
    expect(array.text).not.toContain('[DONE]');
  });
});

describe('who may call', () => {
  const callers = memoryCallers([{ accessKey: 'sk-right', id: 'ann', limits: { requestsPerMinute: 2 } }]);
  const carriers: readonly (readonly [string, Record<string, string>, string])[] = [
    ['Authorization', { authorization: 'Bearer sk-right' }, ''],
    ['x-api-key', { 'x-api-key': 'sk-right' }, ''],
    ['x-goog-api-key', { 'x-goog-api-key': 'sk-right' }, ''],
    ['?key=', {}, '?key=sk-right'],
  ];
  test.each(carriers)('H1 H6 the access key is read from %s and goes no further', async (_, headers, query) => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway } = gatewayOf(up.transport, { ports: { callers } });
    const answer = await post(gateway, `/v1/chat/completions${query}`, chat(), headers);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(up.requests[0]?.headers) + up.requests[0]?.url).not.toContain('sk-right');
  });

  test('no key and a wrong key are 401 in the caller’s dialect, and the upstream is not asked', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway, ledger } = gatewayOf(up.transport, { ports: { callers } });
    expect((await post(gateway, '/v1/messages', messages())).json()).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    });
    expect((await post(gateway, '/v1/chat/completions', chat(), { authorization: 'Bearer x' })).json().error.code).toBe(
      'invalid_api_key',
    );
    expect(up.requests).toHaveLength(0);
    expect(ledger.records().map(({ status }) => status)).toEqual([401, 401]);
  });

  test('a caller over its limit hears which, and when it frees', async () => {
    const up = scripted({ pieces: [chatReply] });
    const { gateway } = gatewayOf(up.transport, { ports: { callers } });
    const ask = () => post(gateway, '/v1/messages', messages(), { 'x-api-key': 'sk-right' });
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.json().error.message).toMatch(/2 requests/);
  });
});

describe('bad input', () => {
  test.each([
    ['not JSON', '{x', 400],
    ['an array', '[]', 400],
    ['nothing', '', 400],
    ['no model', '{"messages":[]}', 400],
    ['a stream that is no boolean', '{"model":"m","stream":"yes"}', 400],
  ])('%s is a 400 in the caller’s dialect', async (_, body, status) => {
    const { gateway } = gatewayOf(scripted().transport);
    const answer = await post(gateway, '/v1/messages', body);
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  test('a body that is too large is a 413', async () => {
    const { gateway } = gatewayOf(scripted().transport, { maxBodyBytes: 10 });
    expect((await post(gateway, '/v1/chat/completions', chat())).status).toBe(413);
  });

  test('a model’s name that is as long as a book is refused, and is in no record', async () => {
    const up = scripted();
    const { gateway, ledger } = gatewayOf(up.transport);
    const answer = await post(gateway, '/v1/chat/completions', chat({ model: 'x'.repeat(4097) }));
    expect(answer.status).toBe(400);
    expect(answer.json().error).toMatchObject({ param: 'model', message: expect.stringContaining('4097 characters') });
    expect(JSON.stringify(ledger.records()).length).toBeLessThan(1000);
    expect(up.requests).toEqual([]);
  });

  test('an unknown door is a 404 that lists the doors', async () => {
    const { gateway } = gatewayOf(scripted().transport);
    const answer = await post(gateway, '/v2/nothing', {});
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('/v1/messages');
  });
});

describe('lists and counts', () => {
  const upstreams = [vendor({ models: ['one', 'two', 'any-*'] })];
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const { gateway } = gatewayOf(scripted().transport, { upstreams });
    const answer = await gateway.handle({ method: 'GET', url, headers, signal: new AbortController().signal });
    return JSON.parse(textOf(answer.body as string)) as unknown; // lists are whole bodies
  };
  test('N2 one path lists the models for three dialects', async () => {
    expect(await get('/v1/models')).toMatchObject({
      object: 'list',
      data: [{ id: 'one', object: 'model' }, { id: 'two' }],
    });
    expect(await get('/v1/models', { 'anthropic-version': '2023-06-01' })).toMatchObject({
      data: [{ type: 'model', id: 'one' }, { id: 'two' }],
      has_more: false,
    });
    expect(await get('/v1/models', { 'x-goog-api-key': 'k' })).toMatchObject({
      models: [{ name: 'models/one' }, { name: 'models/two' }],
    });
    expect(await get('/v1beta/models')).toMatchObject({ models: [{ name: 'models/one' }, { name: 'models/two' }] });
    expect(await get('/v1/models/two')).toMatchObject({ id: 'two' });
  });

  test('N1 counting asks no model: natively where there is a counter, else over-estimated', async () => {
    const up = scripted({ pieces: ['{"totalTokens":42}'] });
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [vendor({ provider: gemini, baseUrl: 'http://go.test' })],
    });
    const native = await post(gateway, '/v1/messages/count_tokens?beta=true', messages());
    expect(native.json()).toEqual({ input_tokens: 42 });
    expect(up.requests[0]?.url).toBe('http://go.test/v1beta/models/m:countTokens');
    const none = scripted();
    const { gateway: chatOnly } = gatewayOf(none.transport);
    const estimate = await post(chatOnly, '/v1/messages/count_tokens', messages({ system: 'word '.repeat(100) }));
    expect(estimate.json().input_tokens).toBeGreaterThan(100);
    expect(none.requests).toHaveLength(0);
  });
});

test('a part of a reply that the caller’s dialect has no form for is told, whole and streamed', async () => {
  const block = { type: 'future_block', data: 'x' };
  const reply = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'c',
    content: [block, { type: 'text', text: 'Hi' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const event = (data: { readonly type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  const pieces = [
    { type: 'message_start', message: { ...reply, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ].map(event);
  const upstreams = [vendor({ provider: anthropic, baseUrl: 'http://claude.test' })];
  const lost = { type: 'dropped', field: 'reply.future_block' };

  const whole = gatewayOf(scripted({ pieces: [JSON.stringify(reply)] }).transport, { upstreams });
  const answer = await post(whole.gateway, '/v1/chat/completions', chat());
  expect(answer.headers['x-proxy-notices']).toContain('dropped reply.future_block');

  const streamed = gatewayOf(scripted({ headers: eventStream, pieces }).transport, { upstreams });
  await post(streamed.gateway, '/v1/chat/completions', chat({ stream: true }));
  await Promise.resolve();
  expect(streamed.ledger.records()[0]?.notices).toContainEqual(expect.objectContaining(lost));
});
