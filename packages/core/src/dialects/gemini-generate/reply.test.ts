import { describe, expect, test } from 'vitest';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { replay } from '../../conversation/replay.ts';
import type { Finish, FinishReason, Reply } from '../../conversation/reply.ts';
import { type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeStream } from './encode-stream.ts';
import { decodeReply, encodeReply } from './reply.ts';

const reading: DecodeReplyContext = { facts: {}, signer: 'gemini-generate', turn: 3 };
const writing: EncodeReplyContext = {
  model: 'asked-model',
  created: 1,
  newId: (prefix) => `${prefix}1`,
  report: () => undefined,
};
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
    ['CONTINUATION', 'length'],
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
