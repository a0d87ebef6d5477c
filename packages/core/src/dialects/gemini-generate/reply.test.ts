import { describe, expect, test } from 'vitest';
import { jsonArray } from '../../bytes/json-array.ts';
import { collect } from '../../conversation/collect.ts';
import type { Conversation } from '../../conversation/conversation.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { replay } from '../../conversation/replay.ts';
import type { Finish, FinishReason, Reply } from '../../conversation/reply.ts';
import { parseJson, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeStream } from './encode-stream.ts';
import { decodeReply, encodeReply } from './reply.ts';

const reading: DecodeReplyContext = { facts: {}, signer: 'gemini-generate', turn: 3 };
const writing: EncodeReplyContext = { model: 'asked-model', created: 1, newId: (prefix) => `${prefix}1` };
const candidate = (parts: Json[], more: JsonObject = {}): JsonObject => ({
  content: { parts, role: 'model' },
  index: 0,
  ...more,
});
const whole = (...candidates: JsonObject[]) => decodeReply({ candidates, responseId: 'r', modelVersion: 'm' }, reading);

function stream(chunks: readonly JsonObject[], context = reading): readonly ReplyEvent[] {
  const decoder = decodeStream(context);
  return [...chunks.flatMap((chunk) => decoder.push({ data: JSON.stringify(chunk) })), ...decoder.end()];
}
const streamed = (...parts: (readonly Json[])[]) =>
  stream(
    parts.map((list, at) => ({
      candidates: [candidate([...list], at === parts.length - 1 ? { finishReason: 'STOP' } : {})],
    })),
  );
function failureOf(events: readonly ReplyEvent[]): Failure {
  const last = events.at(-1);
  if (last?.type !== 'failure') throw new Error(`no failure but ${last?.type}`);
  return last.failure;
}

function write(reply: Reply, context = writing): readonly JsonObject[] {
  const encoder = encodeStream(context);
  return replay(reply)
    .flatMap((event) => encoder.push(event))
    .map(({ data }) => JSON.parse(data) as JsonObject); // our own frames
}
const reply = (parts: Reply['candidates'][number]['parts'], finish: Finish = { reason: 'stop' }): Reply => ({
  id: 'r',
  model: 'm',
  candidates: [{ parts, finish }],
});

describe('finish reasons', () => {
  const read: readonly [string, FinishReason][] = [
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['CONTINUATION', 'pause'],
    ...[
      'SAFETY',
      'RECITATION',
      'LANGUAGE',
      'BLOCKLIST',
      'PROHIBITED_CONTENT',
      'SPII',
      'IMAGE_SAFETY',
      'IMAGE_PROHIBITED_CONTENT',
      'IMAGE_RECITATION',
      'IMAGE_OTHER',
      'NO_IMAGE',
    ].map((word) => [word, 'content-filter'] as [string, FinishReason]),
    ...['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'MALFORMED_RESPONSE', 'MISSING_THOUGHT_SIGNATURE'].map(
      (word) => [word, 'malformed-call'] as [string, FinishReason],
    ),
    ...['TOO_MANY_TOOL_CALLS', 'OTHER', 'FINISH_REASON_UNSPECIFIED', 'NEWER_THAN_US'].map(
      (word) => [word, 'other'] as [string, FinishReason],
    ),
  ];
  test.each(read)('F1 %s reads as %s and comes back as itself', (word, reason) => {
    const decoded = whole(candidate([{ text: 'x' }], { finishReason: word }));
    expect(decoded.candidates[0]?.finish.reason).toBe(reason);
    expect(encodeReply(decoded, writing)).toMatchObject({ candidates: [{ finishReason: word }] });
  });

  const written: readonly [FinishReason, string][] = [
    ['stop', 'STOP'],
    ['stop-sequence', 'STOP'],
    ['tool-calls', 'STOP'],
    ['compaction', 'STOP'],
    ['length', 'MAX_TOKENS'],
    ['context-window', 'MAX_TOKENS'],
    ['content-filter', 'SAFETY'],
    ['refusal', 'SAFETY'],
    ['pause', 'OTHER'],
    ['malformed-call', 'MALFORMED_FUNCTION_CALL'],
    ['other', 'OTHER'],
  ];
  test.each(written)('F1 %s of another dialect is written %s', (reason, word) => {
    const foreign = reply([{ type: 'text', text: 'x' }], { reason, raw: 'end_turn' });
    expect(encodeReply(foreign, writing)).toMatchObject({ candidates: [{ finishReason: word }] });
    expect(write(foreign).at(-1)).toMatchObject({ candidates: [{ finishReason: word }] });
  });

  test('F2 calls outrank STOP, and only a plain stop', () => {
    const finish = (finishReason: string) =>
      whole(candidate([{ functionCall: { name: 'f' } }], { finishReason })).candidates[0]?.finish.reason;
    expect(finish('STOP')).toBe('tool-calls');
    expect(finish('MAX_TOKENS')).toBe('length');
    expect(finish('SAFETY')).toBe('content-filter');
  });

  test('F5 STOP in every chunk ends nothing; the last reason holds', () => {
    const chunks = ['STOP', 'STOP', 'MAX_TOKENS'].map((finishReason, at) => ({
      candidates: [candidate([{ text: `${at}` }], { finishReason })],
    }));
    expect(collect(stream(chunks)).candidates[0]).toEqual({
      parts: [{ type: 'text', text: '012' }],
      finish: { reason: 'length' },
    });
    expect(stream(chunks).filter(({ type }) => type === 'candidate-end')).toHaveLength(1);
  });

  test('F6 a reason without content is an empty candidate', () => {
    const decoded = whole({ finishReason: 'SAFETY', index: 0, finishMessage: 'Blocked.' });
    expect(decoded.candidates).toEqual([
      { parts: [], finish: { reason: 'content-filter', raw: 'SAFETY', explanation: 'Blocked.' } },
    ]);
    expect(encodeReply(decoded, writing)).toMatchObject({
      candidates: [{ finishReason: 'SAFETY', finishMessage: 'Blocked.', index: 0 }],
    });
  });

  test('F6 a blocked prompt is a reply of nothing, whole and streamed', () => {
    const body = {
      promptFeedback: { blockReason: 'JAILBREAK', blockReasonMessage: 'No.' },
      modelVersion: 'm',
      responseId: 'r',
    };
    const decoded = decodeReply(body, reading);
    expect(decoded.candidates).toMatchObject([
      { parts: [], finish: { reason: 'content-filter', raw: 'JAILBREAK', explanation: 'No.' } },
    ]);
    expect(collect(stream([body]))).toEqual(decoded);
    expect(encodeReply(decoded, { ...writing, model: 'm' })).toEqual(body);
    expect(write(decoded, { ...writing, model: 'm' })).toEqual([body]);
  });

  test('F6 a body with nothing at all is no reply', () => {
    expect(() => decodeReply({ modelVersion: 'm' }, reading)).toThrow(Failure);
  });

  test('G3 X3 a stream without a finish reason is cut, an empty one as well', () => {
    expect(failureOf(stream([{ candidates: [candidate([{ text: 'x' }])] }])).kind).toBe('bad-upstream');
    expect(failureOf(stream([])).kind).toBe('bad-upstream');
    expect(failureOf(stream([{ usageMetadata: { promptTokenCount: 1 } }])).kind).toBe('bad-upstream');
  });
});

describe('parts', () => {
  test('text in pieces is one part, whole and streamed', () => {
    const parts = [{ text: 'a' }, { text: '' }, { text: 'b' }];
    expect(whole(candidate(parts, { finishReason: 'STOP' })).candidates[0]?.parts).toEqual([
      { type: 'text', text: 'ab' },
    ]);
    expect(collect(streamed(...parts.map((part) => [part]))).candidates[0]?.parts).toEqual([
      { type: 'text', text: 'ab' },
    ]);
  });

  test('Z5 a signature sets a part apart; alone it goes to the one before', () => {
    const own = (value: string) => ({ issuer: 'gemini-generate', value });
    expect(
      collect(streamed([{ text: 'a', thoughtSignature: 'x' }], [{ text: 'b' }], [{ text: '', thoughtSignature: 'y' }]))
        .candidates[0]?.parts,
    ).toEqual([
      { type: 'text', text: 'a', seal: own('x') },
      { type: 'text', text: 'b', seal: own('y') },
    ]);
  });

  test('Z5 a signature alone behind a call opens no visible text', () => {
    const events = streamed([{ functionCall: { name: 'f' } }], [{ text: '', thoughtSignature: 'y' }]);
    expect(events.filter(({ type }) => type === 'text-delta')).toEqual([]);
    expect(collect(events).candidates[0]?.parts[1]).toEqual({
      type: 'text',
      text: '',
      seal: { issuer: 'gemini-generate', value: 'y' },
    });
  });

  test('Z4 the signature of a call is told with its start', () => {
    const start = streamed([{ functionCall: { name: 'f', id: 'a' }, thoughtSignature: 'x' }]).find(
      ({ type }) => type === 'tool-call-start',
    );
    expect(start).toMatchObject({ id: 'a', seal: { issuer: 'gemini-generate', value: 'x' } });
  });

  test('seals are issued by the place they come from', () => {
    const events = stream(
      [{ candidates: [candidate([{ text: 'x', thoughtSignature: 's' }], { finishReason: 'STOP' })] }],
      { ...reading, signer: 'vertex' },
    );
    expect(collect(events).candidates[0]?.parts[0]).toMatchObject({ seal: { issuer: 'vertex', value: 's' } });
  });

  test('D6 calls are numbered over the whole reply, however they are spread', () => {
    const call = (args: JsonObject) => ({ functionCall: { name: 'f', args } });
    const spread = collect(streamed([call({ a: 1 }), call({ a: 2 })], [call({ a: 3 })]));
    expect(spread.candidates[0]?.parts.map((part) => part.type === 'tool-call' && [part.id, part.arguments])).toEqual([
      ['call_3_0', '{"a":1}'],
      ['call_3_1', '{"a":2}'],
      ['call_3_2', '{"a":3}'],
    ]);
    expect(
      whole(candidate([call({ a: 1 }), call({ a: 2 }), call({ a: 3 })], { finishReason: 'STOP' })).candidates,
    ).toEqual(spread.candidates);
  });

  test('D6 G4 an id that an upstream gives twice is used once', () => {
    const call = { functionCall: { name: 'f', id: 'same' } };
    const ids = collect(streamed([call, call])).candidates[0]?.parts.map((part) =>
      part.type === 'tool-call' ? part.id : '',
    );
    expect(ids).toEqual(['same', 'call_3_1']);
  });

  test('T6 ids that are made up differ between turns and between candidates', () => {
    const call = { functionCall: { name: 'f' } };
    const idsOf = (turn: number) =>
      collect(
        stream(
          [
            {
              candidates: [
                candidate([call], { finishReason: 'STOP' }),
                candidate([call], { finishReason: 'STOP', index: 1 }),
              ],
            },
          ],
          { ...reading, turn },
        ),
      ).candidates.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool-call' ? part.id : [])));
    expect(idsOf(3)).toEqual(['call_3_0', 'call_3_0_1']);
    expect(new Set([...idsOf(3), ...idsOf(5)]).size).toBe(4);
  });

  test('T9 long integers in arguments keep every digit', () => {
    const source =
      '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"id":9007199254740993}}}]},"finishReason":"STOP"}]}';
    const expected = '{"id":9007199254740993}';
    const decoder = decodeStream(reading);
    const viaStream = collect([...decoder.push({ data: source }), ...decoder.end()]);
    const viaWhole = decodeReply(parseJson(source) as JsonObject, reading); // an object, as written above
    for (const decoded of [viaStream, viaWhole]) {
      expect(decoded.candidates[0]?.parts[0]).toMatchObject({ arguments: expected });
      expect(JSON.stringify(encodeReply(decoded, writing))).toContain(expected);
      const encoder = encodeStream(writing);
      expect(
        replay(decoded)
          .flatMap((event) => encoder.push(event))
          .map(({ data }) => data)
          .join(''),
      ).toContain(expected);
    }
  });

  test('D9 streamed arguments are put together, and a call that was cut is none', () => {
    const piece = (functionCall: JsonObject) => [{ functionCall }];
    const pieces = [
      piece({ name: 'f', id: 'a', willContinue: true }),
      piece({
        partialArgs: [{ jsonPath: '$.list[1].name', stringValue: 'x', willContinue: true }],
        willContinue: true,
      }),
      piece({
        partialArgs: [
          { jsonPath: '$.list[1].name', stringValue: 'y' },
          { jsonPath: "$['a b']", boolValue: false },
        ],
        willContinue: true,
      }),
    ];
    expect(collect(streamed(...pieces, piece({}))).candidates[0]?.parts).toMatchObject([
      { id: 'a', arguments: '{"list":[null,{"name":"xy"}],"a b":false}' },
    ]);
    const cut = collect(
      stream([
        ...pieces.map((parts) => ({ candidates: [candidate(parts)] })),
        { candidates: [candidate([], { finishReason: 'MAX_TOKENS' })] },
      ]),
    );
    expect(cut.candidates[0]).toEqual({ parts: [], finish: { reason: 'length' } });
  });

  test('D9 paths cannot reach beyond the arguments', () => {
    const partialArgs = [
      { jsonPath: '$.__proto__.polluted', stringValue: 'x' },
      { jsonPath: '$[99999999999]', numberValue: 1 },
      { jsonPath: '' },
      { jsonPath: '$.ok', numberValue: 1 },
    ];
    const [part] = collect(streamed([{ functionCall: { name: 'f', partialArgs } }])).candidates[0]?.parts ?? [];
    expect(part).toMatchObject({ arguments: '{"__proto__":{"polluted":"x"},"ok":1}' });
    expect({}).not.toHaveProperty('polluted');
  });

  test('several candidates keep apart', () => {
    const decoded = collect(
      stream([
        { candidates: [candidate([{ text: 'a' }]), candidate([{ text: 'x' }], { index: 1 })] },
        { candidates: [candidate([{ text: 'y' }], { index: 1, finishReason: 'STOP' })] },
        { candidates: [candidate([{ text: 'b' }], { finishReason: 'MAX_TOKENS' })] },
      ]),
    );
    expect(decoded.candidates).toEqual([
      { parts: [{ type: 'text', text: 'ab' }], finish: { reason: 'length' } },
      { parts: [{ type: 'text', text: 'xy' }], finish: { reason: 'stop' } },
    ]);
    expect(collect(stream(write(decoded))).candidates).toEqual(decoded.candidates);
  });
});

describe('usage', () => {
  const usageOf = (usageMetadata: JsonObject) =>
    decodeReply({ candidates: [candidate([], { finishReason: 'STOP' })], usageMetadata }, reading).usage;

  test('U2 thoughts are output, cached tokens are input, tool use is apart', () => {
    const metadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 30,
      candidatesTokenCount: 10,
      thoughtsTokenCount: 5,
      toolUsePromptTokenCount: 7,
      totalTokenCount: 122,
    };
    const usage = usageOf(metadata);
    expect(usage).toEqual({
      inputTokens: 70,
      cacheReadTokens: 30,
      outputTokens: 15,
      reasoningTokens: 5,
      toolUseInputTokens: 7,
    });
    expect(encodeReply({ ...reply([]), ...(usage && { usage }) }, writing)).toMatchObject({ usageMetadata: metadata });
  });

  test('U2 the total of a foreign usage adds up', () => {
    const usage = { inputTokens: 10, cacheReadTokens: 20, cacheWriteTokens: 30, outputTokens: 9, reasoningTokens: 4 };
    expect(encodeReply({ ...reply([]), usage }, writing)).toMatchObject({
      usageMetadata: { promptTokenCount: 60, candidatesTokenCount: 5, thoughtsTokenCount: 4, totalTokenCount: 69 },
    });
  });

  test('U1 counts never go below zero, U8 null and strings are read', () => {
    expect(
      usageOf({ promptTokenCount: 5, cachedContentTokenCount: 9, candidatesTokenCount: null, thoughtsTokenCount: '3' }),
    ).toEqual({ inputTokens: 0, cacheReadTokens: 9, outputTokens: 3, reasoningTokens: 3 });
    expect(usageOf({ prompt_token_count: 5 })).toEqual({ inputTokens: 5 });
  });

  test('U8 the usage of a stream is the last, not the sum', () => {
    const chunk = (text: string, count: number, more = {}) => ({
      candidates: [candidate([{ text }], more)],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: count },
    });
    expect(
      collect(
        stream([chunk('a', 1), { ...chunk('b', 0), usageMetadata: null }, chunk('c', 3, { finishReason: 'STOP' })]),
      ).usage,
    ).toEqual({ inputTokens: 5, outputTokens: 3 });
  });
});

describe('grounding', () => {
  const text = 'Über 🗼 Köln.';
  const metadata = {
    webSearchQueries: ['Köln'],
    groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }, { web: { uri: 'https://b.example' } }],
    groundingSupports: [{ segment: { startIndex: 11, endIndex: 16, text: 'Köln' }, groundingChunkIndices: [0, 1] }],
  };

  test('W2 offsets are bytes there and UTF-16 here', () => {
    const [part, search, found] =
      whole(candidate([{ text }], { finishReason: 'STOP', groundingMetadata: metadata })).candidates[0]?.parts ?? [];
    expect(part).toMatchObject({
      citations: [
        { type: 'url', url: 'https://a.example', title: 'A', start: 8, end: 12 },
        { type: 'url', url: 'https://b.example', start: 8, end: 12 },
      ],
    });
    expect(text.slice(8, 12)).toBe('Köln');
    expect(search).toMatchObject({ type: 'server-tool-call', name: 'web_search', query: 'Köln' });
    expect(found).toMatchObject({
      type: 'server-tool-result',
      results: [{ url: 'https://a.example', title: 'A' }, { url: 'https://b.example' }],
    });
  });

  test('W2 citations of another dialect become grounding, in bytes', () => {
    const foreign = reply([
      { type: 'server-tool-call', id: 's', name: 'web_search', query: 'Köln' },
      {
        type: 'server-tool-result',
        callId: 's',
        name: 'web_search',
        results: [{ url: 'https://a.example', title: 'A' }, { url: 'https://b.example' }],
      },
      {
        type: 'text',
        text,
        citations: [
          { type: 'url', url: 'https://a.example', start: 8, end: 12 },
          { type: 'url', url: 'https://b.example', start: 8, end: 12 },
        ],
      },
    ]);
    for (const body of [encodeReply(foreign, writing), write(foreign).at(-1) ?? {}])
      expect(body).toMatchObject({ candidates: [{ groundingMetadata: metadata }] });
  });

  test('W2 grounding before the last chunk is kept, and text stays open for it when a search was asked for', () => {
    const conversation: Conversation = {
      model: 'm',
      streaming: true,
      messages: [],
      tools: [{ type: 'web-search', name: 'web_search' }],
      sampling: {},
    };
    const events = stream(
      [
        { candidates: [candidate([{ text }])] },
        { candidates: [candidate([{ functionCall: { name: 'f' } }], { groundingMetadata: metadata })] },
        { candidates: [candidate([], { finishReason: 'STOP' })] },
      ],
      { ...reading, conversation },
    );
    expect(collect(events).candidates[0]?.parts[0]).toMatchObject({ text, citations: [{ start: 8 }, { start: 8 }] });
  });

  test('W1 how often was searched is counted', () => {
    expect(whole(candidate([{ text }], { finishReason: 'STOP', groundingMetadata: metadata })).usage).toEqual({
      webSearches: 1,
    });
  });

  test('W2 segments that cannot be found are left out, grounding that is rubbish too', () => {
    const broken = {
      groundingChunks: [null, {}, { web: {} }],
      groundingSupports: [{ segment: { endIndex: 999, text: 'elsewhere' }, groundingChunkIndices: [0, 2, 9, 'x'] }, 7],
    };
    expect(
      whole(candidate([{ text }], { finishReason: 'STOP', groundingMetadata: broken })).candidates[0]?.parts,
    ).toEqual([{ type: 'text', text }]);
  });
});

describe('writing', () => {
  test('N3 the model is the one that was asked for', () => {
    const chunks = write(reply([{ type: 'text', text: 'x' }]));
    for (const chunk of [...chunks, encodeReply(reply([]), writing)])
      expect(chunk).toMatchObject({ modelVersion: 'asked-model', responseId: 'r' });
  });

  test('X2 nothing follows the last chunk, which alone has a reason and the usage', () => {
    const chunks = write({
      ...reply([
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'x' },
      ]),
      usage: { inputTokens: 1, outputTokens: 2 },
    });
    expect(chunks).toEqual([
      {
        candidates: [{ content: { parts: [{ text: 'hm', thought: true }], role: 'model' }, index: 0 }],
        modelVersion: 'asked-model',
        responseId: 'r',
      },
      {
        candidates: [{ content: { parts: [{ text: 'x' }], role: 'model' }, index: 0 }],
        modelVersion: 'asked-model',
        responseId: 'r',
      },
      {
        candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
        modelVersion: 'asked-model',
        responseId: 'r',
      },
    ]);
  });

  test('a call is written whole, in one part, with its seal', () => {
    const encoder = encodeStream(writing);
    const events: ReplyEvent[] = [
      { type: 'reply-start', id: '', model: 'm' },
      {
        type: 'tool-call-start',
        part: 0,
        id: 'a',
        name: 'f',
        kind: 'function',
        seal: { issuer: 'gemini-generate', value: 's' },
      },
      { type: 'tool-call-start', part: 1, id: 'b', name: 'g', kind: 'function' },
      { type: 'tool-call-delta', part: 0, text: '{"x"' },
      { type: 'tool-call-delta', part: 1, text: '' },
      { type: 'tool-call-delta', part: 0, text: ':\n1}' },
      { type: 'tool-call-end', part: 1 },
      { type: 'tool-call-end', part: 0 },
    ];
    expect(
      events
        .flatMap((event) => encoder.push(event))
        .map(
          ({ data }) =>
            (JSON.parse(data) as { candidates: [{ content: { parts: Json[] } }] }).candidates[0].content.parts,
        ),
    ).toEqual([
      [{ functionCall: { id: 'b', name: 'g', args: {} } }],
      [{ functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 's' }],
    ]); // our own frames
  });

  test('F3 calls that were cut are not written as calls', () => {
    const cut: ReplyEvent[] = [
      { type: 'reply-start', id: '', model: 'm' },
      { type: 'tool-call-start', part: 0, id: 'a', name: 'f', kind: 'function' },
      { type: 'tool-call-delta', part: 0, text: '{"x": "un' },
    ];
    const finish: ReplyEvent[] = [{ type: 'candidate-end', finish: { reason: 'length' } }, { type: 'reply-end' }];
    const run = (...events: ReplyEvent[]) => {
      const encoder = encodeStream(writing);
      return events
        .flatMap((event) => encoder.push(event))
        .map(({ data }) => data)
        .join();
    };
    expect(run(...cut, { type: 'tool-call-end', part: 0, truncated: true }, ...finish)).not.toContain('functionCall');
    expect(run(...cut, { type: 'tool-call-end', part: 0 }, ...finish)).not.toContain('functionCall');
    const broken = reply([{ type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x": "un' }], {
      reason: 'length',
    });
    expect(JSON.stringify(encodeReply(broken, writing))).not.toContain('functionCall');
    expect(
      JSON.stringify(
        encodeReply(
          { ...broken, candidates: broken.candidates.map((one) => ({ ...one, finish: { reason: 'tool-calls' } })) },
          writing,
        ),
      ),
    ).toContain('functionCall');
  });

  test('Z6 Z7 foreign seals travel in their native places and come back', () => {
    const seal = { issuer: 'anthropic-messages', value: 'EqQB' };
    const foreign = reply([
      { type: 'reasoning', text: 'hm', seal },
      { type: 'reasoning', text: '', redacted: true, seal },
      { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{}', seal },
    ]);
    const [thought, redacted, call] = (
      encodeReply(foreign, writing) as unknown as { candidates: [{ content: { parts: JsonObject[] } }] }
    ).candidates[0].content.parts; // as encodeReply writes them
    expect(thought).toMatchObject({ text: 'hm', thought: true });
    expect(redacted).toMatchObject({ text: '', thought: true });
    for (const part of [thought, redacted, call]) expect(part?.['thoughtSignature']).toMatch(/^eyJ[A-Za-z0-9+/]+=*$/);
  });

  test('E5 a failure amid the stream takes the place of a chunk', () => {
    const encoder = encodeStream(writing);
    const frames = encoder.push({ type: 'failure', failure: new Failure('overloaded', 'Too busy.') });
    expect(frames.map(({ data }) => JSON.parse(data) as Json)).toEqual([
      { error: { code: 503, message: 'Too busy.', status: 'UNAVAILABLE' } },
    ]);
  });

  test('a refusal is text with the reason of a filter', () => {
    expect(encodeReply(reply([{ type: 'refusal', text: 'No.' }], { reason: 'refusal' }), writing)).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'No.' }] }, finishReason: 'SAFETY' }],
    });
    expect(write(reply([{ type: 'refusal', text: 'No.' }], { reason: 'refusal' }))[0]).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'No.' }] } }],
    });
  });
});

describe('faults of a stream', () => {
  test('an error in place of a chunk keeps its kind, and nothing follows', () => {
    const decoder = decodeStream(reading);
    const error = {
      code: 429,
      message: 'Slow down.',
      status: 'RESOURCE_EXHAUSTED',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' }],
    };
    const failure = failureOf(decoder.push({ data: JSON.stringify({ error }) }));
    expect([failure.kind, failure.details.retryAfterSeconds]).toEqual(['rate-limited', 2]);
    expect(decoder.push({ data: '{"candidates":[]}' })).toEqual([]);
    expect(decoder.end()).toEqual([]);
  });

  test('rubbish is a failure of the upstream', () => {
    for (const data of ['<html>', '7', '{"candidates":[{"content":{"parts":[{"inlineData":{}}]}}]}']) {
      const decoder = decodeStream(reading);
      expect(failureOf(decoder.push({ data })).kind).toBe('bad-upstream');
    }
  });

  test('X2 a [DONE] that somebody put there is passed over', () => {
    const decoder = decodeStream(reading);
    const events = [
      ...decoder.push({ data: JSON.stringify({ candidates: [candidate([{ text: 'x' }], { finishReason: 'STOP' })] }) }),
      ...decoder.push({ data: '[DONE]' }),
      ...decoder.end(),
    ];
    expect(events.at(-1)).toEqual({ type: 'reply-end' });
  });

  test('X5 the same stream as a JSON array, cut anywhere', () => {
    const encoder = encodeStream(writing);
    const original = reply([
      { type: 'reasoning', text: 'hm ]},{' },
      { type: 'text', text: 'a "quoted" [text' },
      { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":"}]"}' },
    ]);
    const writer = jsonArray.writer();
    const written = `${replay(original)
      .map((event) => writer.write(encoder.push(event)))
      .join('')}${writer.end()}`;
    expect(JSON.parse(written)).toHaveLength(4);
    for (const size of [1, 7, 10_000]) {
      const reader = jsonArray.reader();
      const decoder = decodeStream(reading);
      const events: ReplyEvent[] = [];
      const bytes = new TextEncoder().encode(written);
      for (let at = 0; at < bytes.length; at += size)
        for (const frame of reader.push(bytes.subarray(at, at + size))) events.push(...decoder.push(frame));
      for (const frame of reader.end()) events.push(...decoder.push(frame));
      events.push(...decoder.end());
      expect(collect(events).candidates[0]?.parts).toEqual(original.candidates[0]?.parts);
    }
  });

  test('a whole error is thrown as what it is', () => {
    expect(() => decodeReply({ error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } }, reading)).toThrow(
      expect.objectContaining({ kind: 'overloaded' }),
    );
  });
});
