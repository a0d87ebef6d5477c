import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { folder, start } from '../support.ts';
import { ask } from './ask.ts';
import { anthropic, chat, claude, openai, serving } from './services.ts';
import { claudeStream, vendor, type Seen } from './vendor.ts';

/** Rows F1 and F5–F10 of the acceptance list: services below /proxy. */

describe('F1 the prefix', () => {
  test('a version may be left out', async () => {
    const { url, upstream } = await serving([openai]);
    for (const path of ['/proxy/openai/v1/chat/completions', '/proxy/openai/chat/completions'])
      expect((await ask(url, path, { body: chat })).status).toBe(200);
    expect(upstream.seen.map((seen) => seen.url)).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
  });

  test('PROXY_ENDPOINT_ROUTE moves it', async () => {
    const { url } = await serving([openai], { PROXY_ENDPOINT_ROUTE: '/gate/' });
    expect((await ask(url, '/gate/openai/v1/chat/completions', { body: chat })).status).toBe(200);
    expect((await ask(url, '/proxy/openai/v1/chat/completions', { body: chat })).status).toBe(404);
  });

  test('anything else there: 404, and a browser goes to the front page', async () => {
    const { url } = await serving([openai]);
    for (const path of ['/proxy', '/proxy/', '/proxy/nobody/v1/chat/completions', '/proxy/openai']) {
      const unknown = await ask(url, path, { headers: { accept: '*/*' } });
      expect(unknown.status).toBe(404);
      expect(unknown.json()).toHaveProperty('error.message');
      const browser = await ask(url, path, { headers: { accept: 'text/html,*/*' } });
      expect([browser.status, browser.headers.location]).toEqual([302, '/']);
    }
    expect((await ask(url, '/proxy/openai/v1/nothing', { body: chat })).status).toBe(404);
    expect((await ask(url, '/proxyopenai/v1/chat/completions', { body: chat })).status).toBe(404);
  });

  test('an access key of ours is asked for, and never goes on', async () => {
    const upstream = await vendor();
    const config = `
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [openai-key-0123456789] }]
accessKeys: [ours-0123456789]
`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const path = '/proxy/openai/v1/chat/completions';
    expect((await ask(url, path, { body: chat })).status).toBe(401);
    for (const headers of [{ authorization: 'Bearer ours-0123456789' }, { 'x-api-key': 'ours-0123456789' }])
      expect((await ask(url, path, { body: chat, headers: { ...headers } })).status).toBe(200);
    for (const { headers } of upstream.seen) expect(JSON.stringify(headers)).not.toContain('ours-0123456789');
  });

  test('the services may be closed', async () => {
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': 'doors: { services: false, api: false }' }) });
    expect((await ask(url, '/proxy/openai/v1/chat/completions', { body: chat })).status).toBe(404);
    expect((await ask(url, '/api/v1/chat/completions', { body: chat })).status).toBe(404);
  });
});

describe('F5 OpenAI in front of Anthropic', () => {
  const body = {
    model: 'gpt-4',
    stop: ['END'],
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One' },
      { role: 'user', content: 'Two' },
      { role: 'assistant', content: 'Three' },
      { role: 'user', content: 'Four' },
    ],
  };

  test('system apart, roles in turns, stops', async () => {
    const { url, sent } = await serving([openai, anthropic]);
    const answer = await ask(url, '/proxy/anthropic/v1/chat/completions', { body });
    expect(answer.json()).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4',
      choices: [{ finish_reason: 'stop' }],
    });
    expect(sent()).toMatchObject({ model: 'claude-sonnet-4-5', stop_sequences: ['END'] });
    expect(JSON.stringify(sent())).toContain('"system":');
    expect(sent().messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(sent().messages?.[0])).toMatch(/One.*Two/);
  });

  test('a model that is asked for by its own name, or by the upstream’s alias, is that model', async () => {
    const { url, sent } = await serving([`${anthropic}, models: { gpt-4: claude-opus-4-5, "claude-*": "*" }`]);
    await ask(url, '/proxy/anthropic/v1/chat/completions', { body });
    expect(sent().model).toBe('claude-opus-4-5');
    await ask(url, '/proxy/anthropic/v1/chat/completions', { body: { ...body, model: 'claude-haiku-4-5' } });
    expect(sent().model).toBe('claude-haiku-4-5');
  });

  test('a stream comes as chunks', async () => {
    const { url } = await serving([anthropic], {}, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(claudeStream);
    });
    const answer = await ask(url, '/proxy/anthropic/v1/chat/completions', { body: { ...body, stream: true } });
    expect(answer.text).toContain('"object":"chat.completion.chunk"');
    expect(answer.text.match(/data: \[DONE\]/g)).toHaveLength(1);
  });
});

describe('F6 Gemini and Mistral', () => {
  const gemini = 'provider: gemini, apiKeys: [gemini-key-0123456789]';

  test('OpenAI in front of generateContent, another’s model replaced', async () => {
    const { url, upstream } = await serving([openai, gemini]);
    const answer = await ask(url, '/proxy/google-ai/v1/chat/completions', {
      body: { ...chat, model: 'gemini-2.5-flash' },
    });
    expect(answer.json()).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: 'hi' } }] });
    expect((await ask(url, '/proxy/google-ai/v1/chat/completions', { body: chat })).status).toBe(200);
    expect(upstream.seen.map((seen) => seen.url)).toEqual([
      '/v1beta/models/gemini-2.5-flash:generateContent',
      '/v1beta/models/gemini-2.5-pro:generateContent',
    ]);
    expect(upstream.seen[0]?.headers['x-goog-api-key']).toBe('gemini-key-0123456789');
  });

  test('its own route', async () => {
    const { url, upstream } = await serving([gemini]);
    const body = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
    expect((await ask(url, '/proxy/google-ai/v1beta/models/gemini-2.5-pro:generateContent', { body })).status).toBe(
      200,
    );
    expect(upstream.seen[0]).toMatchObject({ url: '/v1beta/models/gemini-2.5-pro:generateContent' });
  });

  const chunks = ['hel', 'lo'].map((text, index) =>
    JSON.stringify({
      candidates: [
        { content: { role: 'model', parts: [{ text }] }, index: 0, ...(index === 1 && { finishReason: 'STOP' }) },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 + index, totalTokenCount: 2 + index },
    }),
  );

  test('a stream, which we ask for as SSE, comes as chunks', async () => {
    const { url, upstream } = await serving([gemini], {}, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(chunks.map((one) => `data: ${one}\r\n\r\n`).join(''));
    });
    const answer = await ask(url, '/proxy/google-ai/v1/chat/completions', { body: { ...chat, stream: true } });
    expect([...answer.text.matchAll(/"content":"(\w+)"/g)].map(([, text]) => text).join('')).toBe('hello');
    expect(answer.text).toContain('data: [DONE]');
    expect(upstream.seen[0]?.url).toBe('/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse');
  });

  test('a stream of its own as a JSON array, for whoever asks without alt=sse', async () => {
    const array = `[${chunks.join(',\r\n')}]`;
    const { url } = await serving([gemini], {}, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(array);
    });
    const path = '/proxy/google-ai/v1beta/models/gemini-2.5-pro:streamGenerateContent';
    const answer = await ask(url, path, { body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] } });
    expect(answer.text).toBe(array);
  });

  const mistral = 'provider: mistral, apiKeys: [mistral-key-0123456789]';

  test('Mistral: turns that it would refuse are put in order', async () => {
    const { url, sent } = await serving([mistral]);
    const call = { id: 'D681PevKs', type: 'function', function: { name: 'f', arguments: '{}' } };
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One' },
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: '1' },
      { role: 'user', content: 'Two' },
      { role: 'assistant', content: 'Three' },
      { role: 'system', content: 'Now in French.' },
      { role: 'assistant', content: 'Quatre' },
    ];
    const body = { model: 'mistral-large-latest', messages };
    expect((await ask(url, '/proxy/mistral-ai/v1/chat/completions', { body })).status).toBe(200);
    const turns = sent().messages ?? [];
    expect(turns.map(({ role }) => role).join(' ')).toBe(
      'system user assistant tool assistant user assistant user assistant',
    );
    expect(turns.at(-2)).toMatchObject({ role: 'user', content: expect.stringContaining('Now in French.') as string });
    expect(turns.at(-1)).toEqual({ role: 'assistant', content: 'Quatre', prefix: true });
  });

  test('Mistral', async () => {
    const { url, upstream } = await serving([openai, mistral]);
    const body = { ...chat, model: 'mistral-large-latest' };
    expect((await ask(url, '/proxy/mistral-ai/v1/chat/completions', { body })).status).toBe(200);
    expect(upstream.seen[0]?.headers.authorization).toBe('Bearer mistral-key-0123456789');
    expect(upstream.seen[0]?.body).toBe(JSON.stringify(body));
  });
});

describe('F7 Bedrock', () => {
  const [id, secret] = ['AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'];
  const bedrock = `provider: bedrock, apiKeys: ["${id}:${secret}:us-east-1"]`;

  test.each([
    ['/proxy/aws/claude/v1/messages', claude, 'invoke'],
    ['/proxy/aws/claude/v1/chat/completions', chat, 'converse'],
  ])('%s, signed, by the id that the model has there', async (path, body, operation) => {
    const { url, upstream } = await serving([anthropic, bedrock]);
    expect((await ask(url, path, { body })).status).toBe(200);
    expectSigned(upstream.seen[0], operation, 'us-east-1');
  });

  test('with the keys that AWS’s own variables hold, and their session', async () => {
    const upstream = await vendor();
    const session = 'IQoJb3JpZ2luX2VjEXAMPLE==';
    const keys = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session };
    const env = { ...keys, AWS_REGION: 'us-west-2', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: upstream.url };
    const { url } = await start({ env });
    for (const [path, body, operation] of [
      ['/v1/messages', claude, 'invoke'],
      ['/v1/chat/completions', { ...chat, model: claude.model }, 'converse'],
    ] as const) {
      expect((await ask(url, path, { body })).status).toBe(200);
      expectSigned(upstream.seen.at(-1), operation, 'us-west-2');
      expect(upstream.seen.at(-1)?.headers['x-amz-security-token']).toBe(session);
      expect(upstream.seen.at(-1)?.headers.authorization).toMatch(/SignedHeaders=\S*x-amz-security-token/);
    }
  });

  /** The signature computed anew from AWS's description of it. */
  function expectSigned(seen: Seen | undefined, operation: string, region: string): void {
    expect(decodeURIComponent(seen?.url ?? '')).toBe(
      `/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/${operation}`,
    );
    const { authorization = '', ...headers } = seen?.headers ?? {};
    const [, scope = '', names = '', signature = ''] =
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\S+), ?SignedHeaders=(\S+), ?Signature=(\w+)$/.exec(authorization) ??
      [];
    expect(scope).toMatch(new RegExp(`^\\d{8}/${region}/bedrock/aws4_request$`));
    const signed = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
    // Twice encoded, as every service but S3 wants its path.
    const canonicalPath = (seen?.url ?? '').split('/').map(encodeURIComponent).join('/');
    const canonical = ['POST', canonicalPath, '', signed.join(''), names, sha256(seen?.body ?? '')].join('\n');
    const toSign = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(canonical)].join('\n');
    const key = scope.split('/').reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
    expect(signature).toBe(hmac(key, toSign).toString('hex'));
  }
});

test('F8 Vertex: a token for the service account, kept; Claude by its publisher', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string; // a text, since the format is PEM
  const upstream = await vendor((request, response) => {
    const reply = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [{ type: 'text', text: 'hi' }],
    };
    const usage = { stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(request.url === '/token' ? { access_token: 'ya29.x', expires_in: 3600 } : { ...reply, ...usage }),
    );
  });
  const account = { type: 'service_account', project_id: 'home', client_email: 'a@b.test', private_key: pem };
  const file = JSON.stringify({ ...account, token_uri: `${upstream.url}/token` });
  const config = `upstreams: [{ name: v, provider: vertex, baseUrl: "${upstream.url}", location: us-east5, apiKeys: [{ file: sa.json }] }]`;
  const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config, 'sa.json': file }) });
  expect((await ask(url, '/proxy/gcp/claude/v1/messages', { body: claude })).status).toBe(200);
  expect((await ask(url, '/proxy/gcp/claude/v1/chat/completions', { body: chat })).json()).toMatchObject({
    model: 'gpt-4o',
  });
  const [token, ...calls] = upstream.seen;
  expect(token?.url).toBe('/token');
  expect(calls).toHaveLength(2);
  for (const { url: path, headers } of calls) {
    expect(path).toMatch(
      /\/projects\/home\/locations\/us-east5\/publishers\/anthropic\/models\/claude-sonnet-4-5[^/]*:rawPredict$/,
    );
    expect(headers.authorization).toBe('Bearer ya29.x');
  }
});

test('F9 Azure: resource, deployment and key in one, the deployment by its model, and images', async () => {
  const keys = 'apiKeys: ["east:gpt-4o:azure-key-number-one", "east:dall-e-3:azure-key-number-two"]';
  const { url, upstream } = await serving([openai, `provider: azure, apiVersion: 2024-10-21, ${keys}`]);
  expect((await ask(url, '/proxy/azure/openai/v1/chat/completions', { body: chat })).status).toBe(200);
  const image = { model: 'dall-e-3', prompt: 'A cat' };
  expect((await ask(url, '/proxy/azure/openai/v1/images/generations', { body: image })).status).toBe(200);
  expect(upstream.seen.map((seen) => [seen.url, seen.headers['api-key']])).toEqual([
    ['/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21', 'azure-key-number-one'],
    ['/openai/deployments/dall-e-3/images/generations?api-version=2024-10-21', 'azure-key-number-two'],
  ]);
});

test('F10 each service lists the models of its own upstreams, and F14 none without a key says so', async () => {
  const { url, upstream } = await serving([`${openai}, models: [gpt-4o]`, `${anthropic}, models: [claude-sonnet-4-5]`]);
  expect((await ask(url, '/proxy/openai/v1/models')).json()).toMatchObject({
    object: 'list',
    data: [{ id: 'gpt-4o' }],
  });
  const claudes = (await ask(url, '/proxy/anthropic/v1/models')).json();
  expect(claudes).toMatchObject({ data: [{ id: 'claude-sonnet-4-5' }] });
  expect(claudes).toHaveProperty('data.length', 1);
  for (const path of ['/proxy/mistral-ai/v1/models', '/proxy/google-ai/v1/models'])
    expect((await ask(url, path)).status).toBe(402);
  const refused = await ask(url, '/proxy/mistral-ai/v1/chat/completions', { body: chat });
  expect(refused.status).toBe(402);
  expect(refused.json()).toMatchObject({ error: { code: 'proxy_no_keys_available' } });
  expect(upstream.seen).toEqual([]);
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
