/** Who may come in, by which key, and where no key may ever be seen (H1, H6). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, publicModel, type RunningGateway } from '../gateway.ts';
import { freshGateway, hello, modelAt, pairs, startUpstreams, type Upstreams } from '../stages.ts';
import { holds } from '../upstream-rules.ts';
import type { Step } from '../upstream.ts';

const upstreamKey = 'upstream-secret-9f8e7d';
let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());
beforeEach(async () => {
  gateway = await freshGateway(upstreams, () => [upstreamKey]);
});
afterEach(() => gateway.close());

const doors: Readonly<Record<DialectName, readonly [string, Record<string, unknown>]>> = {
  'openai-chat': ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  'openai-responses': ['/v1/responses', { input: 'Hi', store: false }],
  'anthropic-messages': ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }],
  'gemini-generate': [
    `/v1beta/models/MODEL:generateContent`,
    { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
  ],
};

const credentials: readonly (readonly [string, string, Record<string, string>])[] = [
  ['a bearer token', '', { authorization: `Bearer ${accessKey}` }],
  ['x-api-key', '', { 'x-api-key': accessKey }],
  ['x-goog-api-key', '', { 'x-goog-api-key': accessKey }],
  ['?key=', `?key=${accessKey}`, {}],
];

describe.each(pairs)('%s client, %s upstream', (client, to) => {
  test.each(credentials)('%s lets in, and stays here', async (_, query, headers) => {
    const upstream = upstreams.of(to);
    upstream.script({ type: 'answer', fixture: 'text' });
    const [path, body] = doors[client];
    const response = await fetch(gateway.url + path.replace('MODEL', modelAt(to)) + query, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
      body: JSON.stringify(client === 'gemini-generate' ? body : { ...body, model: modelAt(to) }),
    });
    const answer = JSON.stringify([...response.headers]) + (await response.text());
    expect(response.status, answer).toBe(200);
    expect(answer).not.toContain(upstreamKey);
    const [asked] = upstream.requests;
    expect(asked?.key).toBe(upstreamKey);
    expect(asked && holds(asked, accessKey)).toBe(false);
  });

  test('an upstream that repeats our key in its error does not give it away', async () => {
    const error = JSON.stringify({
      error: { message: `Incorrect API key provided: ${upstreamKey}.`, type: 'authentication_error' },
    });
    const step: Step = { type: 'bytes', status: 401, bytes: Buffer.from(error), contentType: 'application/json' };
    upstreams.of(to).script(step);
    const outcome = await hello(gateway, client, to).turn({ stream: false });
    expect(outcome.error?.status).toBe(401);
    expect(JSON.stringify(outcome)).not.toContain(upstreamKey);
  });
});

describe.each(dialectNames)('%s client', (client) => {
  test.each([
    ['whole', false],
    ['streamed', true],
  ])('a wrong key is refused in the client’s own words before anything is sent, %s', async (_, stream) => {
    const upstream = upstreams.of('openai-chat');
    upstream.script({ type: 'answer', fixture: 'text' });
    const target = { url: gateway.url, key: 'wrong', model: modelAt('openai-chat') };
    const { error } = await clients[client].open(target, { user: 'Hi' }).turn({ stream });
    expect(error).toMatchObject({ status: 401, message: expect.stringContaining('access key') as string });
    expect(upstream.requests.length).toBe(0);
  });

  test('an unknown model is a 404 that names what there is', async () => {
    const target = { url: gateway.url, key: accessKey, model: 'no-such-model' };
    const { error } = await clients[client].open(target, { user: 'Hi' }).turn({ stream: false });
    expect(error).toMatchObject({ status: 404, message: expect.stringContaining(publicModel) as string });
  });
});
