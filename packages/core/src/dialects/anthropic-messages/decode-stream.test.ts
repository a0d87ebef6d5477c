import { describe, expect, test } from 'vitest';
import type { Frame } from '../../bytes/framing.ts';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import type { JsonObject } from '../../json.ts';
import { anthropicMessages } from './index.ts';

const reading = { facts: {}, signer: 'anthropic-messages', turn: 1 };

function decode(wire: readonly JsonObject[], end = true): readonly ReplyEvent[] {
  const decoder = anthropicMessages.decodeStream(reading);
  const events = wire.flatMap((event) => decoder.push({ data: JSON.stringify(event) }));
  return end ? [...events, ...decoder.end()] : events;
}

describe('reading', () => {
  const message = {
    type: 'message_start',
    message: {
      id: 'msg_1',
      model: 'm',
      content: [],
      usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1 },
    },
  };
  const ending = {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 20, input_tokens: null, cache_read_input_tokens: null },
  };

  test('U3 U4 U7 counts are merged by the last that is not null, and never added up', () => {
    const reply = collect(
      decode([
        message,
        {
          ...ending,
          usage: { ...ending.usage, output_tokens_details: { thinking_tokens: 15 }, cache_creation_input_tokens: 7 },
        },
        { type: 'message_stop' },
      ]),
    );
    expect(reply.usage).toEqual({
      inputTokens: 10,
      cacheReadTokens: 4,
      cacheWriteTokens: 7,
      outputTokens: 20,
      reasoningTokens: 15,
    });
  });
  test('X3 a stop reason without message_stop is an end, no stop reason is a failure', () => {
    expect(decode([message, ending]).at(-1)).toEqual({ type: 'reply-end' });
    const cut = decode([
      message,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'look', input: {} } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"a' } },
    ]);
    expect(cut.slice(-2)).toMatchObject([
      { type: 'tool-call-end', truncated: true },
      { type: 'failure', failure: { kind: 'bad-upstream' } },
    ]);
  });
  test('E5 an error event is a failure of its kind, and all after it is ignored', () => {
    const events = decode([
      message,
      { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } },
      ending,
      { type: 'message_stop' },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'failure', failure: { kind: 'rate-limited', message: 'Slow down.' } });
    expect(events).toHaveLength(2);
  });
  test('D8 an input that a host puts into the start is told once', () => {
    const block = { type: 'tool_use', id: 'a', name: 'look', input: { a: 1 } };
    const reply = collect(
      decode([
        message,
        { type: 'content_block_start', index: 0, content_block: block },
        { type: 'content_block_stop', index: 0 },
        ending,
      ]),
    );
    expect(reply.candidates[0]).toMatchObject({ parts: [{ arguments: '{"a":1}' }], finish: { reason: 'tool-calls' } });
  });
  test('F3 arguments that were cut are marked, and length outranks the call', () => {
    const events = decode([
      message,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'look', input: {} } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"a":"b' } },
      { type: 'content_block_stop', index: 0 },
      { ...ending, delta: { stop_reason: 'max_tokens' } },
      { type: 'message_stop' },
    ]);
    expect(events).toContainEqual({ type: 'tool-call-end', part: 0, truncated: true });
    expect(events.at(-2)).toMatchObject({ finish: { reason: 'length' } });
  });
  test('a block whose start is missing is opened by its first delta', () => {
    const reply = collect(
      decode([message, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } }, ending]),
    );
    expect(reply.candidates[0]?.parts).toEqual([{ type: 'text', text: 'Hi' }]);
  });
  test('O3 the forced tool’s input streams as text', () => {
    const conversation = {
      model: 'm',
      streaming: true,
      messages: [],
      tools: [],
      sampling: {},
      output: { type: 'json-schema' as const, schema: { type: 'object' } },
    };
    const decoder = anthropicMessages.decodeStream({
      ...reading,
      facts: { forcedToolChoice: true, structuredOutput: false },
      conversation,
    });
    const frames: Frame[] = [
      message,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'json', input: {} } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"n":1}' } },
      { type: 'content_block_stop', index: 0 },
      { ...ending, delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ].map((event) => ({ data: JSON.stringify(event) }));
    expect(collect(frames.flatMap((frame) => decoder.push(frame))).candidates[0]).toEqual({
      parts: [{ type: 'text', text: '{"n":1}' }],
      finish: { reason: 'stop' },
    });
  });
  test('an error instead of a reply is thrown as its failure', () => {
    const read = (body: JsonObject) => () => anthropicMessages.decodeReply(body, reading);
    expect(read({ type: 'error', error: { type: 'overloaded_error', message: 'Busy.' } })).toThrow(
      expect.objectContaining({ kind: 'overloaded' }),
    );
    expect(read({ choices: [] })).toThrow(expect.objectContaining({ kind: 'bad-upstream' }));
  });
});
