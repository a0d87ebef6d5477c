import { describe, expect, test, vi } from 'vitest';
import { folder, load, start } from './support.ts';
import { chat } from './rows/vendors.ts';
import { recordingUpstream } from './upstream.ts';

// The "one line" that a new provider costs: an export of the core's registry. All else of it is in made-up-provider.ts.
vi.mock(import('../../core/src/providers/registry.ts'), async (original) => ({
  ...(await original()),
  ...(await import('./made-up-provider.ts')),
}));

function ask(url: string, body: object): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ max_tokens: 99, messages: [{ role: 'user', content: 'Hi' }], ...body }),
  });
}

describe('a compatible vendor that nobody has heard of, through configuration alone', () => {
  const acme = (baseUrl: string, rest = '') => `
vendors:
  acme:
    baseUrl: ${baseUrl}
    models: [acme-*]
    keyHeader: X-Acme-Key
    headers: { X-Tenant: blue }
    facts: { topK: true, seedField: random_seed, maxTemperature: 0.7, thinkingSwitch: enable_thinking }
${rest}`;

  test('is asked at its address, with its key in its header, in its spelling', async () => {
    const upstream = await recordingUpstream();
    const config = acme(
      `${upstream.url}/openai`,
      'upstreams: [{ name: acme, provider: acme, apiKeys: [acme-secret] }]',
    );
    const server = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const answer = await ask(server.url, { model: 'acme-1', top_k: 5, temperature: 1, thinking: { type: 'disabled' } });
    expect([answer.status, await answer.json()]).toMatchObject([200, { content: [{ type: 'text', text: 'hi' }] }]);
    expect(upstream.seen).toHaveLength(1);
    expect(upstream.seen[0]).toMatchObject({
      url: '/openai/v1/chat/completions',
      headers: { 'x-acme-key': 'acme-secret', 'x-tenant': 'blue' },
      body: { model: 'acme-1', top_k: 5, temperature: 0.7, enable_thinking: false },
    });
    expect(upstream.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  test('needs no upstream of its own where its key is in the environment', () => {
    const { upstreams } = load(folder({ 'proxy.config.yaml': acme('https://acme.test/v1') }), { ACME_API_KEY: 'k' });
    expect(upstreams).toEqual([{ name: 'acme', provider: 'acme', apiKeys: [{ key: 'k' }] }]);
  });

  test.each([
    ['a name that is taken', 'vendors: { groq: { baseUrl: "https://h" } }', 'vendors.groq: is a provider already.'],
    ['no address', 'vendors: { acme: {} }', 'vendors.acme.baseUrl: must be a text.'],
    [
      'a misspelt fact',
      'vendors: { acme: { baseUrl: "https://h", facts: { topk: true } } }',
      'vendors.acme.facts: "topk"',
    ],
    ['a misspelt use', acme('https://h', 'upstreams: [{ name: a, provider: acne }]'), 'Did you mean "acme"?'],
    ['no key', acme('https://h', 'upstreams: [{ name: a, provider: acme }]'), 'ACME_API_KEY is not set'],
  ])('%s is told', (_what, yaml, problem) => {
    expect(() => load(folder({ 'proxy.config.yaml': yaml }))).toThrow(problem);
  });
});

test('a made-up provider in one new file and one line is known to the configuration, and served', async () => {
  const upstream = await recordingUpstream();
  const config = `upstreams: [{ name: made-up, provider: made-up, baseUrl: "${upstream.url}", apiKeys: [key-1] }]`;
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
  const answer = await ask(server.url, { model: 'made-up/some-model' });
  expect([answer.status, await answer.json()]).toMatchObject([200, { content: [{ type: 'text', text: 'hi' }] }]);
  expect(upstream.seen).toMatchObject([
    { url: '/rooms/some-model/talk?signature=key-1-some-model', body: { model: 'some-model' } },
  ]);
});

describe.each([
  [
    'a made-up vendor',
    'vendors: { acme: { baseUrl: "BASE", keyHeader: X-Acme-Key } }\n',
    'acme',
    '/v1/chat/completions',
  ],
  ['a made-up provider', '', 'made-up', '/rooms/m/talk?signature=key-1-m'],
])('%s', (_which, vendors, provider, path) => {
  const messages = [{ role: 'user', content: 'Hi' }];
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
  const model = `${provider}/m`;

  test.each([
    ['openai-chat', '/v1/chat/completions', { model, messages }],
    ['openai-responses', '/v1/responses', { model, input: 'Hi' }],
    ['anthropic-messages', '/v1/messages', { model, messages, max_tokens: 9 }],
    ['gemini-generate', `/v1beta/models/${model}:generateContent`, { contents }],
  ])('is reached from %s, whole and streamed', async (dialect, door, body) => {
    const asked: string[] = [];
    const upstream = await recordingUpstream({
      listener: (request, response) => {
        asked.push(request.url ?? '');
        let text = '';
        request.on('data', (piece: Buffer) => (text += piece.toString()));
        request.on('end', () => {
          const streaming = (JSON.parse(text) as { stream?: boolean }).stream === true; // Chat, by our own encoder
          response.setHeader('content-type', streaming ? 'text/event-stream' : 'application/json');
          const script = { text: ['from', 'afar'] };
          response.end(streaming ? chat.frames(script).join('') : JSON.stringify(chat.whole(script)));
        });
      },
    });
    const config = `${vendors.replace('BASE', upstream.url)}upstreams: [{ name: ${provider}, provider: ${provider}, baseUrl: "${upstream.url}", apiKeys: [key-1] }]`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    for (const stream of [false, true]) {
      const gemini = dialect === 'gemini-generate';
      const to = gemini && stream ? door.replace(':generateContent', ':streamGenerateContent?alt=sse') : door;
      const answer = await fetch(url + to, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(gemini ? body : { ...body, stream }),
      });
      const said = await answer.text();
      expect([answer.status, said]).toEqual([200, expect.stringContaining(stream ? '"afar"' : '"fromafar"')]);
    }
    expect(asked).toEqual([path, path]);
  });
});
