import { describe, expect, test } from 'vitest';
import { chatReply, jsonOf, placeAt, say, type Answer } from '../testing/places.ts';
import type { OutboundRequest } from '../ports.ts';
import type { Upstream } from '../gateway/gateway.ts';
import { azure } from './azure.ts';

const answering = (_request: OutboundRequest): Answer => ({ body: chatReply });
const at = (upstream: Partial<Upstream>, answer = answering) =>
  placeAt(azure, { dialects: ['openai-chat'], ...upstream }, answer);
const key = (secret: string, id = 'k') => [{ id, secret }];
const named = { settings: { resource: 'contoso' } };
const classic = { settings: { resource: 'contoso', apiVersion: '2024-10-21' } };

async function sent(upstream: Partial<Upstream>, path: string, body: object) {
  const place = at(upstream);
  const { status } = await place.ask(path, body);
  return { status, ...place.requests[0], json: jsonOf(place.requests[0]) };
}

describe('H8 two surfaces, each with addresses of its own', () => {
  const host = 'https://contoso.openai.azure.com/openai';
  test.each([
    ['v1 chat, relayed', named, '/v1/chat/completions', `${host}/v1/chat/completions`],
    ['v1 chat, converted', named, '/v1/messages', `${host}/v1/chat/completions`],
    ['v1 with its preview', { settings: { resource: 'contoso', apiVersion: 'preview' } }, '/v1/messages', `${host}/v1/chat/completions?api-version=preview`],
    ['classic, relayed', classic, '/v1/chat/completions', `${host}/deployments/gpt-4o/chat/completions?api-version=2024-10-21`],
    ['classic, converted', classic, '/v1/messages', `${host}/deployments/gpt-4o/chat/completions?api-version=2024-10-21`],
  ])('%s', async (_what, upstream, path, url) => {
    const request = await sent(upstream, path, say('gpt-4o'));
    expect([request.status, request.url]).toEqual([200, url]);
    expect(request.headers).toMatchObject({ 'api-key': 'plain-key' });
    expect(request.headers).not.toHaveProperty('authorization');
    expect(request.json.model).toBe('gpt-4o');
  }); // prettier-ignore

  test.each([
    ['v1', named, `${host}/v1/responses`],
    // Responses never had a deployment in its path.
    ['classic', classic, `${host}/responses?api-version=2024-10-21`],
  ])('Responses, %s: the deployment is in the body', async (_what, upstream, url) => {
    const place = placeAt(azure, upstream, () => ({ status: 400, body: {} }));
    await place.ask('/v1/responses', { model: 'up/gpt-5', input: 'Hi' });
    expect([place.requests[0]?.url, jsonOf(place.requests[0]).model]).toEqual([url, 'gpt-5']);
  });

  test.each([
    ['https://c.openai.azure.com/', 'https://c.openai.azure.com/openai/v1/chat/completions'],
    ['https://c.services.ai.azure.com/openai/v1/', 'https://c.services.ai.azure.com/openai/v1/chat/completions'],
    ['https://c.openai.azure.com/openai', 'https://c.openai.azure.com/openai/v1/chat/completions'],
    ['https://apim.test/a/b', 'https://apim.test/a/b/openai/v1/chat/completions'],
    [
      'https://c.openai.azure.com/openai/deployments/x/chat/completions?api-version=2025-01-01-preview',
      'https://c.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2025-01-01-preview',
    ],
    ['https://c.openai.azure.com/openai/deployments/x', 'https://c.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
  ])('D19 %s', async (baseUrl, url) => {
    expect((await sent({ baseUrl }, '/v1/messages', say('gpt-4o'))).url).toBe(url);
  }); // prettier-ignore

  test('a caller’s own api-version does not meet ours', async () => {
    const { url } = await sent(classic, '/v1/chat/completions?api-version=2023-05-15', say('gpt-4o'));
    expect(url).toBe(`${host}/deployments/gpt-4o/chat/completions?api-version=2024-10-21`);
  });

  test('without a resource and an address it is told what is missing', async () => {
    const { status, text } = await at({}).ask('/v1/messages', say('gpt-4o'));
    expect([status, text]).toEqual([500, expect.stringContaining('needs a \\"resource\\"')]);
  });
});

describe('deployments', () => {
  test('E10 gpt-3.5 is gpt-35 here', async () => {
    const request = await sent(classic, '/v1/chat/completions', say('gpt-3.5-turbo'));
    expect(request.url).toContain('/deployments/gpt-35-turbo/');
  });

  test('a map of models leads to deployments, and what is known of the model holds for its deployment', async () => {
    const models = { 'gpt-5': 'prod-blue', 'gpt-4o': 'prod-green' };
    const newer = await sent({ ...named, models }, '/v1/messages', say('gpt-5', { temperature: 0.5 }));
    expect(newer.json).toMatchObject({ model: 'prod-blue', max_completion_tokens: 99 });
    expect(newer.json).not.toHaveProperty('temperature'); // Q2
    const older = await sent({ ...named, models }, '/v1/messages', say('gpt-4o', { temperature: 0.5 }));
    expect(older.json).toMatchObject({ model: 'prod-green', temperature: 0.5 });
  });

  test('one deployment for everything', async () => {
    const upstream = { settings: { resource: 'contoso', deployment: 'only' } };
    expect((await sent(upstream, '/v1/chat/completions', say('gpt-4o'))).json.model).toBe('only');
  });

  test('F9 resource:deployment:key brings address and deployment; the one that has the model is asked', async () => {
    const credentials = [...key('east:gpt-4o:key-east', 'a'), ...key('west:gpt-35-turbo:key-west', 'b')];
    for (const [model, host, secret] of [
      ['gpt-3.5-turbo', 'west', 'key-west'],
      ['gpt-4o', 'east', 'key-east'],
      ['something-else', 'east', 'key-east'],
    ]) {
      const request = await sent({ credentials }, '/v1/messages', say(model ?? ''));
      expect(request.url).toBe(`https://${host}.openai.azure.com/openai/v1/chat/completions`);
      expect(request.headers?.['api-key']).toBe(secret);
      expect(request.json.model).toBe(host === 'west' ? 'gpt-35-turbo' : 'gpt-4o');
    }
  });

  test('a deployment that fails rests, and the next is asked', async () => {
    const credentials = [...key('east:gpt-4o:key-east', 'a'), ...key('west:gpt-4o:key-west', 'b')];
    const place = at({ credentials }, ({ url }) =>
      url.includes('east') ? { status: 429, body: { error: { code: '429', message: 'busy' } } } : { body: chatReply },
    );
    for (const _ of [1, 2]) expect((await place.ask('/v1/messages', say('gpt-4o'))).status).toBe(200);
    expect(place.requests.map(({ url }) => new URL(url).hostname.split('.')[0])).toEqual(['east', 'west', 'west']);
  });

  test('no error repeats the key within the secret', async () => {
    const credentials = key('east:gpt-4o:key-of-east');
    const place = at({ credentials }, () => ({ status: 401, body: { error: { message: 'Wrong: key-of-east' } } }));
    const { text } = await place.ask('/v1/messages', say('gpt-4o'));
    expect(text).toContain('***');
    expect(text + JSON.stringify(place.records())).not.toContain('key-of-east');
  });
});

describe('Entra', () => {
  const secret = 'entra:tenant-1:client-1:s:e~cret';
  const isToken = ({ url }: OutboundRequest) => url.includes('/oauth2/v2.0/token');
  let issued = 0;
  const entra = (request: OutboundRequest): Answer =>
    isToken(request)
      ? { body: { token_type: 'Bearer', expires_in: 3599, access_token: `token-${(issued += 1)}` } }
      : { body: chatReply };

  test('a client’s credentials become a bearer token, which is kept', async () => {
    issued = 0;
    const place = at({ ...named, credentials: key(secret) }, entra);
    for (const _ of [1, 2]) expect((await place.ask('/v1/messages', say('gpt-4o'))).status).toBe(200);
    const [token, ...calls] = place.requests;
    expect(token?.url).toBe('https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token');
    expect(token?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(String(token?.body)))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client-1',
      client_secret: 's:e~cret',
      scope: 'https://cognitiveservices.azure.com/.default',
    });
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
    for (const { headers } of calls) expect(headers).not.toHaveProperty('api-key');
  });

  test('other clouds have another authority and scope', async () => {
    const settings = {
      resource: 'c',
      authority: 'https://login.microsoftonline.us/',
      scope: 'https://cognitiveservices.azure.us/.default',
    };
    const place = at({ settings, credentials: key(secret) }, entra);
    await place.ask('/v1/messages', say('gpt-4o'));
    expect(place.requests[0]?.url).toBe('https://login.microsoftonline.us/tenant-1/oauth2/v2.0/token');
    expect(String(place.requests[0]?.body)).toContain('azure.us');
  });

  test('a token given as it is goes as a bearer', async () => {
    const request = await sent(
      { ...named, credentials: key('eyJhbGciOi.eyJzdWIi.c2ln') },
      '/v1/messages',
      say('gpt-4o'),
    );
    expect(request.headers).toMatchObject({ authorization: 'Bearer eyJhbGciOi.eyJzdWIi.c2ln' });
  });

  test('a wrong secret is told in Entra’s words, without it', async () => {
    const error = { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' };
    const place = at({ ...named, credentials: key(secret) }, () => ({ status: 401, body: error }));
    const { status, text } = await place.ask('/v1/messages', say('gpt-4o'));
    expect([status, text]).toEqual([401, expect.stringContaining('AADSTS7000215')]);
    expect(text + JSON.stringify(place.records())).not.toContain('s:e~cret');
    expect(place.records()[0]?.attempts).toMatchObject([{ status: 401, failure: 'unauthenticated' }]);
  });
});

describe('B7 the content filter', () => {
  const blocked = {
    error: {
      message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: { hate: { filtered: true, severity: 'high' } },
      },
    },
  };
  const filtering = at(named, () => ({ status: 400, body: blocked }));

  test('a blocked prompt is a refusal to a Messages client, whole and streamed', async () => {
    const whole = await filtering.ask('/v1/messages', say('gpt-4o'));
    expect([whole.status, JSON.parse(whole.text)]).toMatchObject([
      200,
      { type: 'message', stop_reason: 'refusal', content: [] },
    ]);
    const streamed = await filtering.ask('/v1/messages', say('gpt-4o', { stream: true }));
    expect(streamed.headers['content-type']).toContain('text/event-stream');
    expect(streamed.text).toMatch(/^event: message_start[^]*"stop_reason":"refusal"[^]*event: message_stop/);
  });

  test('and a blocked candidate to a Gemini client', async () => {
    const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
    const { status, text } = await filtering.ask('/v1beta/models/up%2Fgpt-4o:generateContent', { contents });
    expect(status).toBe(200);
    expect(text).toMatch(/"(finishReason|blockReason)":"(SAFETY|PROHIBITED_CONTENT|OTHER)"/);
  });

  test('an OpenAI client reads the error it knows', async () => {
    const chat = await filtering.ask('/v1/chat/completions', say('gpt-4o'));
    expect([chat.status, JSON.parse(chat.text)]).toMatchObject([400, { error: { code: 'content_filter' } }]);
    const responses = await filtering.ask('/v1/responses', { model: 'up/gpt-4o', input: 'Hi' });
    expect([responses.status, JSON.parse(responses.text)]).toMatchObject([400, { error: { code: 'content_filter' } }]);
  });

  test('U6 the filter’s findings come first, without a choice, and last, without a delta: they are no part of the reply', async () => {
    const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' };
    const chunks = [
      { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] },
      { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null, content_filter_results: { hate: { filtered: false } } }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { ...head, choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 1 }, content_filter_results: {} }] },
      { ...head, choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
    ]; // prettier-ignore
    const stream = [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'].join('');
    const place = at(named, () => ({ body: stream }));
    const { text } = await place.ask('/v1/messages', say('gpt-4o', { stream: true }));
    expect(text.match(/"text":"Hi"/g)).toHaveLength(1);
    expect(text).toMatch(/"stop_reason":"end_turn"[^]*message_stop/);
    expect(text).toMatch(/"output_tokens":2/);
  });
});
