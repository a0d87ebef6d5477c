import { describe, expect, test } from 'vitest';
import { memoryCallers, memoryLedger } from '../memory.ts';
import type { OutboundRequest } from '../ports.ts';
import { bedrock, gemini, openaiCompatible, vertex } from '../providers/registry.ts';
import { fakeTimers } from '../testing/fake-timers.ts';
import { jsonOf } from '../testing/places.ts';
import { createGateway } from './create.ts';
import type { GatewayOptions, Upstream } from './gateway.ts';

interface Answer {
  readonly status?: number;
  readonly body: object;
}

const awsKeys = 'AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const upstreams: readonly Upstream[] = [
  { name: 'go', provider: gemini, baseUrl: 'http://go.test', credentials: [{ id: 'g1', secret: 'key-of-go' }] },
  {
    name: 'vx',
    provider: vertex,
    settings: { location: 'us-east5', project: 'p' },
    credentials: [{ id: 'v1', secret: 'key-of-vertex' }],
  },
  {
    name: 'aws',
    provider: bedrock,
    settings: { region: 'eu-west-1' },
    credentials: [{ id: 'a1', secret: awsKeys }],
  },
  {
    name: 'oa',
    provider: openaiCompatible,
    baseUrl: 'http://oa.test',
    credentials: [{ id: 'o1', secret: 'key-of-oa' }],
  },
];

type Given = Partial<Omit<GatewayOptions, 'ports'>> & { readonly ports?: Partial<GatewayOptions['ports']> };

function gatewayOf(answer: (request: OutboundRequest) => Answer | Promise<Answer>, given: Given = {}) {
  const requests: OutboundRequest[] = [];
  const ledger = memoryLedger();
  const gateway = createGateway({
    upstreams,
    ...given,
    ports: {
      ledger,
      ...given.ports,
      transport: {
        async send(request) {
          requests.push(request);
          const { status = 200, body } = await answer(request);
          return {
            status,
            headers: { 'content-type': 'application/json', 'x-request-id': 'theirs' },
            body: {
              start(sink) {
                sink.write(new TextEncoder().encode(JSON.stringify(body)));
                sink.end();
                return { resume: () => undefined, cancel: () => undefined };
              },
            },
          };
        },
      },
    },
  });
  async function ask(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
    const reply = await gateway.handle({
      method: 'POST',
      url,
      headers,
      body: new TextEncoder().encode(JSON.stringify(body)),
      signal: new AbortController().signal,
    });
    // What the hub answers is whole, a refusal as well.
    return { ...reply, json: JSON.parse(String(reply.body)) as ReturnType<typeof JSON.parse> };
  }
  return { ask, requests, ledger };
}

const geminiReply = { embeddings: [{ values: [0.5] }], usageMetadata: { promptTokenCount: 4 } };
const titanReply = { embedding: [0.5], inputTextTokenCount: 3 };
const openaiReply = { data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 2, total_tokens: 2 } };

describe('where it goes', () => {
  test.each([
    ['go/gemini-embedding-001', 'http://go.test/v1beta/models/gemini-embedding-001:batchEmbedContents', geminiReply],
    [
      'vx/text-embedding-005',
      'https://us-east5-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-east5/publishers/google/models/text-embedding-005:predict',
      { predictions: [{ embeddings: { values: [1], statistics: { token_count: 1 } } }] },
    ],
    [
      'vx/gemini-embedding-2-preview',
      'https://us-east5-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-east5/publishers/google/models/gemini-embedding-2-preview:embedContent',
      { embedding: { values: [1] }, usageMetadata: { promptTokenCount: 1 } },
    ],
    [
      'aws/amazon.titan-embed-text-v2:0',
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.titan-embed-text-v2%3A0/invoke',
      titanReply,
    ],
    [
      'aws/eu.cohere.embed-v4:0',
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.cohere.embed-v4%3A0/invoke',
      { embeddings: { float: [[1]] } },
    ],
  ])('OpenAI’s callers: %s', async (model, url, body) => {
    const { ask, requests } = gatewayOf(() => ({ body }));
    const answer = await ask('/v1/embeddings', { model, input: 'Hi' });
    expect([answer.status, answer.json.object, answer.json.model]).toEqual([200, 'list', model]);
    expect(requests.map((request) => request.url)).toEqual([url]);
    if (model.startsWith('aws'))
      expect(requests[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/);
  });

  test('Gemini’s callers: OpenAI', async () => {
    const { ask, requests } = gatewayOf(() => ({ body: openaiReply }));
    const answer = await ask('/v1beta/models/oa/e:embedContent', { content: { parts: [{ text: 'Hi' }] } });
    expect(answer.json).toMatchObject({ embedding: { values: [1] } });
    expect(requests[0]?.url).toBe('http://oa.test/v1/embeddings');
    expect(jsonOf(requests[0])).toEqual({ model: 'e', input: ['Hi'], encoding_format: 'float' });
  });

  test('a model that makes none is refused by name', async () => {
    const { ask, requests } = gatewayOf(() => ({ body: {} }));
    for (const model of ['aws/anthropic.claude-sonnet-4', 'vx/gemini-2.5-pro']) {
      const answer = await ask('/v1/embeddings', { model, input: 'Hi' });
      expect([answer.status, answer.json.error.param]).toEqual([400, 'model']);
    }
    expect(requests).toHaveLength(0);
  });

  test.each(['go/a/../b', 'go/..', 'go/a//b'])('a model that is a path leads nowhere: %s', async (model) => {
    const { ask, requests } = gatewayOf(() => ({ body: geminiReply }));
    expect((await ask('/v1/embeddings', { model, input: 'Hi' })).status).toBe(400);
    expect(requests).toHaveLength(0);
  });
});

describe('one request, several calls', () => {
  test('in order however they end, eight at a time', async () => {
    let running = 0;
    let most = 0;
    let asked = 0;
    let waiting: (() => void)[] = [];
    // They end once eight wait, the last first; a ninth would have come by then.
    const release = () => {
      const waited = waiting.reverse();
      waiting = [];
      for (const end of waited) end();
    };
    const { ask, requests, ledger } = gatewayOf(async (request) => {
      most = Math.max(most, (running += 1));
      asked += 1;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 8 || asked === 30) setTimeout(release, 1);
      });
      running -= 1;
      return { body: { embedding: [Number(jsonOf(request).inputText)], inputTextTokenCount: 2 } };
    });
    const input = Array.from({ length: 30 }, (_, index) => String(index));
    const answer = await ask('/v1/embeddings', { model: 'aws/amazon.titan-embed-text-v2:0', input });
    expect(answer.json.data.map(({ embedding }: { embedding: number[] }) => embedding[0])).toEqual(input.map(Number));
    expect(answer.json.usage).toEqual({ prompt_tokens: 60, total_tokens: 60 });
    expect([requests.length, most]).toEqual([30, 8]);
    expect(ledger.records()).toMatchObject([{ usage: { inputTokens: 60 }, attempts: [{ status: 200 }] }]);
  });

  test('the first that is refused ends the others, and is what the caller hears', async () => {
    const { ask, requests } = gatewayOf((request) =>
      jsonOf(request).inputText === '9' ? { status: 400, body: { message: 'Too long' } } : { body: titanReply },
    );
    const input = Array.from({ length: 100 }, (_, index) => String(index));
    const answer = await ask('/v1/embeddings', { model: 'aws/amazon.titan-embed-text-v2:0', input });
    expect([answer.status, answer.json.error.message]).toEqual([400, 'Too long']);
    expect(requests.length).toBeLessThan(30);
  });
});

describe('the pipeline is the one of everything else', () => {
  const asking = { model: 'go/gemini-embedding-001', input: 'Hi' };

  test('a stranger is refused before anything is sent', async () => {
    const { ask, requests } = gatewayOf(() => ({ body: geminiReply }), {
      ports: { callers: memoryCallers([{ id: 'c', accessKey: 'ours' }]) },
    });
    expect((await ask('/v1/embeddings', asking)).status).toBe(401);
    expect(requests).toHaveLength(0);
    expect((await ask('/v1/embeddings', asking, { authorization: 'Bearer ours' })).status).toBe(200);
    expect(requests[0]?.headers).toMatchObject({ 'x-goog-api-key': 'key-of-go' });
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  test('requests and tokens count', async () => {
    const told = { ...geminiReply, usageMetadata: { promptTokenCount: 950 } };
    const { ask } = gatewayOf(() => ({ body: told }), { limits: { requestsPerMinute: 2, tokensPerMinute: 1000 } });
    expect((await ask('/v1/embeddings', asking)).status).toBe(200);
    expect((await ask('/v1/embeddings', { ...asking, input: 'x'.repeat(400) })).status).toBe(429);
  });

  test('what it cost is on record: told, or estimated and said to be', async () => {
    let body: object = geminiReply;
    const { ask, ledger } = gatewayOf(() => ({ body }));
    const counted = await ask('/v1/embeddings', asking);
    expect(counted.headers).not.toHaveProperty('x-proxy-token-count');
    expect(counted.headers).toMatchObject({ 'x-upstream-request-id': 'theirs' });
    body = { embeddings: geminiReply.embeddings };
    const estimated = await ask('/v1/embeddings', { ...asking, input: 'two words' });
    expect(estimated.headers).toMatchObject({
      'x-proxy-token-count': 'estimate',
      'x-proxy-notices': 'approximated reply.usage',
    });
    expect(ledger.records()).toMatchObject([
      { operation: 'embed', way: 'convert', upstream: 'go', usage: { inputTokens: 4 }, notices: [] },
      { usage: { inputTokens: 4 }, notices: [{ field: 'reply.usage' }] },
    ]);
  });

  test('what was answered of a split request counts, though the rest was refused', async () => {
    let calls = 0;
    const { ask, ledger } = gatewayOf(() =>
      (calls += 1) === 1
        ? { body: { embedding: [1], inputTextTokenCount: 7 } }
        : { status: 400, body: { message: 'No such words.' } },
    );
    const model = 'aws/amazon.titan-embed-text-v2:0';
    expect((await ask('/v1/embeddings', { model, input: ['one', 'two'] })).status).toBe(400);
    expect(ledger.records()).toMatchObject([{ status: 400, usage: { inputTokens: 7 } }]);
  });

  test('F13 what was answered before the keys had to rest counts as well', async () => {
    const timers = fakeTimers(1_000_000);
    const queue = { enter: () => Promise.resolve({ leave: () => undefined }), waitMs: 20_000, heartbeatMs: 5000 };
    const resting = upstreams.map((upstream) => ({ ...upstream, breaker: { never: true } }));
    let calls = 0;
    const { ask, ledger } = gatewayOf(
      () =>
        (calls += 1) === 2
          ? { status: 429, body: { message: 'Slow down.' } }
          : { body: { embedding: [1], inputTextTokenCount: 7 } },
      { queue, upstreams: resting, ports: { clock: { now: timers.now } } },
    );
    try {
      const asked = ask('/v1/embeddings', { model: 'aws/amazon.titan-embed-text-v2:0', input: ['one', 'two'] });
      await timers.advance(10_000);
      expect((await asked).status).toBe(200);
    } finally {
      timers.restore();
    }
    expect(ledger.records()).toMatchObject([{ status: 200, usage: { inputTokens: 21 } }]);
  });

  test('strict refuses what cannot be carried, before anything is sent', async () => {
    const { ask, requests } = gatewayOf(() => ({ body: geminiReply }));
    const answer = await ask('/v1/embeddings', { ...asking, user: 'u' }, { 'x-proxy-strict': 'true' });
    expect([answer.status, answer.json.error.param]).toEqual([400, 'user']);
    expect(requests).toHaveLength(0);
    const lax = await ask('/v1/embeddings', { ...asking, user: 'u' });
    expect([lax.status, lax.headers['x-proxy-notices']]).toEqual([200, 'dropped user']);
  });

  test('strict lets a default and an estimate pass', async () => {
    const { ask } = gatewayOf(() => ({ body: { embeddings: [[1]] } }), { strict: true });
    const answer = await ask('/v1/embeddings', { model: 'aws/cohere.embed-english-v3', input: 'Hi' });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-proxy-notices']).toBe('defaulted input_type; approximated reply.usage');
  });

  test('a route goes on to the next place, relayed or translated as it needs', async () => {
    const { ask, requests, ledger } = gatewayOf(
      ({ url }) =>
        url.includes('go.test') ? { status: 503, body: { error: { message: 'Full' } } } : { body: openaiReply },
      {
        routes: [
          {
            model: 'e',
            targets: [
              { upstream: 'go', model: 'gemini-embedding-001' },
              { upstream: 'oa', model: 'mine' },
            ],
          },
        ],
      },
    );
    const answer = await ask('/v1beta/models/e:batchEmbedContents', {
      requests: [{ content: { parts: [{ text: 'Hi' }] } }],
    });
    expect(answer.json.embeddings).toEqual([{ values: [1] }]);
    expect(requests.map(({ url }) => url)).toEqual([
      'http://go.test/v1beta/models/gemini-embedding-001:batchEmbedContents',
      'http://oa.test/v1/embeddings',
    ]);
    expect(ledger.records()).toMatchObject([{ way: 'convert', attempts: [{ status: 503 }, { status: 200 }] }]);
  });

  test.each([
    [
      '/v1/embeddings',
      { model: 'go/e', input: 'Hi' },
      { error: { message: 'Quota of ***', type: 'rate_limit_error' } },
    ],
    [
      '/v1beta/models/oa/e:embedContent',
      { content: { parts: [{ text: 'Hi' }] } },
      { error: { code: 429, message: 'Quota of ***', status: 'RESOURCE_EXHAUSTED' } },
    ],
  ])('a refusal is told in the words of %s, without the key that it repeats', async (url, body, told) => {
    const { ask } = gatewayOf(({ headers }) => ({
      status: 429,
      body: { error: { message: `Quota of ${headers['x-goog-api-key'] ?? 'key-of-oa'}` } },
    }));
    const answer = await ask(url, body);
    expect(answer.status).toBe(429);
    expect(answer.json).toMatchObject(told);
  });

  test.each([
    ['not JSON', 'text'],
    ['no vectors', {}],
    ['too few', { embeddings: [] }],
  ])('an upstream that answers %s is a bad one', async (_, body) => {
    const { ask, ledger } = gatewayOf(() => ({ body: body as object })); // a text is no object on purpose
    expect((await ask('/v1/embeddings', asking)).status).toBe(502);
    expect(ledger.records()).toMatchObject([{ status: 502, failure: { kind: 'bad-upstream' } }]);
  });

  test.each([[[]], [{}], [{ model: 'go/e' }], [{ model: 'go/e', input: null }]])('%j is no request', async (body) => {
    const { ask, requests } = gatewayOf(() => ({ body: geminiReply }));
    expect((await ask('/v1/embeddings', body)).status).toBe(400);
    expect(requests).toHaveLength(0);
  });
});
