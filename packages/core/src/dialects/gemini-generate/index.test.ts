import { describe, expect, test } from 'vitest';
import { topLevel } from '../../bytes/splice.ts';
import { factsOf } from '../../models/facts.ts';
import type { Door, HeaderMap, Knock } from '../dialect.ts';
import { geminiGenerate } from './index.ts';

const { counting, doors, models, watch } = geminiGenerate;
const nothing = topLevel(new TextEncoder().encode('{}'));

function knock(
  path: string,
  {
    params = {},
    query = '',
    headers = {},
  }: { params?: Record<string, string>; query?: string; headers?: HeaderMap } = {},
): Knock {
  const door = doors.find((one) => one.path === path);
  if (!door) throw new Error(`no door at ${path}`);
  return { door, params, query: new URLSearchParams(query), headers };
}
const door = (method: Door['method'], path: string) => doors.find((one) => one.method === method && one.path === path);

describe('doors', () => {
  test.each(['/v1beta/models', '/v1/models', '/v1beta1/publishers/google/models'])(
    'G1 %s answers all three',
    (path) => {
      expect(door('POST', `${path}/{model}:generateContent`)).toMatchObject({
        operation: 'generate',
        streaming: false,
      });
      expect(door('POST', `${path}/{model}:streamGenerateContent`)).toMatchObject({
        operation: 'generate',
        streaming: true,
      });
      expect(door('POST', `${path}/{model}:countTokens`)).toMatchObject({ operation: 'count-tokens' });
    },
  );

  test('N2 /v1/models is ours for a Google key only, /v1beta/models always', () => {
    for (const path of ['/v1/models', '/v1/models/{model}']) {
      const claims = door('GET', path)?.claims;
      expect(claims?.({}, new URLSearchParams())).toBe(false);
      expect(claims?.({ 'anthropic-version': '2023-06-01' }, new URLSearchParams('limit=1000'))).toBe(false);
      expect(claims?.({ 'x-goog-api-key': 'k' }, new URLSearchParams())).toBe(true);
      expect(claims?.({}, new URLSearchParams('key=k'))).toBe(true);
    }
    expect(door('GET', '/v1beta/models')).not.toHaveProperty('claims');
    expect(door('GET', '/v1beta/models/{model}')).toMatchObject({ operation: 'get-model' });
  });

  test('N3 model and streaming are said by the path; the name may hold slashes', () => {
    const path = '/v1beta/models/{model}';
    expect(
      geminiGenerate.glance(
        knock(`${path}:streamGenerateContent`, { params: { model: 'vendor/some-model' } }),
        nothing,
      ),
    ).toEqual({ model: 'vendor/some-model', streaming: true });
    expect(geminiGenerate.glance(knock(`${path}:generateContent`, { params: { model: 'models/x' } }), nothing)).toEqual(
      { model: 'x', streaming: false },
    );
    const body = new TextEncoder().encode('{"contents":[]}');
    expect(geminiGenerate.rename(body, 'other')).toBe(body);
  });

  test('X5 without alt=sse a stream is a JSON array', () => {
    const at = '/v1beta/models/{model}:streamGenerateContent';
    expect(geminiGenerate.framingOf?.(knock(at, { query: 'alt=sse' })).contentType).toBe('text/event-stream');
    expect(geminiGenerate.framingOf?.(knock(at)).contentType).toBe('application/json');
  });

  test('X6 an idle stream is kept open by white space: older SDKs, and so Gemini CLI, are lost after a comment', () => {
    const at = '/v1beta/models/{model}:streamGenerateContent';
    const events = geminiGenerate.framingOf?.(knock(at, { query: 'alt=sse' })).writer();
    const frame = { data: '{"a":1}' };
    expect(`${events?.idle}${events?.write([frame])}${events?.idle}`).toMatch(/^\s*data: [^\n]*\n\n\s*$/);
    const array = geminiGenerate.framingOf?.(knock(at)).writer();
    const written = [
      array?.idle,
      array?.write([frame]),
      array?.idle,
      array?.write([frame]),
      array?.idle,
      array?.end(),
    ].join('');
    expect(JSON.parse(written)).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('J8 names and ids that are taken', () => {
    const { toolNames, callIds } = geminiGenerate.limits;
    for (const name of ['get_weather', '_x', 'mcp__server.tool-1:a']) expect(name).toMatch(toolNames.pattern);
    for (const name of ['', '1x', 'a b', 'ü']) expect(name).not.toMatch(toolNames.pattern);
    for (const id of ['toolu_01', 'call_1|fc_2']) expect(id).toMatch(callIds.pattern);
    for (const id of ['', 'a b']) expect(id).not.toMatch(callIds.pattern);
  });
});

describe('counting', () => {
  const context = { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined };

  test('N1 instructions and tools are counted, in either form', () => {
    const request = {
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
    };
    const bare = counting?.decodeRequest(request, context);
    expect(counting?.decodeRequest({ generateContentRequest: { model: 'models/m', ...request } }, context)).toEqual(
      bare,
    );
    if (!bare) return expect.unreachable();
    const { body } =
      counting?.encodeRequest(
        { ...bare, sampling: { temperature: 1 } },
        { facts: {}, signer: 'gemini-generate', report: () => undefined },
      ) ?? {};
    expect(body).toEqual({ generateContentRequest: { model: 'models/m', ...request } });
  });

  test('N1 the count is totalTokens, and an answer without is none', () => {
    expect(counting?.decodeReply({ totalTokens: 7 })).toBe(7);
    expect(() => counting?.decodeReply({})).toThrow('totalTokens');
    expect(() => counting?.decodeReply({ error: { code: 404, message: 'No model.', status: 'NOT_FOUND' } })).toThrow(
      'No model.',
    );
  });
});

describe('lists', () => {
  const cards = Array.from({ length: 120 }, (_, at) => ({ id: `m${at}`, facts: {} }));
  const page = (query: string) => models?.encodeList(cards, new URLSearchParams(query)) ?? {};

  test('N2 pages of fifty unless more are asked for', () => {
    expect(page('')).toMatchObject({ nextPageToken: '50' });
    expect(page('pageToken=100')).not.toHaveProperty('nextPageToken');
    expect(page('pageSize=1000')['models']).toHaveLength(120);
    expect(() => page('pageToken=x')).toThrow('nextPageToken');
  });

  test('N2 a model tells what is known of it', () => {
    expect(
      models?.encodeOne({ id: 'gemini-2.0-flash', displayName: 'Flash', facts: factsOf('gemini-2.0-flash') }),
    ).toEqual({
      name: 'models/gemini-2.0-flash',
      displayName: 'Flash',
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 8192,
      supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
      maxTemperature: 2,
      thinking: false,
    });
    expect(models?.encodeOne({ id: 'x', facts: {} })).toEqual({
      name: 'models/x',
      displayName: 'x',
      supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
    });
  });
});

describe('what a relay sees', () => {
  const frame = (value: unknown) => watch.frame({ data: JSON.stringify(value) });

  test('usage, finish and failure of a chunk', () => {
    expect(
      frame({
        candidates: [{ finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, thoughtsTokenCount: 1 },
      }),
    ).toEqual({ finished: true, usage: { inputTokens: 3, outputTokens: 3, reasoningTokens: 1 } });
    expect(frame({ promptFeedback: { blockReason: 'SAFETY' } })).toEqual({ finished: true });
    expect(frame({ candidates: [{ content: {} }] })).toBeUndefined();
    expect(frame({ error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } })?.failure?.kind).toBe('overloaded');
    expect(frame([{ error: { message: 'x' } }])?.failure?.kind).toBe('server');
  });

  test('every chunk that ends something holds a marker', () => {
    const marked = (value: unknown) => watch.markers.some((marker) => JSON.stringify(value).includes(marker));
    expect(marked({ candidates: [{ finishReason: 'STOP' }] })).toBe(true);
    expect(marked({ error: {} })).toBe(true);
    expect(
      marked({ candidates: [{ content: { parts: [{ text: '"finishReason" and "error"' }] } }], usageMetadata: {} }),
    ).toBe(false);
  });
});
