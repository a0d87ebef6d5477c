import { ApiError, FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel, Type } from '@google/genai/web';
import { describe, expect, test } from 'vitest';
import { topLevel } from '../../bytes/splice.ts';
import { collect } from '../../conversation/collect.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import type { JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import { cases } from '../../testing/cases.ts';
import type { EncodeReplyContext, Knock } from '../dialect.ts';
import { geminiSse as sse } from './framings.ts';
import { geminiGenerate } from './index.ts';

const writing: EncodeReplyContext = {
  model: 'gemini-3.1-pro-preview',
  created: 1,
  newId: (prefix) => prefix,
  report: () => undefined,
};

interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/** The vendor's own SDK, talking to `answer`. */
function client(answer: (sent: Sent) => Response): GoogleGenAI {
  return new GoogleGenAI({
    apiKey: 'test-key',
    httpOptions: {
      baseUrl: 'http://gateway.test',
      fetch: (input: RequestInfo | URL, init?: RequestInit) => {
        const url = new URL(input instanceof Request ? input.url : input);
        const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as JsonObject) : {}; // the SDK sends objects
        return Promise.resolve(
          answer({ url, method: init?.method ?? 'GET', headers: new Headers(init?.headers), body }),
        );
      },
    },
  });
}

function sseOf(reply: Reply): Response {
  const writer = sse.writer();
  const encoder = geminiGenerate.encodeStream(writing);
  const text =
    replay(reply)
      .map((event) => writer.write(encoder.push(event)))
      .join(sse.writer().idle) + writer.end();
  return new Response(text, { headers: { 'content-type': sse.contentType } });
}

const json = (body: JsonObject, status = 200) => Response.json(body, { status });

const recorded = cases
  .filter((one) => one.dialect === geminiGenerate && one.stream && !one.hub['streamFailure'])
  .map((one) => {
    const decoder = geminiGenerate.decodeStream({ facts: {}, signer: geminiGenerate.name, turn: 1 });
    const reader = sse.reader();
    const frames = [...reader.push(one.stream ?? new Uint8Array()), ...reader.end()];
    return [one.stem, collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()])] as const;
  });

const seal = { issuer: 'anthropic-messages', value: 'EqQB' };
const foreign: Reply = {
  id: 'msg_1',
  model: 'claude',
  created: 1_760_000_000,
  candidates: [
    {
      parts: [
        { type: 'reasoning', text: 'Let me see.', seal },
        { type: 'reasoning', text: '', redacted: true, seal },
        { type: 'server-tool-call', id: 's', name: 'web_search', query: 'q' },
        {
          type: 'server-tool-result',
          callId: 's',
          name: 'web_search',
          results: [{ url: 'https://x.example', title: 'X' }],
        },
        { type: 'text', text: 'Here: ', citations: [{ type: 'url', url: 'https://x.example', start: 0, end: 4 }] },
        { type: 'tool-call', id: 'toolu_1', name: 'read', kind: 'function', arguments: '{"path":"a.txt"}', seal },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
  usage: { inputTokens: 3, cacheWriteTokens: 4, outputTokens: 5, reasoningTokens: 2 },
};

const textOf = (parts: readonly Part[] = []) =>
  parts.flatMap((part) => (part.type === 'text' ? part.text : [])).join('');
const callsOf = (parts: readonly Part[] = []) =>
  parts.flatMap((part) => (part.type === 'tool-call' ? [[part.id, part.name, part.arguments]] : []));

/** Left to itself the SDK would go on asking after CONTINUATION. */
const request = { model: 'gemini-3.1-pro-preview', contents: 'Hi', config: { automaticContinuation: false } };

describe('Grammar: the SDK understands what we write', () => {
  test.each([...recorded, ['foreign', foreign] as const])('stream %s', async (_, reply) => {
    const [first] = reply.candidates;
    let text = '';
    const calls: unknown[] = [];
    let last;
    const asked: Sent[] = [];
    const ai = client((sent) => {
      asked.push(sent);
      return sseOf(reply);
    });
    for await (const chunk of await ai.models.generateContentStream(request)) {
      for (const part of chunk.candidates?.find(({ index }) => (index ?? 0) === 0)?.content?.parts ?? [])
        if (!part.thought) text += part.text ?? '';
      for (const call of chunk.functionCalls ?? []) calls.push([call.id, call.name, JSON.stringify(call.args)]);
      last = chunk;
    }
    expect(text).toBe(textOf(first?.parts));
    expect(calls).toEqual(callsOf(first?.parts));
    if (!last?.promptFeedback) expect(last?.candidates?.[0]?.finishReason).toMatch(/^[A-Z_]+$/);
    if (reply.usage?.reasoningTokens !== undefined)
      expect(last?.usageMetadata?.thoughtsTokenCount).toBe(reply.usage.reasoningTokens);
    expect(last?.modelVersion).toBe('gemini-3.1-pro-preview');
    expect(asked.map(({ url }) => url.searchParams.get('alt'))).toEqual(['sse']);
  });

  test.each([...recorded, ['foreign', foreign] as const])('whole %s', async (_, reply) => {
    const [first] = reply.candidates;
    const ai = client(() => json(geminiGenerate.encodeReply(reply, writing)));
    const response = await ai.models.generateContent(request);
    const said = (response.candidates?.[0]?.content?.parts ?? [])
      .map((part) => (part.thought ? '' : (part.text ?? '')))
      .join('');
    expect(said).toBe(textOf(first?.parts));
    expect((response.functionCalls ?? []).map((call) => [call.id, call.name, JSON.stringify(call.args)])).toEqual(
      callsOf(first?.parts),
    );
  });

  test('E5 an error amid a stream is an error to the SDK', async () => {
    const encoder = geminiGenerate.encodeStream(writing);
    const frames = [
      ...encoder.push({ type: 'reply-start', id: 'r', model: 'm' }),
      ...encoder.push({ type: 'text-start', part: 0 }),
      ...encoder.push({ type: 'text-delta', part: 0, text: 'Half' }),
      ...encoder.push({ type: 'failure', failure: new Failure('overloaded', 'Too busy.') }),
    ];
    const ai = client(() => new Response(sse.writer().write(frames), { headers: { 'content-type': sse.contentType } }));
    const read = async () => {
      for await (const chunk of await ai.models.generateContentStream({ model: 'm', contents: 'Hi' }))
        expect(chunk.text).toBe('Half');
    };
    await expect(read()).rejects.toThrow(/UNAVAILABLE.*Too busy/);
  });

  test('G6 our errors are API errors, in Google’s envelope and with the time to wait that Gemini CLI keeps', async () => {
    const { status, body } = geminiGenerate.encodeError(
      new Failure('rate-limited', 'Slow down.', { retryAfterSeconds: 2 }),
      {},
    );
    const ai = client(() => json(body, status));
    const failing = ai.models.generateContent({ model: 'm', contents: 'Hi' });
    await expect(failing).rejects.toThrow(ApiError);
    await expect(failing).rejects.toMatchObject({ status: 429 });
    const { message } = (await failing.catch((error: unknown) => error)) as ApiError; // so it was found right above
    expect(JSON.parse(message)).toEqual({
      error: {
        code: 429,
        message: 'Slow down.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' }],
      },
    });
  });

  test('N1 counting', async () => {
    const ai = client(({ url }) =>
      json(url.pathname.endsWith(':countTokens') ? (geminiGenerate.counting?.encodeReply(42) ?? {}) : {}),
    );
    expect((await ai.models.countTokens({ model: 'gemini-3.1-pro-preview', contents: 'Hi' })).totalTokens).toBe(42);
  });

  test('N2 the pages of the model list', async () => {
    const cards = ['a', 'b', 'vendor/c'].map((id) => ({ id, facts: factsOf('gemini-3.5-flash') }));
    const ai = client(({ url }) => json(geminiGenerate.models?.encodeList(cards, url.searchParams) ?? {}));
    const names: (string | undefined)[] = [];
    for await (const model of await ai.models.list({ config: { pageSize: 2 } })) names.push(model.name);
    expect(names).toEqual(['models/a', 'models/b', 'models/vendor/c']);
    const one = client(() => json(geminiGenerate.models?.encodeOne(cards[0] ?? { id: '', facts: {} }) ?? {}));
    expect(await one.models.get({ model: 'a' })).toMatchObject({
      name: 'models/a',
      outputTokenLimit: 65_536,
      supportedActions: ['generateContent', 'streamGenerateContent', 'countTokens'],
    });
  });
});

describe('what the SDK sends', () => {
  /** The door that a request of the SDK knocks at, and what the dialect makes of it. */
  function receive({ url, method, headers, body }: Sent) {
    for (const door of geminiGenerate.doors) {
      const pattern = door.path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+)');
      const match = new RegExp(`^${pattern}$`).exec(url.pathname);
      const header = Object.fromEntries(headers);
      if (!match || door.method !== method || (door.claims && !door.claims(header, url.searchParams))) continue;
      const knock: Knock = { door, params: { ...match.groups }, query: url.searchParams, headers: header };
      const glance = geminiGenerate.glance(knock, topLevel(new TextEncoder().encode('{}')));
      const report = () => expect.unreachable();
      return { knock, glance, conversation: geminiGenerate.decodeRequest(body, { glance, headers: header, report }) };
    }
    throw new Error(`nobody opens for ${method} ${url.pathname}`);
  }

  test('a whole request is understood', async () => {
    let received: ReturnType<typeof receive> | undefined;
    const ai = client((sent) => {
      received = receive(sent);
      return json(geminiGenerate.encodeReply(foreign, writing));
    });
    await ai.models.generateContent({
      model: 'gemini-3.5-flash',
      contents: [{ role: 'user', parts: [{ text: 'Hi' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }],
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        maxOutputTokens: 99,
        stopSequences: ['END'],
        thinkingConfig: { thinkingLevel: ThinkingLevel.LOW, includeThoughts: true },
        responseMimeType: 'application/json',
        responseSchema: { type: Type.OBJECT, properties: { a: { type: Type.STRING, nullable: true } } },
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { type: Type.OBJECT, properties: { x: { type: Type.INTEGER } } } },
            ],
          },
        ],
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['f'] } },
      },
    });
    expect(received?.glance).toEqual({ model: 'gemini-3.5-flash', streaming: false });
    expect(received?.conversation).toMatchObject({
      messages: [
        { role: 'system', parts: [{ text: 'Be brief.' }] },
        { role: 'user', parts: [{ text: 'Hi' }, { type: 'media', kind: 'image' }] },
      ],
      sampling: { temperature: 0.5, stopSequences: ['END'] },
      maxOutputTokens: 99,
      reasoning: { effort: 'low', show: 'summary' },
      output: { type: 'json-schema', schema: { type: 'object', properties: { a: { type: ['string', 'null'] } } } },
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: { x: { type: 'integer' } } } }],
      toolChoice: { type: 'tool', tool: { name: 'f' } },
    });
  });

  test('Z6 a chat brings calls and their seals back', async () => {
    const seen: ReturnType<typeof receive>[] = [];
    const ai = client((sent) => {
      const received = receive(sent);
      seen.push(received);
      if (seen.length === 1) return sseOf(foreign);
      return sseOf({
        ...foreign,
        candidates: [{ parts: [{ type: 'text', text: 'Done.' }], finish: { reason: 'stop' } }],
      });
    });
    const chat = ai.chats.create({ model: 'gemini-3.1-pro-preview' });
    let call;
    for await (const chunk of await chat.sendMessageStream({ message: 'Read a.txt' }))
      call = chunk.functionCalls?.[0] ?? call;
    const response = { id: call?.id ?? '', name: call?.name ?? '', response: { output: 'hello' } };
    for await (const chunk of await chat.sendMessageStream({ message: [{ functionResponse: response }] })) void chunk;
    expect(seen.map(({ glance }) => glance.streaming)).toEqual([true, true]);
    const messages = seen[1]?.conversation.messages ?? [];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    const parts = messages.flatMap((message) => (message.role === 'assistant' ? message.parts : []));
    expect(parts.find(({ type }) => type === 'tool-call')).toMatchObject({
      id: 'toolu_1',
      arguments: '{"path":"a.txt"}',
      seal,
    });
    expect(parts.filter((part) => part.type === 'reasoning' && part.seal)).toMatchObject([
      { seal },
      { seal, redacted: true },
    ]);
    expect(messages.at(-1)).toMatchObject({
      results: [{ callId: 'toolu_1', name: 'read', content: [{ text: 'hello' }] }],
    });
  });
});
