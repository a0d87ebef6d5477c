import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { socketUpstream } from '../socket-upstream.ts';
import { folder, start } from '../support.ts';
import { ask } from './ask.ts';
import { anthropic, chat, claude, openai, serving } from './services.ts';

/** Row F16 of the acceptance list: errors with their real status, told from ours, and without whose account it is. */

const ids = {
  openai: 'org-AbCdEf0123456789AbCdEf01',
  project: 'proj_AbCdEf0123456789AbCdEf01',
  anthropic: 'd59e5a9f-0b1c-4d2e-8f3a-4b5c6d7e8f90',
  google: '123456789012',
};
const words = {
  openai: `Rate limit reached for gpt-4o in organization ${ids.openai} project ${ids.project} on tokens per min.`,
  anthropic: `This would exceed the rate limit for your organization (${ids.anthropic}) of 10,000 tokens.`,
  google: `Quota exceeded for consumer 'projects/${ids.google}', project_number:${ids.google}.`,
};
const errors = {
  openai: { error: { message: words.openai, type: 'tokens', param: null, code: 'rate_limit_exceeded' } },
  anthropic: { type: 'error', error: { type: 'rate_limit_error', message: words.anthropic } },
  google: { error: { code: 429, message: words.google, status: 'RESOURCE_EXHAUSTED' } },
};
const gemini = 'provider: gemini, apiKeys: [gemini-key-0123456789]';
const accounts = {
  'openai-organization': 'our-company',
  'openai-project': ids.project,
  'anthropic-organization-id': ids.anthropic,
};

function refusing(status: number, body: object): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...accounts }).end(JSON.stringify(body));
  };
}

function streaming(...pieces: readonly string[]): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...accounts });
    const [piece, ...others] = pieces;
    response.write(piece ?? '');
    // Each in a read of its own.
    others.forEach((other, index) => setTimeout(() => response.write(other), 20 * (index + 1)));
    setTimeout(() => response.end(), 20 * (others.length + 1));
  };
}

function expectMasked(text: string, headers: object): void {
  for (const id of Object.values(ids)) expect(text + JSON.stringify(headers)).not.toContain(id);
  expect(text).toContain('***');
  for (const name of Object.keys(accounts)) expect(headers).not.toHaveProperty(name);
}

const asks = {
  chat: ['/v1/chat/completions', chat],
  responses: ['/v1/responses', { model: 'gpt-4o', input: 'Hi' }],
  messages: ['/v1/messages', claude],
  gemini: ['/v1beta/models/gemini-2.5-flash:generateContent', { contents: [{ parts: [{ text: 'Hi' }] }] }],
} as const;
const vendors = { openai, anthropic, google: gemini };

describe('F16 a vendor’s refusal: its status, and nothing of whose account it is', () => {
  const rows = Object.keys(asks).flatMap((door) => Object.keys(vendors).map((vendor) => [door, vendor] as const));

  test.each(rows as [keyof typeof asks, keyof typeof vendors][])('%s in front of %s', async (door, vendor) => {
    const { url, log } = await serving([`${vendors[vendor]}, models: ['*']`], {}, refusing(429, errors[vendor]));
    const [path, body] = asks[door];
    const { status, headers, text } = await ask(url, path, { body });
    expect(status).toBe(429);
    expectMasked(text, headers);
    expect(headers).not.toHaveProperty('x-proxy-error');
    log.flush();
    expect(log.lines.join('')).not.toContain(ids[vendor]);
  });

  test('of relayed operations', async () => {
    const { url } = await serving([openai], {}, refusing(403, errors.openai));
    for (const path of ['/v1/files', '/v1/files/file-1', '/v1/batches']) {
      const { status, headers, text } = await ask(url, path);
      expect(status).toBeGreaterThanOrEqual(400);
      expectMasked(text, headers);
    }
  });
});

describe('F16 an error amid a stream', () => {
  const delta = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'one' } }] })}\n\n`;
  const error = `data: ${JSON.stringify(errors.openai)}\n\n`;
  const cut = error.indexOf(ids.openai) + 8;
  const cuts = [
    ['whole', [delta, error]],
    ['with what came before', [delta + error]],
    ['cut within the id', [delta, error.slice(0, cut), error.slice(cut)]],
    ['at once', [error]],
  ] as const;

  test.each(cuts)('%s, passed on or translated', async (_name, pieces) => {
    const { url } = await serving([`${openai}, models: ['*']`], {}, streaming(...pieces));
    for (const [path, body] of [asks.chat, asks.messages]) {
      const { headers, text } = await ask(url, path, { body: { ...body, stream: true } });
      expectMasked(text, headers);
      expect(text).toContain('Rate limit reached for gpt-4o');
    }
  });

  test('with an alias, of Responses, and of an operation that is only relayed', async () => {
    const failed = { type: 'response.failed', response: { id: 'r', status: 'failed', error: errors.openai.error } };
    const created = {
      type: 'response.created',
      response: { id: 'r', status: 'in_progress', model: 'gpt-4o', error: null },
    };
    const events = [created, failed].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    const responses = await serving([`${openai}, models: { fast: gpt-4o }`], {}, streaming(...events));
    const body = { model: 'fast', input: 'Hi', stream: true };
    const passed = await ask(responses.url, '/v1/responses', { body });
    expectMasked(passed.text, passed.headers);
    expect(passed.text).toContain('"model":"fast"');

    const partial = `data: {"type":"image_generation.partial_image","b64_json":"AAAA"}\n\n`;
    const images = await serving([openai], {}, streaming(partial, error));
    const picture = { model: 'gpt-image-1', prompt: 'a cat', stream: true };
    const relayed = await ask(images.url, '/v1/images/generations', { body: picture });
    expect(relayed.text).toContain('partial_image');
    expectMasked(relayed.text, relayed.headers);
  });

  test('what a model says of organizations is passed on as it is', async () => {
    const said = delta.replace('one', `${ids.openai} \\"error\\"`);
    const { url } = await serving([openai], {}, streaming(said, 'data: [DONE]\n\n'));
    const { text } = await ask(url, '/v1/chat/completions', { body: { ...chat, stream: true } });
    expect(text).toContain(said);
  });

  test('of a session over a WebSocket', async () => {
    const event = JSON.stringify({ type: 'error', ...errors.openai });
    const upstream = await socketUpstream({ visit: ({ socket }) => socket.send(event) });
    const config = `upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}/v1", apiKeys: [theirs] }]`;
    const { port } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime?model=gpt-realtime`);
    const [message] = (await once(socket, 'message')) as [Buffer];
    expectMasked(message.toString(), {});
    socket.terminate();
  });
});

test('F16 an error of ours is told from an upstream’s', async () => {
  const { url } = await serving([openai], {}, refusing(401, errors.openai), 'accessKeys: [ours-0123456789]');
  const header = async (path: string, headers: Record<string, string>) => {
    const answer = await ask(url, path, { body: chat, headers });
    return [answer.status, answer.headers['x-proxy-error']];
  };
  const ours = { authorization: 'Bearer ours-0123456789' };
  expect(await header('/v1/chat/completions', {})).toEqual([401, 'unauthenticated']);
  expect(await header('/v1/chat/completions', ours)).toEqual([429, undefined]);
  expect(await header('/nowhere', ours)).toEqual([404, 'not-found']);
});

describe('F16 whose error it is, whatever its status', () => {
  const bodies = {
    'of its status': (status: number) => refusing(status, { error: { message: 'Not now.' } }),
    'of a page': (status: number): RequestListener => {
      return (_request, response) =>
        void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no</h1>');
    },
  };
  const rows = [408, 499, 500, 502, 503, 504].flatMap((status) =>
    (Object.keys(bodies) as (keyof typeof bodies)[]).map((body) => [status, body] as const),
  );

  test.each(rows)('an upstream’s own %i, %s', async (status, body) => {
    const { url } = await serving([`${openai}, models: ['*']`], {}, bodies[body](status));
    for (const [path, asked] of Object.values(asks)) {
      const answer = await ask(url, path, { body: asked });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers).not.toHaveProperty('x-proxy-error');
    }
  });

  const cutStream = streaming(`data: {"id":"c","object":"chat.completion.chunk","choices":[]}\n\n`);
  const broken: RequestListener = (request) => void request.socket.destroy();
  const rubbish: RequestListener = (_request, response) => void response.writeHead(200).end('[]');
  test.each([
    ['a connection that breaks', broken, 502],
    ['a reply that is none', rubbish, 502],
  ])('%s is ours to tell', async (_name, upstream, status) => {
    const { url } = await serving([`${openai}, models: ['*']`], {}, upstream);
    const answer = await ask(url, '/v1/messages', { body: claude });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([status, 'bad-upstream']);
  });

  test('a stream’s first event tells an error of the upstream’s; a stream that breaks off before it, one of ours', async () => {
    const timeout = { error: { code: 504, message: 'Deadline expired.', status: 'DEADLINE_EXCEEDED' } };
    const said = await serving([`${gemini}, models: ['*']`], {}, streaming(`data: ${JSON.stringify(timeout)}\n\n`));
    const body = { ...chat, stream: true };
    const theirs = await ask(said.url, '/v1/chat/completions', { body });
    expect([theirs.status, theirs.headers['x-proxy-error']]).toEqual([504, undefined]);
    const cut = await serving([`${openai}, models: ['*']`], {}, cutStream);
    const ours = await ask(cut.url, '/v1/messages', { body: { ...claude, stream: true } });
    expect([ours.status, ours.headers['x-proxy-error']]).toEqual([502, 'bad-upstream']);
  });
});

test('F16 a reply does not say whose account it is from', async () => {
  const { url } = await serving([openai], {}, refusing(200, { object: 'list', data: [] }));
  for (const [path, body] of [
    ['/v1/chat/completions', chat],
    ['/v1/files', undefined],
  ] as const) {
    const { status, headers } = await ask(url, path, body && { body });
    expect(status).toBe(200);
    for (const name of Object.keys(accounts)) expect(headers).not.toHaveProperty(name);
  }
});
