/** What SDKs do on top of single calls: tool loops of their own, counting, lists of models, and odd upstreams. */
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { GoogleGenAI, type CallableTool } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, publicModel, type RunningGateway } from '../gateway.ts';
import { expectNoFaults } from '../play.ts';
import { parallelTools, text } from '../scenarios.ts';
import { freshGateway, hello, modelAt, pairs, startUpstreams, type Upstreams } from '../stages.ts';
import { fixture } from '../upstream.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;
let openai: OpenAI;
let anthropic: Anthropic;
let genai: GoogleGenAI;

beforeAll(async () => {
  upstreams = await startUpstreams();
  gateway = await freshGateway(upstreams, () => ['the-key']);
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: accessKey, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: accessKey, maxRetries: 0 });
  genai = new GoogleGenAI({ apiKey: accessKey, httpOptions: { baseUrl: gateway.url } });
});
afterAll(async () => {
  await gateway.close();
  await upstreams.close();
});

const user = 'Weather and files, please.';
const answer = parallelTools.turns[1]?.expected.text;
const object = { type: 'object', properties: { city: { type: 'string' } } } as const;

function scriptToolLoop(to: DialectName) {
  const upstream = upstreams.of(to);
  upstream.script({ type: 'answer', fixture: 'tools-1' }, { type: 'answer', fixture: 'tools-2' });
  return upstream;
}

function expectToolLoop(to: DialectName, client: DialectName): void {
  expectNoFaults(upstreams.of(to), client, 'tool loop');
  expect(upstreams.of(to).requests.length).toBe(2);
}

describe.each(dialectNames)('%s upstream', (to) => {
  test.each([
    ['whole', false],
    ['streamed', true],
  ])('Anthropic’s tool runner falls back from message threads and finishes, %s', async (_, stream) => {
    if (to === 'anthropic-messages') return; // threads are that vendor's own: relayed
    scriptToolLoop(to);
    const tool = (name: string) =>
      betaTool({ name, description: name, inputSchema: object, run: () => `${name} says 7` });
    const runner = anthropic.beta.messages.toolRunner({
      model: modelAt(to),
      max_tokens: 4000,
      stream,
      messages: [{ role: 'user', content: user }],
      tools: [tool('get_weather'), tool('list_files')],
    });
    const last = await runner.runUntilDone();
    expect(last.content.map((block) => (block.type === 'text' ? block.text : ''))).toEqual([answer]);
    expectToolLoop(to, 'anthropic-messages');
    expect(upstreams.of(to).requests[1]?.raw).toContain('list_files says 7');
  });

  test.each([
    ['whole', false],
    ['streamed', true],
  ])('OpenAI’s runTools finishes, %s', async (_, stream) => {
    scriptToolLoop(to);
    const tool = (name: string) => ({
      type: 'function' as const,
      function: {
        name,
        description: name,
        parameters: object,
        function: () => `${name} says 7`,
        parse: JSON.parse as () => object,
      },
    });
    const params = {
      model: modelAt(to),
      messages: [{ role: 'user' as const, content: user }],
      tools: [tool('get_weather'), tool('list_files')],
    };
    const runner = stream
      ? openai.chat.completions.runTools({ ...params, stream: true })
      : openai.chat.completions.runTools(params);
    expect(await runner.finalContent()).toBe(answer);
    expectToolLoop(to, 'openai-chat');
  });

  test('genai’s automatic function calling finishes', async () => {
    scriptToolLoop(to);
    const callable: CallableTool = {
      tool: async () => ({
        functionDeclarations: ['get_weather', 'list_files'].map((name) => ({ name, parametersJsonSchema: object })),
      }),
      callTool: async (calls) =>
        calls.map(({ id, name = '' }) => ({
          functionResponse: { name, response: { output: `${name} says 7` }, ...(id !== undefined && { id }) },
        })),
    };
    const reply = await genai.models.generateContent({
      model: modelAt(to),
      contents: user,
      config: { tools: [callable] },
    });
    expect(reply.text).toBe(answer);
    expectToolLoop(to, 'gemini-generate');
  });

  test('genai’s chat keeps its history', async () => {
    scriptToolLoop(to);
    const chat = genai.chats.create({
      model: modelAt(to),
      config: { tools: [{ functionDeclarations: [{ name: 'get_weather' }, { name: 'list_files' }] }] },
    });
    const calls = [];
    for await (const chunk of await chat.sendMessageStream({ message: user }))
      calls.push(...(chunk.functionCalls ?? []));
    const message = calls.map(({ id, name = '' }) => ({
      functionResponse: { name, response: { output: '7' }, ...(id !== undefined && { id }) },
    }));
    let said = '';
    for await (const chunk of await chat.sendMessageStream({ message })) said += chunk.text ?? '';
    expect(said).toBe(answer);
    if (to !== 'gemini-generate') expectToolLoop(to, 'gemini-generate');
  });

  test('N1 tokens are counted there, or over-estimated, without running the model', async () => {
    const upstream = upstreams.of(to);
    upstream.script();
    const model = modelAt(to);
    const long = 'Wie wird das Wetter in Köln? '.repeat(16);
    const counts = [
      (await anthropic.messages.countTokens({ model, messages: [{ role: 'user', content: long }] })).input_tokens,
      (await openai.responses.inputTokens.count({ model, input: long })).input_tokens,
      (await genai.models.countTokens({ model, contents: long })).totalTokens ?? 0,
    ];
    for (const count of counts) {
      if (to === 'openai-chat') expect(count).toBeGreaterThan(90);
      else expect(count).toBe(120);
    }
    expect(upstream.requests.length).toBe(to === 'openai-chat' ? 0 : 3);
  });
});

test('N2 each SDK lists the models in its own shape', async () => {
  const ids: string[][] = [[], [], []];
  for await (const model of openai.models.list()) ids[0]?.push(model.id);
  for await (const model of anthropic.models.list()) ids[1]?.push(model.id);
  for await (const model of await genai.models.list()) ids[2]?.push((model.name ?? '').replace(/^models\//, ''));
  expect(ids[0]?.some((id) => id.includes(publicModel))).toBe(true);
  expect(ids[1]).toEqual(ids[0]);
  expect(ids[2]).toEqual(ids[0]);
});

describe.each(pairs)('%s client, %s upstream', (client, to) => {
  const greeting = text.turns[0]?.expected.text;

  test('X4 JSON where a stream was asked for is streamed', async () => {
    upstreams.of(to).script({ type: 'bytes', bytes: fixture(to, 'text.json'), contentType: 'application/json' });
    const outcome = await hello(gateway, client, to).turn({ stream: true });
    expect(outcome.error).toBeUndefined();
    expect(outcome.text).toBe(greeting);
  });

  test('X4 a stream where JSON was asked for is gathered', async () => {
    upstreams.of(to).script({ type: 'bytes', bytes: fixture(to, 'text.sse'), contentType: 'text/event-stream' });
    const outcome = await hello(gateway, client, to).turn({ stream: false });
    expect(outcome.error).toBeUndefined();
    expect(outcome.text).toBe(greeting);
  });

  test.each([1, 7])('X1 a stream in pieces of %d bytes', async (chunkBytes) => {
    upstreams.of(to).script({ type: 'answer', fixture: 'tools-1', chunkBytes });
    const outcome = await hello(gateway, client, to).turn({ stream: true });
    expect(outcome.calls.map(({ name, args }) => ({ name, args }))).toEqual(parallelTools.turns[0]?.expected.calls);
  });
});

/** E8: a reply under the name that was asked for. */
function namedAs(model: string, reply: string): string {
  return reply.replace(/("model(?:Version)?"\s*:\s*)"[^"]*"/g, `$1"${model}"`);
}

describe.each(dialectNames)('relay of %s', (dialect) => {
  const paths: Readonly<Record<DialectName, readonly [string, string]>> = {
    'openai-chat': ['/v1/chat/completions', '/v1/chat/completions'],
    'openai-responses': ['/v1/responses', '/v1/responses'],
    'anthropic-messages': ['/v1/messages', '/v1/messages'],
    'gemini-generate': [
      `/v1beta/models/${dialect}/${publicModel}:generateContent`,
      `/v1beta/models/${dialect}/${publicModel}:streamGenerateContent?alt=sse`,
    ],
  };

  test.each([
    ['whole', false],
    ['streamed', true],
  ])('the bytes come through as they are, but for the model’s name, %s', async (_, stream) => {
    const upstream = upstreams.of(dialect);
    upstream.script({ type: 'answer', fixture: 'tools-1' });
    const body = `{ "model" :"${modelAt(dialect)}",\t"unknown": [1, 2.50, 1e3, 9007199254740993], "stream":${stream}, "x":"\\u00e9" }`;
    const sent = dialect === 'gemini-generate' ? body.replace(/"model".*?,\t/, '') : body;
    const response = await fetch(gateway.url + paths[dialect][stream ? 1 : 0], {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${accessKey}`,
        'anthropic-version': '2023-06-01',
        'x-custom': 'kept',
      },
      body: sent,
    });
    const replayed = fixture(dialect, `tools-1.${stream ? 'sse' : 'json'}`).toString();
    expect(await response.text()).toBe(namedAs(modelAt(dialect), replayed));
    const asked = upstream.requests[0];
    expect(asked?.raw).toBe(sent.replace(modelAt(dialect), String(asked?.model)));
    expect(asked?.headers['x-custom']).toBe('kept');
  });
});
