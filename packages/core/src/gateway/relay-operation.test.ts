import { describe, expect, test } from 'vitest';
import { memoryCallers, memoryLedger } from '../memory.ts';
import type { OutboundRequest, Sink, Transport } from '../ports.ts';
import { anthropic, azure, gemini, openai, openaiCompatible } from '../providers/registry.ts';
import { createGateway } from './create.ts';
import type { GatewayOptions, Upstream } from './gateway.ts';
import type { HttpAnswer } from './http.ts';
import { readAll } from './read-all.ts';

interface Script {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

const encoder = new TextEncoder();

/** Answers the requests one after another, the last script again and again. */
function scripted(...scripts: readonly Script[]) {
  const requests: OutboundRequest[] = [];
  const transport: Transport = {
    async send(request) {
      const script = scripts[Math.min(requests.length, scripts.length - 1)] ?? {};
      requests.push(request);
      const { status = 200, type = 'application/json', headers = {}, body = '{}' } = script;
      return {
        status,
        headers: { ...(type !== '' && { 'content-type': type }), ...headers },
        body: {
          start(sink) {
            if (body.length > 0) sink.write(typeof body === 'string' ? encoder.encode(body) : body);
            sink.end();
            return { resume: () => undefined, cancel: () => undefined };
          },
        },
      };
    },
  };
  return { transport, requests };
}

/** A reply whose bytes the test pushes itself. */
function manual(type: string) {
  const state = { cancelled: false, resumed: 0 };
  let sink: Sink | undefined;
  const flow = { resume: () => void (state.resumed += 1), cancel: () => void (state.cancelled = true) };
  const transport: Transport = {
    send: async () => ({
      status: 200,
      headers: { 'content-type': type },
      body: { start: (given) => ((sink = given), flow) },
    }),
  };
  const push = (text: string) => sink?.write(encoder.encode(text));
  return { transport, state, push, fail: (error: Error) => sink?.fail(error), end: () => sink?.end() };
}

const key = (id: string) => ({ id, secret: `secret-${id}` });
const vendor = (given: Partial<Upstream> = {}): Upstream => ({
  name: 'vendor',
  provider: openaiCompatible,
  baseUrl: 'http://up.test/v1',
  credentials: [key('a')],
  ...given,
});

type Given = Partial<Omit<GatewayOptions, 'ports'>> & { readonly ports?: Partial<GatewayOptions['ports']> };

function gatewayOf(transport: Transport, given: Given = {}) {
  const ledger = memoryLedger();
  const gateway = createGateway({ upstreams: [vendor()], ...given, ports: { transport, ledger, ...given.ports } });
  return { gateway, ledger };
}

type Asked = HttpAnswer & { readonly text: string; readonly json: () => ReturnType<typeof JSON.parse> };

async function ask(
  gateway: ReturnType<typeof createGateway>,
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Asked> {
  const answer = await open(gateway, line, body, headers);
  const raw = answer.body;
  const bytes =
    raw === undefined || typeof raw === 'string' || raw instanceof Uint8Array
      ? raw
      : await readAll(raw, 1e9, () => new Error('too large'));
  await Promise.resolve();
  const text = textOf(bytes);
  return { ...answer, text, json: () => JSON.parse(text) };
}

function open(
  gateway: ReturnType<typeof createGateway>,
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const [method = '', url = ''] = line.split(' ');
  return gateway.handle({
    method,
    url,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: encoder.encode(typeof body === 'string' ? body : JSON.stringify(body)) }),
    signal: new AbortController().signal,
  });
}

function textOf(body: OutboundRequest['body']): string {
  if (typeof body === 'object' && 'start' in body) throw new Error('The body is still coming in.');
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : (body ?? '');
}

const embeddings = JSON.stringify({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }],
  model: 'e-real',
  usage: { prompt_tokens: 8, total_tokens: 8 },
});
const embed = (given: object = {}) => ({ model: 'e', input: 'Hi', ...given });

describe('an operation with a model', () => {
  test.each(['embeddings', 'completions', 'moderations', 'images/generations', 'audio/speech', 'rerank'])(
    '%s: the bytes go through both ways',
    async (path) => {
      const up = scripted({ body: embeddings, headers: { 'x-request-id': 'r1', 'set-cookie': 'no' } });
      const { gateway } = gatewayOf(up.transport);
      const body = JSON.stringify(embed(), null, 3);
      const answer = await ask(gateway, `POST /v1/${path}?a=b`, body, {
        authorization: 'Bearer ours',
        'x-custom': 'yes',
      });
      expect([answer.status, answer.text]).toEqual([200, embeddings]);
      expect(answer.headers).toMatchObject({ 'x-request-id': 'r1', 'content-type': 'application/json' });
      expect(answer.headers['x-proxy-request-id']).toMatch(/^req_/);
      expect(answer.headers).not.toHaveProperty('set-cookie');
      expect(textOf(up.requests[0]?.body)).toBe(body);
      expect(up.requests[0]).toMatchObject({ method: 'POST', url: `http://up.test/v1/${path}?a=b` });
      expect(up.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret-a', 'x-custom': 'yes' });
    },
  );

  test('what it cost is on record', async () => {
    const { gateway, ledger } = gatewayOf(scripted({ body: embeddings }).transport);
    await ask(gateway, 'POST /v1/embeddings', embed());
    expect(ledger.records()).toMatchObject([
      {
        operation: 'embed',
        way: 'relay',
        status: 200,
        model: 'e',
        upstream: 'vendor',
        upstreamModel: 'e',
        usage: { inputTokens: 8 },
        attempts: [{ credential: 'a', status: 200 }],
      },
    ]);
  });

  test.each([
    ['as images count', { input_tokens: 5, output_tokens: 90, total_tokens: 95 }, { inputTokens: 5, outputTokens: 90 }],
    ['as Jina counts', { total_tokens: 7 }, { inputTokens: 7 }],
    ['not at all', {}, undefined],
  ])('usage %s', async (_, usage, expected) => {
    const { gateway, ledger } = gatewayOf(scripted({ body: JSON.stringify({ usage }) }).transport);
    await ask(gateway, 'POST /v1/images/generations', { model: 'i', prompt: 'A cat' });
    expect(ledger.records()[0]?.usage).toEqual(expected);
  });

  test('an aliased model is spliced into the request', async () => {
    const up = scripted({ body: embeddings });
    const { gateway } = gatewayOf(up.transport, { upstreams: [vendor({ models: { e: 'e-real' } })] });
    await ask(gateway, 'POST /v1/embeddings', '{"input": "Hi",  "model": "e"}');
    expect(textOf(up.requests[0]?.body)).toBe('{"input": "Hi",  "model": "e-real"}');
  });

  test('a refused key is followed by the next, and rests', async () => {
    const up = scripted({ status: 429, body: '{"error":{"message":"slow"}}' }, { body: embeddings });
    const { gateway, ledger } = gatewayOf(up.transport, {
      upstreams: [vendor({ credentials: [key('a'), key('b')] })],
    });
    expect((await ask(gateway, 'POST /v1/embeddings', embed())).text).toBe(embeddings);
    await ask(gateway, 'POST /v1/embeddings', embed());
    expect(up.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer secret-a',
      'Bearer secret-b',
      'Bearer secret-b',
    ]);
    expect(ledger.records()[0]?.attempts).toMatchObject([
      { credential: 'a', status: 429, failure: 'rate-limited' },
      { credential: 'b', status: 200 },
    ]);
  });

  test('a refusal is told in the caller’s dialect, without the key that it repeats', async () => {
    const up = scripted({ status: 422, body: '{"error":{"message":"secret-a asks for too much","param":"input"}}' });
    const { gateway } = gatewayOf(up.transport);
    const answer = await ask(gateway, 'POST /v1/embeddings', embed());
    expect(answer.status).toBe(422);
    expect(answer.json().error).toMatchObject({ message: '*** asks for too much', param: 'input' });
  });

  test.each([
    ['Bearer', { authorization: 'Bearer gate-token-1' }],
    ['another scheme', { 'x-gate-authorization': 'Token gate-token-1' }],
    ['none', { 'x-gate-key': 'gate-token-1' }],
  ])('nor without a token of a configured header, whatever scheme is before it: %s', async (_name, headers) => {
    const up = scripted({ status: 422, body: '{"error":{"message":"gate-token-1 is unknown here"}}' });
    const { gateway } = gatewayOf(up.transport, { upstreams: [vendor({ headers })] });
    const answer = await ask(gateway, 'POST /v1/embeddings', embed());
    expect(answer.json().error).toMatchObject({ message: '*** is unknown here' });
  });

  test('a redirection is not followed', async () => {
    const up = scripted({ status: 302, headers: { location: 'http://elsewhere.test/' } });
    const answer = await ask(gatewayOf(up.transport).gateway, 'POST /v1/embeddings', embed());
    expect(answer.status).toBe(502);
    expect(answer.headers).not.toHaveProperty('location');
  });

  test('a place without the operation is no place to ask', async () => {
    const up = scripted({ body: embeddings });
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [vendor({ name: 'claude', provider: anthropic }), vendor({ name: 'go', provider: gemini }), vendor()],
    });
    for (const model of ['claude/c', 'gemini-2.5-pro']) {
      const answer = await ask(gateway, 'POST /v1/completions', embed({ model }));
      expect(answer.status).toBe(400);
      expect(answer.json().error).toMatchObject({
        message: expect.stringContaining('Ask for a model of "vendor"'),
        param: 'model',
      });
    }
    expect(up.requests).toHaveLength(0);
  });

  test('of a route only the targets that have it are tried', async () => {
    const up = scripted({ body: embeddings });
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [vendor({ name: 'claude', provider: anthropic }), vendor()],
      routes: [{ model: 'e', targets: [{ upstream: 'claude' }, { upstream: 'vendor', model: 'mine' }] }],
    });
    await ask(gateway, 'POST /v1/embeddings', embed());
    expect(textOf(up.requests[0]?.body)).toContain('"mine"');
    expect(up.requests[0]?.url).toBe('http://up.test/v1/embeddings');
  });

  test('nobody here has it', async () => {
    const { gateway } = gatewayOf(scripted().transport, { upstreams: [vendor({ provider: openai })] });
    const answer = await ask(gateway, 'POST /v1/rerank', { model: 'r', query: 'q', documents: [] });
    expect(answer.status).toBe(404);
    expect(answer.json().error.message).toContain('"rerank"');
  });

  test.each(['{"input":"Hi"}', '[]', '', '{"model":'])('a body without a model: %s', async (body) => {
    const answer = await ask(gatewayOf(scripted().transport).gateway, 'POST /v1/embeddings', body);
    expect(answer.status).toBe(400);
    expect(answer.json().error.type).toBe('invalid_request_error');
  });

  test('OpenAI’s own names lead home', async () => {
    const up = scripted({ body: embeddings });
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [vendor(), vendor({ name: 'oa', provider: openai, baseUrl: 'http://oa.test' })],
    });
    await ask(gateway, 'POST /v1/embeddings', embed({ model: 'text-embedding-3-small' }));
    await ask(gateway, 'POST /v1/moderations', { input: 'x', model: 'omni-moderation-latest' });
    expect(up.requests.map(({ url }) => url)).toEqual([
      'http://oa.test/v1/embeddings',
      'http://oa.test/v1/moderations',
    ]);
  });

  test.each([
    ['2024-10-21', 'http://az.test/openai/deployments/e/embeddings?api-version=2024-10-21'],
    ['v1', 'http://az.test/openai/v1/embeddings'],
  ])('Azure, version %s', async (apiVersion, url) => {
    const up = scripted({ body: embeddings });
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [vendor({ provider: azure, baseUrl: 'http://az.test', settings: { apiVersion } })],
    });
    await ask(gateway, 'POST /v1/embeddings', embed());
    expect(up.requests[0]?.url).toBe(url);
    await ask(gateway, 'GET /v1/files/file-1');
    expect(up.requests[1]?.url).toBe(url.replace(/(deployments\/e\/)?embeddings/, 'files/file-1'));
  });
});

describe('admission', () => {
  test('an unknown key is refused before anything is sent', async () => {
    const up = scripted({ body: embeddings });
    const { gateway, ledger } = gatewayOf(up.transport, {
      ports: { callers: memoryCallers([{ id: 'c1', accessKey: 'ours' }]) },
    });
    for (const line of ['POST /v1/embeddings', 'GET /v1/files', 'DELETE /v1/responses/resp_1']) {
      const answer = await ask(gateway, line, line.startsWith('POST') ? embed() : undefined, {
        authorization: 'Bearer theirs',
      });
      expect(answer.status).toBe(401);
      expect(answer.json().error.message).toBe('Unknown access key.');
    }
    expect(up.requests).toHaveLength(0);
    expect(ledger.records().map(({ operation, status }) => [operation, status])).toEqual([
      ['embed', 401],
      ['list-files', 401],
      ['delete-response', 401],
    ]);
  });

  test('requests of every operation count', async () => {
    const up = scripted({ body: embeddings });
    const { gateway } = gatewayOf(up.transport, { limits: { requestsPerMinute: 2 } });
    expect((await ask(gateway, 'POST /v1/embeddings', embed())).status).toBe(200);
    expect((await ask(gateway, 'GET /v1/files')).status).toBe(200);
    const refused = await ask(gateway, 'POST /v1/embeddings', embed());
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(up.requests).toHaveLength(2);
  });

  test('the tokens that a reply tells of count, not the estimate', async () => {
    const up = scripted({ body: embeddings.replaceAll(':8', ':900') });
    const { gateway } = gatewayOf(up.transport, { limits: { tokensPerMinute: 1000 } });
    expect((await ask(gateway, 'POST /v1/embeddings', embed())).status).toBe(200);
    expect((await ask(gateway, 'POST /v1/embeddings', embed({ input: 'x'.repeat(400) }))).status).toBe(429);
    expect((await ask(gateway, 'POST /v1/embeddings', embed())).status).toBe(200);
  });

  test('a place is held until the last byte', async () => {
    const up = manual('audio/mpeg');
    const { gateway } = gatewayOf(up.transport, { limits: { concurrency: 1 } });
    const opening = open(gateway, 'POST /v1/audio/speech', { model: 't', input: 'Hi', voice: 'alloy' });
    await new Promise((resolve) => setTimeout(resolve));
    up.push('ID3');
    const answer = await opening;
    expect((await ask(gateway, 'POST /v1/embeddings', embed())).status).toBe(429);
    const reading = readAll(bodyOf(answer), 100, () => new Error('too large'));
    up.push('more');
    up.end();
    expect(textOf(await reading)).toBe('ID3more');
    const again = open(gateway, 'POST /v1/audio/speech', { model: 't', input: 'Hi', voice: 'alloy' });
    await new Promise((resolve) => setTimeout(resolve));
    up.push('ID3');
    expect((await again).status).toBe(200);
  });
});

describe('a reply that streams', () => {
  const frames = [
    'data: {"id":"c","object":"text_completion","created":1,"model":"e","choices":[{"text":"He","index":0,"finish_reason":null}]}\n\n',
    'data: {"id":"c","object":"text_completion","created":1,"model":"e","choices":[{"text":"y","index":0,"finish_reason":"stop"}]}\n\n',
    'data: {"id":"c","object":"text_completion","created":1,"model":"e","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n',
    'data: [DONE]\n\n',
  ];
  const complete = { model: 'e', prompt: 'Hi', stream: true };

  test('goes through as it is, with its usage on record', async () => {
    const up = scripted({ type: 'text/event-stream', body: frames.join('') });
    const { gateway, ledger } = gatewayOf(up.transport);
    const answer = await ask(gateway, 'POST /v1/completions', complete);
    expect(answer.text).toBe(frames.join(''));
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(ledger.records()).toMatchObject([{ streaming: true, usage: { inputTokens: 3, outputTokens: 2 } }]);
  });

  test('each piece passes when it comes, pauses travel up, and so does leaving', async () => {
    const up = manual('text/event-stream');
    const { gateway, ledger } = gatewayOf(up.transport);
    const opening = open(gateway, 'POST /v1/completions', complete);
    await new Promise((resolve) => setTimeout(resolve));
    up.push(frames[0] ?? '');
    const out: string[] = [];
    let more = true;
    const flow = bodyOf(await opening).start({
      write: (chunk) => (out.push(textOf(chunk)), more),
      end: () => undefined,
      fail: () => undefined,
    });
    expect(out).toEqual([frames[0]]);
    more = false;
    expect(up.push(frames[1] ?? '')).toBe(false);
    const { resumed } = up.state;
    flow.resume();
    expect(up.state.resumed).toBe(resumed + 1);
    flow.cancel();
    expect(up.state.cancelled).toBe(true);
    await new Promise((resolve) => setTimeout(resolve));
    expect(ledger.records()).toMatchObject([{ failure: { kind: 'client-gone' } }]);
  });

  test('an error as its first event is a status, and another key is tried', async () => {
    const up = scripted(
      { type: 'text/event-stream', body: 'data: {"error":{"message":"busy","type":"server_error"}}\n\n' },
      { type: 'text/event-stream', body: frames.join('') },
    );
    const { gateway } = gatewayOf(up.transport, { upstreams: [vendor({ credentials: [key('a'), key('b')] })] });
    expect((await ask(gateway, 'POST /v1/completions', complete)).text).toBe(frames.join(''));
    expect(up.requests).toHaveLength(2);
  });

  test.each(['text/event-stream', 'audio/mpeg', 'application/json'])(
    'E5 %s that breaks off breaks the caller’s connection, and never ends well',
    async (type) => {
      for (const readEarly of [true, false]) {
        const up = manual(type);
        const { gateway, ledger } = gatewayOf(up.transport);
        const opening = open(gateway, 'POST /v1/completions', complete);
        await new Promise((resolve) => setTimeout(resolve));
        up.push(frames[0] ?? '');
        const body = bodyOf(await opening);
        const early = readEarly ? broken(body) : undefined;
        up.fail(new Error('ECONNRESET'));
        await expect(early ?? broken(body)).resolves.toMatch(/ECONNRESET/);
        expect(ledger.records()).toMatchObject([{ failure: { kind: 'bad-upstream' } }]);
      }
    },
  );

  function broken(body: ReturnType<typeof bodyOf>): Promise<string> {
    return readAll(body, 1e6, () => new Error('too large')).then(
      () => 'it ended well',
      (error: unknown) => String(error),
    );
  }
});

describe('an operation without a model', () => {
  const upstreams = [
    vendor({ name: 'claude', provider: anthropic }),
    vendor(),
    vendor({ name: 'oa', provider: openai, baseUrl: 'http://oa.test/v1' }),
  ];

  test.each([
    ['GET /v1/files?limit=2', 'GET http://up.test/v1/files?limit=2'],
    ['GET /v1/files/file-1', 'GET http://up.test/v1/files/file-1'],
    ['DELETE /v1/files/file-1', 'DELETE http://up.test/v1/files/file-1'],
    ['GET /v1/files/file-1/content', 'GET http://up.test/v1/files/file-1/content'],
    ['GET /v1/batches', 'GET http://up.test/v1/batches'],
    ['POST /v1/batches', 'POST http://up.test/v1/batches'],
    ['GET /v1/batches/batch_1', 'GET http://up.test/v1/batches/batch_1'],
    ['POST /v1/batches/batch_1/cancel', 'POST http://up.test/v1/batches/batch_1/cancel'],
    ['POST /v1/moderations', 'POST http://up.test/v1/moderations'],
    ['GET /v1/responses/resp_1?stream=true', 'GET http://oa.test/v1/responses/resp_1?stream=true'],
    ['DELETE /v1/responses/resp_1', 'DELETE http://oa.test/v1/responses/resp_1'],
    ['POST /v1/responses/resp_1/cancel', 'POST http://oa.test/v1/responses/resp_1/cancel'],
    ['GET /v1/responses/resp_1/input_items', 'GET http://oa.test/v1/responses/resp_1/input_items'],
  ])('%s goes to the first that has it', async (line, expected) => {
    const up = scripted();
    const { gateway } = gatewayOf(up.transport, { upstreams });
    const body = line.endsWith('batches') || line.endsWith('moderations') ? '{"input_file_id":"file-1"}' : undefined;
    const answer = await ask(gateway, line, line.startsWith('POST') ? body : undefined);
    expect(answer.status).toBe(200);
    const { method, url, body: sent } = up.requests[0] ?? {};
    expect(`${method} ${url}`).toBe(expected);
    expect(sent === undefined ? undefined : textOf(sent)).toBe(line.startsWith('POST') ? body : undefined);
  });

  test.each([
    ['GET /v1/files?upstream=oa&limit=1', {}],
    ['GET /v1/files?limit=1', { 'x-proxy-upstream': 'oa' }],
  ])('%s names the upstream, which does not hear of it', async (line, headers) => {
    const up = scripted();
    const { gateway } = gatewayOf(up.transport, { upstreams });
    await ask(gateway, line, undefined, headers);
    expect(up.requests[0]?.url).toBe('http://oa.test/v1/files?limit=1');
    expect(up.requests[0]?.headers).not.toHaveProperty('x-proxy-upstream');
  });

  test.each(['claude', 'nobody'])('an upstream "%s" that does not have it is refused', async (name) => {
    const up = scripted();
    const { gateway } = gatewayOf(up.transport, { upstreams });
    const answer = await ask(gateway, 'GET /v1/files', undefined, { 'x-proxy-upstream': name });
    expect(answer.status).toBe(400);
    expect(answer.json().error.message).toContain('"vendor", "oa"');
    expect(up.requests).toHaveLength(0);
  });

  test('what one key does not know another may, and neither rests', async () => {
    const missing = { status: 404, body: '{"error":{"message":"No such file"}}' };
    const up = scripted(missing, {}, missing, missing);
    const { gateway } = gatewayOf(up.transport, { upstreams: [vendor({ credentials: [key('a'), key('b')] })] });
    expect((await ask(gateway, 'GET /v1/files/file-1')).status).toBe(200);
    const answer = await ask(gateway, 'GET /v1/files/file-2');
    expect([answer.status, answer.json().error.message]).toEqual([404, 'No such file']);
    expect(up.requests.map(({ headers }) => headers.authorization?.at(-1))).toEqual(['a', 'b', 'a', 'b']);
  });

  test('what a kept response once cost is not charged again', async () => {
    const up = scripted({ body: '{"id":"resp_1","usage":{"input_tokens":500,"output_tokens":500}}' });
    const { gateway, ledger } = gatewayOf(up.transport, { upstreams, limits: { tokensPerMinute: 100 } });
    for (let call = 0; call < 3; call += 1) expect((await ask(gateway, 'GET /v1/responses/resp_1')).status).toBe(200);
    expect(ledger.records()[0]).toHaveProperty('usage', undefined);
    expect(ledger.records()[0]).toHaveProperty('model', undefined);
    expect(ledger.records()[0]).toMatchObject({ operation: 'get-response', upstream: 'oa', way: 'relay' });
  });

  test.each([
    '/v1/files/%2e%2e',
    '/v1/files/..%2Ffine_tuning',
    '/v1/files/a/b',
    '/v1/responses/../files',
    '/v1/files/a%3Fb',
  ])('an id that would lead elsewhere is refused: %s', async (url) => {
    const up = scripted();
    const { gateway } = gatewayOf(up.transport, { upstreams });
    const answer = await ask(gateway, `GET ${url}`);
    expect(answer.status).toBe(400);
    expect(answer.json().error.message).toContain('Malformed');
    expect(up.requests).toHaveLength(0);
  });

  test('no content is none', async () => {
    const { gateway } = gatewayOf(scripted({ status: 204, type: '', body: '' }).transport);
    const answer = await ask(gateway, 'DELETE /v1/files/file-1');
    expect([answer.status, answer.body]).toEqual([204, undefined]);
  });
});

describe('Gemini’s embeddings', () => {
  const go = vendor({ name: 'go', provider: gemini, baseUrl: 'http://go.test/v1beta/' });
  const reply = '{"embeddings":[{"values":[0.5]}],"usageMetadata":{"promptTokenCount":4}}';
  const requests = (model: string) => ({ requests: [{ model, content: { parts: [{ text: 'Hi' }] } }] });

  test.each(['embedContent', 'batchEmbedContents'])(':%s goes through as it is', async (verb) => {
    const up = scripted({ body: reply });
    const { gateway, ledger } = gatewayOf(up.transport, { upstreams: [vendor(), go] });
    const body = JSON.stringify(requests('models/gemini-embedding-001'), null, 3);
    const answer = await ask(gateway, `POST /v1beta/models/gemini-embedding-001:${verb}?key=ours`, body);
    expect([answer.status, answer.text]).toEqual([200, reply]);
    expect(up.requests[0]?.url).toBe(`http://go.test/v1beta/models/gemini-embedding-001:${verb}`);
    expect(textOf(up.requests[0]?.body)).toBe(body);
    expect(up.requests[0]?.headers['x-goog-api-key']).toBe('secret-a');
    expect(ledger.records()).toMatchObject([{ operation: 'embed', usage: { inputTokens: 4 } }]);
  });

  test('an alias is replaced in the path and in every request', async () => {
    const up = scripted({ body: reply });
    const { gateway } = gatewayOf(up.transport, {
      upstreams: [{ ...go, models: { e: 'models/gemini-embedding-001' } }],
    });
    await ask(gateway, 'POST /v1beta/models/e:batchEmbedContents', requests('models/e'));
    await ask(gateway, 'POST /v1beta/models/e:embedContent', { content: { parts: [] } });
    expect(up.requests.map(({ url }) => url.replace(/.*models/, ''))).toEqual([
      '/gemini-embedding-001:batchEmbedContents',
      '/gemini-embedding-001:embedContent',
    ]);
    expect(textOf(up.requests[0]?.body)).toBe(JSON.stringify(requests('models/gemini-embedding-001')));
    expect(textOf(up.requests[1]?.body)).toBe('{"content":{"parts":[]}}');
  });

  test.each([
    ['an upstream without any', 'claude/c', 'model of \\"vendor\\", \\"go\\"'],
    ['a model that is a path', 'go/..', 'Malformed model'],
  ])('%s is refused', async (_, model, message) => {
    const up = scripted({ body: reply });
    const upstreams = [vendor({ name: 'claude', provider: anthropic }), vendor(), go];
    const { gateway } = gatewayOf(up.transport, { upstreams });
    const answer = await ask(gateway, `POST /v1beta/models/${model}:embedContent`, { content: { parts: [] } });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(message);
    expect(up.requests).toHaveLength(0);
  });
});

function bodyOf({ body }: HttpAnswer) {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array)
    throw new Error('It does not stream.');
  return body;
}
