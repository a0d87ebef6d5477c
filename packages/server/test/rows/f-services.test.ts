import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder } from '../support.ts';
import { ask } from './ask.ts';
import { anthropic, chat, claude, openai, serving } from './services.ts';
import { claudeStream } from './vendor.ts';

/** Rows F2–F4 of the acceptance list: OpenAI's, its images, and Anthropic's own, as older clients ask for them. */

function events(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(text);
}

/** The events of a stream, in order. */
function framesOf(text: string): readonly unknown[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => (data === '[DONE]' ? data : JSON.parse(data)));
}

test('F2 OpenAI: models, chat, completions, embeddings', async () => {
  const { url, upstream } = await serving([anthropic, openai, 'provider: mistral, apiKeys: [mistral-key-0123456789]']);
  const bodies: Readonly<Record<string, object>> = {
    'chat/completions': chat,
    completions: { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' },
    embeddings: { model: 'text-embedding-ada-002', input: 'Hi' },
  };
  expect((await ask(url, '/proxy/openai/v1/models')).status).toBe(200);
  for (const [path, body] of Object.entries(bodies)) {
    expect((await ask(url, `/proxy/openai/v1/${path}`, { body })).status).toBe(200);
    expect(upstream.seen.at(-1)).toMatchObject({ url: `/v1/${path}`, body: JSON.stringify(body) });
    expect(upstream.seen.at(-1)?.headers.authorization).toBe('Bearer openai-key-0123456789');
  }
  // A model of somebody else's goes to this service all the same: the path says so.
  await ask(url, '/proxy/openai/v1/chat/completions', { body: { ...chat, model: 'claude-x' } });
  expect(upstream.seen.at(-1)?.headers.authorization).toBe('Bearer openai-key-0123456789');
});

test.each([
  [{ input: 'Hi' }, 'text-embedding-ada-002'],
  [{ input: 'Hi', model: 'gpt-4' }, 'text-embedding-ada-002'],
  [{ input: 'Hi', model: 'text-embedding-3-small' }, 'text-embedding-3-small'],
])('F2 embeddings of %j are asked of %s', async (body, model) => {
  const { url, sent } = await serving([openai]);
  expect((await ask(url, '/proxy/openai/v1/embeddings', { body })).status).toBe(200);
  expect(sent()).toMatchObject({ input: 'Hi', model });
});

describe('F2 turbo-instruct', () => {
  const path = '/proxy/openai/v1/turbo-instruct/chat/completions';

  test.each([
    path,
    '/proxy/openai/v1/turbo-instruct/v1/chat/completions',
    '/proxy/openai/turbo-instruct/chat/completions',
  ])('%s takes messages, asks for a completion, and answers as a chat', async (at) => {
    const { url, upstream, sent } = await serving([openai]);
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: 'Go on.' },
    ];
    const body = { model: 'gpt-4', messages, stop: 'END', temperature: 0.5, max_completion_tokens: 7 };
    const answer = await ask(url, at, { body });
    expect(answer.json()).toEqual({
      id: 'cmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'i',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'hi', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    expect(upstream.seen[0]?.url).toBe('/v1/completions');
    expect(sent()).toEqual({
      model: 'gpt-3.5-turbo-instruct',
      prompt: '\n\nSystem: Be brief.\n\nUser: Hi\n\nAssistant: Yes?\n\nUser: Go on.\n\nAssistant:',
      stop: ['END', '\n\nUser:'],
      max_tokens: 7,
      temperature: 0.5,
    });
  });

  test('a prompt goes as it is', async () => {
    const { url, sent } = await serving([openai]);
    expect((await ask(url, path, { body: { prompt: 'Once upon', stop: 'END' } })).status).toBe(200);
    expect(sent()).toMatchObject({ model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon', stop: 'END' });
  });

  test('a stream comes as chunks', async () => {
    const piece = (text: string, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'i', choices: [{ text, index: 0, finish_reason }] })}\n\n`;
    const { url, sent } = await serving([openai], {}, (_request, response) =>
      events(response, `${piece('\n ')}${piece(' hel')}${piece('lo ')}${piece('', 'stop')}data: [DONE]\n\n`),
    );
    const answer = await ask(url, path, { body: { ...chat, stream: true } });
    expect(answer.headers['content-type']).toContain('text/event-stream');
    const chunks = framesOf(answer.text);
    expect(chunks.at(-1)).toBe('[DONE]');
    const first = { id: 'cmpl-1', object: 'chat.completion.chunk', created: 1, model: 'i' };
    expect(chunks.slice(0, -1)).toMatchObject([
      { ...first, choices: [{ index: 0, delta: { role: 'assistant' }, finish_reason: null }] },
      { ...first, choices: [{ index: 0, delta: { content: 'hel' } }] },
      { ...first, choices: [{ index: 0, delta: { content: 'lo ' } }] },
      { ...first, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ]);
    expect(sent().stream).toBe(true);
  });

  test('what is no frame of a completion passes as it is', async () => {
    const piece = (text: string, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ id: 'cmpl-1', object: 'text_completion', choices: [{ text, index: 0, finish_reason }] })}\n\n`;
    const odd = ': PROCESSING\n\ndata: no JSON\n\n';
    for (const mode of ['', 'errorsAsCompletions: true']) {
      const answer = (_request: unknown, response: ServerResponse) =>
        events(response, `${piece('hi')}${odd}${piece('', 'stop')}data: [DONE]\n\n`);
      const { url } = await serving([openai], {}, answer, mode);
      const { text } = await ask(url, path, { body: { ...chat, stream: true } });
      expect(text).toContain(': PROCESSING\n\n');
      expect(text).toContain('data: no JSON\n\n');
      expect(text).not.toContain('text_completion');
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    }
  });

  test.each([
    [{ model: 'x' }, 'messages'],
    [{ ...chat, tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages[0].content',
    ],
  ])('%j: 400 that names %s', async (body, param) => {
    const { url, upstream } = await serving([openai]);
    const answer = await ask(url, path, { body });
    expect([answer.status, answer.json()]).toMatchObject([400, { error: { param } }]);
    expect(upstream.seen).toEqual([]);
  });

  test('an upstream’s error keeps its status', async () => {
    const { url } = await serving([openai], {}, (_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"The model is gone","type":"invalid_request_error"}}');
    });
    const answer = await ask(url, path, { body: chat });
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('The model is gone');
  });
});

describe('F3 images', () => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const picturing = { model: 'dall-e-3', messages: [{ role: 'user', content: 'Nick: Image: a cat' }] };
  const drawn =
    (...data: object[]) =>
    (_request: unknown, response: ServerResponse) => {
      response.setHeader('content-type', 'application/json');
      const usage = { input_tokens: 4, output_tokens: 6, total_tokens: 10 };
      response.end(JSON.stringify({ created: 1, data, usage }));
    };
  const path = '/proxy/openai-image/v1/chat/completions';

  test('generations', async () => {
    const { url, upstream } = await serving([openai]);
    const body = { model: 'dall-e-3', prompt: 'A cat' };
    for (const service of ['openai-image', 'openai'])
      expect((await ask(url, `/proxy/${service}/v1/images/generations`, { body })).json()).toHaveProperty('data');
    expect(upstream.seen.map((seen) => seen.url)).toEqual(['/v1/images/generations', '/v1/images/generations']);
  });

  test('a chat that says "Image:" is answered with the image in Markdown', async () => {
    const { url, upstream, sent } = await serving(
      [openai],
      {},
      drawn({ url: 'https://cdn.test/1.png' }, { b64_json: png }),
    );
    const messages = [
      ...picturing.messages,
      { role: 'assistant', content: 'Done' },
      { role: 'user', content: 'image: a dog' },
    ];
    const answer = await ask(url, path, { body: { ...picturing, messages, n: 2 } });
    expect(answer.json()).toMatchObject({
      object: 'chat.completion',
      model: 'dall-e-3',
      choices: [
        {
          message: {
            role: 'assistant',
            content: `![generated image](https://cdn.test/1.png)\n\n![generated image](data:image/png;base64,${png})`,
          },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 },
    });
    expect(upstream.seen[0]?.url).toBe('/v1/images/generations');
    expect(sent()).toEqual({ model: 'dall-e-3', prompt: 'a dog', n: 2 });
  });

  test('a stream comes as chunks, from a model that draws', async () => {
    const { url, sent } = await serving([openai], {}, drawn({ url: 'https://cdn.test/1.png' }));
    const answer = await ask(url, path, { body: { ...picturing, model: 'gpt-4', stream: true } });
    expect(answer.headers['content-type']).toContain('text/event-stream');
    const [first, last, done] = framesOf(answer.text);
    expect(first).toMatchObject({
      object: 'chat.completion.chunk',
      choices: [{ delta: { role: 'assistant', content: '![generated image](https://cdn.test/1.png)' } }],
    });
    expect(last).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }] });
    expect(done).toBe('[DONE]');
    expect(sent()).toEqual({ model: 'gpt-image-1', prompt: 'a cat' });
  });

  test.each([
    { role: 'user', content: 'Draw a cat' },
    { role: 'assistant', content: 'Image: a cat' },
  ])('without the word in the last user turn: 400 (%j)', async (message) => {
    const { url, upstream } = await serving([openai]);
    const answer = await ask(url, path, { body: { ...chat, messages: [message] } });
    expect([answer.status, answer.json()]).toMatchObject([400, { error: { param: 'messages' } }]);
    expect(upstream.seen).toEqual([]);
  });

  describe('kept', () => {
    const keeping = async (maxMb = 1) => {
      const path = join(folder(), 'pictures');
      const more = `doors: { pictures: { path: "${path}", maxMb: ${maxMb} } }\naccessKeys: [ours-0123456789]`;
      return { path, ...(await serving([openai], {}, drawn({ b64_json: png }), more)) };
    };
    const headers = { authorization: 'Bearer ours-0123456789' };
    const drawOne = async (url: string) => {
      const { text } = await ask(url, path, { body: picturing, headers });
      return /http:\/\/[\w.:[\]]+(\/user_content\/[\w-]{32}\.png)\)/.exec(text)?.[1] ?? '';
    };

    test('in a folder, and fetched without a key by whoever knows the name', async () => {
      const { url, sent, ...kept } = await keeping();
      const [one, other] = [await drawOne(url), await drawOne(url)];
      expect(one).not.toBe(other);
      expect(sent()).toMatchObject({ response_format: 'b64_json' });
      const fetched = await ask(url, one);
      expect([fetched.status, fetched.headers['content-type']]).toEqual([200, 'image/png']);
      expect(fetched.bytes.toString('base64')).toBe(png);
      expect(fetched.headers['x-content-type-options']).toBe('nosniff');
      expect((await ask(url, one, { method: 'HEAD' })).bytes).toHaveLength(0);
      expect(readdirSync(kept.path)).toHaveLength(2);
      expect(statSync(join(kept.path, one.slice('/user_content/'.length))).mode & 0o077).toBe(0);
    });

    test('no list of them, nothing beside them', async () => {
      const { url } = await keeping();
      const name = await drawOne(url);
      for (const other of [
        '',
        'x.png',
        name.slice(14).replace(/^./, 'Z'),
        '../proxy.config.yaml',
        '%2e%2e/proxy.config.yaml',
      ])
        expect((await ask(url, `/user_content/${other}`)).status).toBe(404);
    });

    test('the oldest make room', async () => {
      const { url, path: kept } = await keeping();
      const name = await drawOne(url);
      const big = join(kept, `${'b'.repeat(32)}.png`);
      writeFileSync(big, Buffer.alloc(1024 * 1024));
      utimesSync(big, new Date(), new Date(Date.now() - 60_000));
      const next = await drawOne(url);
      expect(readFileSync(join(kept, next.slice(14)))).toHaveLength(Buffer.from(png, 'base64').length);
      expect(readdirSync(kept).toSorted()).toEqual([name, next].map((each) => each.slice(14)).toSorted());
    });

    test('nothing is served where none are', async () => {
      const { url } = await serving([openai]);
      expect((await ask(url, `/user_content/${'a'.repeat(32)}.png`)).status).toBe(404);
    });
  });
});

describe('F4 Anthropic’s own', () => {
  const completing = {
    model: 'claude-sonnet-4-5',
    max_tokens_to_sample: 9,
    prompt: 'Be brief.\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Go on.\n\nAssistant:',
    stop_sequences: ['END'],
    temperature: 0.5,
  };
  const asked = {
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    system: 'Be brief.',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: 'Go on.' },
    ],
    stop_sequences: ['END'],
    temperature: 0.5,
  };

  test('messages go through to the byte', async () => {
    const { url, upstream } = await serving([openai, anthropic]);
    expect((await ask(url, '/proxy/anthropic/v1/messages', { body: claude })).json()).toMatchObject({
      type: 'message',
    });
    expect(upstream.seen[0]).toMatchObject({ url: '/v1/messages', body: JSON.stringify(claude) });
    expect(upstream.seen[0]?.headers['x-api-key']).toBe('sk-ant-key-0123456789');
  });

  test('a stream of messages', async () => {
    const { url } = await serving([anthropic], {}, (_request, response) => events(response, claudeStream));
    const answer = await ask(url, '/proxy/anthropic/v1/messages', { body: { ...claude, stream: true } });
    expect(answer.text).toBe(claudeStream);
  });

  test('/v1/complete: the prompt becomes messages, the reply a completion', async () => {
    const { url, upstream, sent } = await serving([anthropic]);
    const answer = await ask(url, '/proxy/anthropic/v1/complete', { body: completing });
    expect(answer.json()).toEqual({
      type: 'completion',
      id: 'compl_1',
      completion: 'hi',
      stop_reason: 'stop_sequence',
      stop: '\n\nHuman:',
      model: 'claude-x',
    });
    expect(upstream.seen[0]?.url).toBe('/v1/messages');
    expect(sent()).toEqual(asked);
  });

  test('/v1/complete: what the assistant has begun is gone on with', async () => {
    const { url, sent } = await serving([anthropic]);
    const prompt = '\n\nHuman: Hi\n\nAssistant: Well, ';
    await ask(url, '/proxy/anthropic/v1/complete', { body: { ...completing, prompt } });
    expect(sent().messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Well,' },
    ]);
    expect(sent()).not.toHaveProperty('system');
  });

  test('/v1/complete: a stream of completions', async () => {
    const { url, sent } = await serving([anthropic], {}, (_request, response) => events(response, claudeStream));
    const answer = await ask(url, '/proxy/anthropic/v1/complete', { body: { ...completing, stream: true } });
    expect(answer.text.match(/^event: completion$/gm)).toHaveLength(3);
    const piece = { type: 'completion', id: 'compl_1', model: 'm' };
    expect(framesOf(answer.text)).toEqual([
      { ...piece, completion: 'hel', stop_reason: null, stop: null },
      { ...piece, completion: 'lo', stop_reason: null, stop: null },
      { ...piece, completion: '', stop_reason: 'stop_sequence', stop: '\n\nHuman:' },
    ]);
    expect(sent().stream).toBe(true);
  });

  test('/v1/complete: at Bedrock as well', async () => {
    const bedrock = 'provider: bedrock, apiKeys: ["AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:us-east-1"]';
    const { url, sent } = await serving([bedrock]);
    const answer = await ask(url, '/proxy/aws/claude/v1/complete', { body: completing });
    expect(answer.json()).toMatchObject({ type: 'completion', completion: 'hi' });
    expect(sent()).toMatchObject({ messages: asked.messages, anthropic_version: 'bedrock-2023-05-31' });
  });

  test.each([
    ['sonnet', 'complete', 'claude-3-sonnet-20240229'],
    ['sonnet', 'messages', 'claude-3-sonnet-20240229'],
    ['opus', 'complete', 'claude-3-opus-20240229'],
    ['opus', 'messages', 'claude-3-opus-20240229'],
  ])('/v1/%s/%s forces that model', async (size, action, model) => {
    const { url, sent } = await serving([anthropic]);
    const { model: _model, ...unnamed } = completing;
    const answer = await ask(url, `/proxy/anthropic/v1/${size}/${action}`, { body: unnamed });
    expect(answer.json()).toMatchObject({ type: 'completion', completion: 'hi' });
    expect(sent()).toEqual({ ...asked, model });
  });

  test('or the one of that size that its upstream lists', async () => {
    const { url, sent } = await serving([`${anthropic}, models: [claude-haiku-4-5, claude-opus-4-5]`]);
    await ask(url, '/proxy/anthropic/v1/opus/messages', { body: completing });
    expect(sent().model).toBe('claude-opus-4-5');
  });

  test('a stream from a forced model', async () => {
    const { url } = await serving([anthropic], {}, (_request, response) => events(response, claudeStream));
    const answer = await ask(url, '/proxy/anthropic/v1/opus/messages', { body: { ...completing, stream: true } });
    expect(framesOf(answer.text)).toMatchObject([{ completion: 'hel' }, { completion: 'lo' }, { completion: '' }]);
  });

  test.each([
    ['/v1/complete', claude, /\/v1\/messages/],
    ['/v1/sonnet/complete', claude, /\/v1\/messages.*claude-3-sonnet-20240229/],
    ['/v1/opus/messages', claude, /\/v1\/messages.*claude-3-opus-20240229/],
    ['/v1/opus/messages', chat, /\/v1\/messages.*claude-3-opus-20240229/],
    ['/v1/complete', { ...completing, prompt: 'Hello' }, /Human/],
    ['/v1/complete', { ...completing, max_tokens_to_sample: undefined }, /max_tokens_to_sample/],
  ])('%s with %j: 400 that tells the mend', async (path, body, mend) => {
    const { url, upstream } = await serving([anthropic]);
    const answer = await ask(url, `/proxy/anthropic${path}`, { body });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    expect(answer.text).toMatch(mend);
    expect(upstream.seen).toEqual([]);
  });
});
