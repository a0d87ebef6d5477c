import { describe, expect, test } from 'vitest';
import type { Frame } from '../../bytes/framing.ts';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import type { JsonObject } from '../../json.ts';
import { bedrockConverse } from './index.ts';

const context = { facts: {}, signer: 'bedrock-converse', turn: 1 };
const frame = (event: string, data: JsonObject): Frame => ({ event, data: JSON.stringify(data) });
const delta = (contentBlockIndex: number, content: JsonObject) =>
  frame('contentBlockDelta', { contentBlockIndex, delta: content });

function events(...frames: readonly Frame[]): readonly ReplyEvent[] {
  const decoder = bedrockConverse.decodeStream(context);
  return [...frames.flatMap((one) => decoder.push(one)), ...decoder.end()];
}

function whole(stopReason: string, content: readonly JsonObject[] = [{ text: 'Hi' }], usage: JsonObject = {}) {
  return bedrockConverse.decodeReply(
    { output: { message: { role: 'assistant', content } }, stopReason, usage },
    context,
  );
}

describe('whole replies', () => {
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop-sequence'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool-calls'],
    ['content_filtered', 'content-filter'],
    ['guardrail_intervened', 'content-filter'],
    ['malformed_model_output', 'malformed-call'],
    ['malformed_tool_use', 'malformed-call'],
    ['model_context_window_exceeded', 'context-window'],
    ['something_new', 'other'],
  ])('a1 %s is %s', (word, reason) => {
    const call = { toolUse: { toolUseId: 'a', name: 'f', input: {} } };
    expect(whole(word, word === 'tool_use' ? [call] : undefined).candidates[0]?.finish.reason).toBe(reason);
  });

  test('U1, U7, a2 what was cached is no part of the input, and a total that includes it is not added', () => {
    const wire = {
      inputTokens: 4,
      outputTokens: 8,
      totalTokens: 3512,
      cacheReadInputTokens: 2000,
      cacheWriteInputTokens: 1500,
    };
    expect(whole('end_turn', undefined, wire).usage).toEqual({
      inputTokens: 4, outputTokens: 8, cacheReadTokens: 2000, cacheWriteTokens: 1500,
    }); // prettier-ignore
  });

  test('X4 an error under a status of 200 is an error', () => {
    expect(() => bedrockConverse.decodeReply({ message: 'Input is too long.' }, context)).toThrow('Input is too long.');
    expect(() => bedrockConverse.decodeReply({}, context)).toThrow('no Converse reply');
  });
});

describe('streams', () => {
  test('B2 text comes without a start, and its cost behind the end', () => {
    const told = events(
      frame('messageStart', { role: 'assistant' }),
      delta(0, { text: 'Hi' }),
      frame('contentBlockStop', { contentBlockIndex: 0 }),
      frame('messageStop', { stopReason: 'end_turn' }),
      frame('metadata', { usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 } }),
    );
    expect(told.map(({ type }) => type)).toEqual([
      'reply-start', 'text-start', 'text-delta', 'text-end', 'usage', 'candidate-end', 'reply-end',
    ]); // prettier-ignore
    expect(collect(told).usage).toEqual({ inputTokens: 3, outputTokens: 1 });
  });

  test('Z3 a signature comes in pieces behind the thought', () => {
    const told = events(
      delta(0, { reasoningContent: { text: 'Hm' } }),
      delta(0, { reasoningContent: { text: '.' } }),
      delta(0, { reasoningContent: { signature: 'c2' } }),
      delta(0, { reasoningContent: { signature: 'ln' } }),
      frame('messageStop', { stopReason: 'end_turn' }),
    );
    expect(collect(told).candidates[0]?.parts).toEqual([
      { type: 'reasoning', text: 'Hm.', seal: { issuer: 'bedrock-converse', value: 'c2ln' } },
    ]);
  });

  test('X8 an exception ends everything, also behind the end of the message', () => {
    const stop = frame('messageStop', { stopReason: 'end_turn' });
    const exception: Frame = { ...frame('throttlingException', { message: 'Slow' }), exception: true };
    const told = events(delta(0, { text: 'Hi' }), stop, exception, frame('metadata', {}));
    expect(told.at(-1)).toMatchObject({ type: 'failure', failure: { kind: 'rate-limited', message: 'Slow' } });
  });

  test('a stream that breaks off within a call says that the call is cut, and then that it broke off', () => {
    const start = frame('contentBlockStart', {
      contentBlockIndex: 0,
      start: { toolUse: { toolUseId: 'a', name: 'f' } },
    });
    expect(events(start, delta(0, { toolUse: { input: '{"a' } })).slice(-2)).toMatchObject([
      { type: 'tool-call-end', truncated: true },
      { type: 'failure', failure: { kind: 'bad-upstream' } },
    ]);
  });
});
