import { describe, expect, test } from 'vitest';
import type { Log, OutboundRequest } from '../ports.ts';
import { anthropic, azure, gemini, openai, openaiCompatible } from '../providers/registry.ts';
import { createGateway } from './create.ts';
import type { GatewayOptions, Upstream } from './gateway.ts';

interface Answer {
  readonly status?: number;
  readonly body: object;
}

const key = (id: string) => ({ id, secret: `secret-of-${id}` });
const oa: Upstream = { name: 'oa', provider: openai, baseUrl: 'http://oa.test/v1', credentials: [key('oa')] };
const an: Upstream = { name: 'an', provider: anthropic, baseUrl: 'http://an.test', credentials: [key('an')] };
const go: Upstream = { name: 'go', provider: gemini, baseUrl: 'http://go.test', credentials: [key('go')] };
const or: Upstream = { name: 'or', provider: openaiCompatible, baseUrl: 'http://or.test/v1', credentials: [key('or')] };

/** What each vendor lists, by host; in pages where it has them. */
const lists: Readonly<Record<string, (url: URL) => object>> = {
  'oa.test': () => ({ object: 'list', data: [{ id: 'gpt-5.5', object: 'model', created: 7, owned_by: 'system' }] }),
  'or.test': () => ({ data: [{ id: 'meta/llama-4', name: 'Llama 4', context_length: 1000 }, { id: 'gpt-5.5' }, {}] }),
  'an.test': ({ searchParams }) =>
    searchParams.get('after_id') === 'claude-opus-4-8'
      ? { data: [{ type: 'model', id: 'claude-haiku-5' }], has_more: false, last_id: 'claude-haiku-5' }
      : {
          data: [{ type: 'model', id: 'claude-opus-4-8', display_name: 'Opus', created_at: '2026-01-02T00:00:00Z' }],
          has_more: true,
          last_id: 'claude-opus-4-8',
        },
  'go.test': ({ searchParams }) =>
    searchParams.get('pageToken') === 'two'
      ? { models: [{ name: 'models/gemini-embedding-001', inputTokenLimit: 2048 }] }
      : {
          models: [{ name: 'models/gemini-9-unheard-of', displayName: 'Nine', inputTokenLimit: 99 }],
          nextPageToken: 'two',
        },
};

function worldOf(upstreams: readonly Upstream[], given: Partial<GatewayOptions> = {}) {
  const requests: OutboundRequest[] = [];
  const warnings: { readonly message: string; readonly fields: unknown }[] = [];
  const log: Log = (level, message, fields) => void (level === 'warn' && warnings.push({ message, fields }));
  let now = 1_790_000_000_000;
  let answer = (url: URL): Answer | Promise<Answer> => ({ body: lists[url.host]?.(url) ?? {} });
  const gateway = createGateway({
    upstreams,
    ...given,
    ports: {
      log,
      clock: { now: () => now },
      transport: {
        async send(request) {
          requests.push(request);
          const { status = 200, body } = await answer(new URL(request.url));
          return {
            status,
            headers: { 'content-type': 'application/json' },
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
  async function get(url: string, headers: Readonly<Record<string, string>> = {}) {
    const reply = await gateway.handle({ method: 'GET', url, headers, signal: new AbortController().signal });
    return { status: reply.status, json: JSON.parse(String(reply.body)) as ReturnType<typeof JSON.parse> };
  }
  const ids = async () => (await get('/v1/models')).json.data.map(({ id }: { id: string }) => id) as readonly string[]; // OpenAI's form
  return {
    get,
    ids,
    requests,
    warnings,
    pass: (seconds: number) => void (now += seconds * 1000),
    answerWith: (next: typeof answer) => void (answer = next),
  };
}

describe('an upstream without a list of its own is asked for it', () => {
  test('every page, with its key, merged in the order of the upstreams', async () => {
    const { ids, requests } = worldOf([oa, an, go, or]);
    expect(await ids()).toEqual([
      'gpt-5.5',
      'claude-opus-4-8',
      'claude-haiku-5',
      'gemini-9-unheard-of',
      'gemini-embedding-001',
      'meta/llama-4',
    ]);
    expect(requests.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      'GET http://an.test/v1/models?limit=1000',
      'GET http://an.test/v1/models?limit=1000&after_id=claude-opus-4-8',
      'GET http://go.test/v1beta/models?pageSize=1000',
      'GET http://go.test/v1beta/models?pageSize=1000&pageToken=two',
      'GET http://oa.test/v1/models',
      'GET http://or.test/v1/models',
    ]);
    const headers = Object.fromEntries(requests.map((request) => [new URL(request.url).host, request.headers]));
    expect(headers).toMatchObject({
      'oa.test': { authorization: 'Bearer secret-of-oa' },
      'an.test': { authorization: 'Bearer secret-of-an', 'anthropic-version': '2023-06-01' },
      'go.test': { 'x-goog-api-key': 'secret-of-go' },
    });
  });

  test('N2 in each dialect’s shape', async () => {
    const { get } = worldOf([an, go, or]);
    expect((await get('/v1/models')).json.data).toContainEqual(
      expect.objectContaining({ id: 'meta/llama-4', owned_by: 'or', name: 'Llama 4', context_length: 1000 }),
    );
    const claude = await get('/v1/models?limit=1000', { 'anthropic-version': '2023-06-01' });
    expect(claude.json.data[0]).toMatchObject({
      type: 'model',
      id: 'claude-opus-4-8',
      display_name: 'Opus',
      created_at: '2026-01-02T00:00:00Z',
    });
    const google = (await get('/v1beta/models?pageSize=1000')).json.models;
    expect(google).toContainEqual(
      expect.objectContaining({ name: 'models/gemini-9-unheard-of', displayName: 'Nine', inputTokenLimit: 99 }),
    );
    expect(google).toContainEqual(
      expect.objectContaining({
        name: 'models/gemini-embedding-001',
        supportedGenerationMethods: ['embedContent', 'batchEmbedContents'],
      }),
    );
  });

  test('one model, by its name or by its upstream’s and its own', async () => {
    const { get } = worldOf([oa, or]);
    expect((await get('/v1/models/gpt-5.5')).json).toMatchObject({ id: 'gpt-5.5', owned_by: 'oa', created: 7 });
    expect((await get('/v1/models/or/meta/llama-4')).json).toMatchObject({ id: 'or/meta/llama-4' });
    expect(await get('/v1/models/nobody')).toMatchObject({ status: 404, json: { error: { param: 'model' } } });
  });

  test('a name that would lead elsewhere stands behind its upstream’s', async () => {
    const second = { ...or, name: 'second', baseUrl: 'http://second.test/v1' };
    const { ids, answerWith } = worldOf([or, second], {
      routes: [{ model: 'llama-*', targets: [{ upstream: 'or' }] }],
    });
    answerWith(({ host }) => ({
      body: { data: host === 'or.test' ? [{ id: 'a' }] : [{ id: 'a' }, { id: 'b' }, { id: 'llama-9' }] },
    }));
    expect(await ids()).toEqual(['a', 'second/b', 'second/llama-9']);
  });

  test('what is configured is not asked for, nor what cannot say', async () => {
    const { ids, requests } = worldOf([
      { ...oa, models: { fast: 'gpt-5.5', 'any-*': '*' } },
      { name: 'az', provider: azure, baseUrl: 'http://az.test', credentials: [key('az')] },
    ]);
    expect(await ids()).toEqual(['fast']);
    expect(requests).toEqual([]);
  });
});

describe('F10 only services with keys', () => {
  test('an upstream without a key offers nothing, nor does a route to it alone', async () => {
    const keyless = { ...oa, credentials: [], models: ['gpt-5.5'] };
    const unset: Upstream = { name: 'unset', provider: gemini, credentials: [{ id: 'unset#none', secret: '' }] };
    const { ids, requests } = worldOf([keyless, { ...or, credentials: [] }, unset, { ...an, models: ['claude-x'] }], {
      routes: [
        { model: 'dead', targets: [{ upstream: 'oa' }] },
        { model: 'alive', targets: [{ upstream: 'oa' }, { upstream: 'an' }] },
      ],
    });
    expect(await ids()).toEqual(['alive', 'claude-x']);
    expect(requests).toEqual([]);
  });

  test('a key that is refused offers nothing, which is logged without it; the next key is asked', async () => {
    const { ids, requests, warnings, answerWith } = worldOf([oa, an]);
    answerWith((url) =>
      url.host === 'oa.test'
        ? { status: 401, body: { error: { message: 'Incorrect API key: secret-of-oa' } } }
        : { body: lists[url.host]?.(url) ?? {} },
    );
    expect(await ids()).toEqual(['claude-opus-4-8', 'claude-haiku-5']);
    expect(warnings).toEqual([
      {
        message: 'The models of an upstream cannot be listed',
        fields: { upstream: 'oa', error: 'Incorrect API key: ***' },
      },
    ]);
    const tried = requests.length;
    expect(await ids()).toHaveLength(2);
    expect(requests).toHaveLength(tried);

    const two = worldOf([{ ...oa, credentials: [key('dead'), key('oa')] }]);
    let count = 0;
    two.answerWith((url) => ((count += 1) === 1 ? { status: 403, body: {} } : { body: lists[url.host]?.(url) ?? {} }));
    expect(await two.ids()).toEqual(['gpt-5.5']);
    expect(two.warnings).toEqual([]);
  });

  test.each([
    ['no list', { body: { hello: 1 } }],
    ['a redirection', { status: 302, body: {} }],
    ['an error', { status: 500, body: {} }],
  ])('%s', async (_, answered) => {
    const { ids, warnings, answerWith } = worldOf([oa]);
    answerWith(() => answered);
    expect(await ids()).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});

describe('a list is kept for a minute', () => {
  const settle = () => new Promise((resolve) => setTimeout(resolve));

  test('asked once by many, served while the next one comes, and given up after a long silence', async () => {
    const { ids, requests, pass, answerWith } = worldOf([oa]);
    expect(new Set(await Promise.all([ids(), ids(), ids()].map(async (each) => (await each).join())))).toEqual(
      new Set(['gpt-5.5']),
    );
    expect(requests).toHaveLength(1);
    pass(59);
    await ids();
    expect(requests).toHaveLength(1);

    let release: (answer: Answer) => void = () => undefined;
    answerWith(() => new Promise((resolve) => (release = resolve)));
    pass(2);
    expect(await ids()).toEqual(['gpt-5.5']);
    expect(await ids()).toEqual(['gpt-5.5']);
    expect(requests).toHaveLength(2);
    release({ body: { data: [{ id: 'gpt-6' }] } });
    await settle();
    expect(await ids()).toEqual(['gpt-6']);
    expect(requests).toHaveLength(2);

    answerWith(() => ({ body: { data: [{ id: 'gpt-7' }] } }));
    pass(601);
    expect(await ids()).toEqual(['gpt-7']);
  });

  test('for as long as is configured; a failure is forgotten sooner', async () => {
    const { ids, requests, pass, answerWith } = worldOf([oa], { modelListFreshMs: 6000 });
    answerWith(() => ({ status: 503, body: {} }));
    expect(await ids()).toEqual([]);
    answerWith(() => ({ body: { data: [{ id: 'gpt-6' }] } }));
    expect(await ids()).toEqual([]);
    pass(1);
    expect(await ids()).toEqual(['gpt-6']);
    expect(requests).toHaveLength(2);
    pass(7);
    await ids();
    expect(requests).toHaveLength(3);
  });

  test('a refresh that fails takes the old list away', async () => {
    const { ids, pass, answerWith } = worldOf([oa]);
    await ids();
    answerWith(() => ({ status: 401, body: {} }));
    pass(61);
    await ids();
    await settle();
    expect(await ids()).toEqual([]);
  });
});
