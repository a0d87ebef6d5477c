import { describe, expect, test } from 'vitest';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Finish, Reply } from '../../conversation/reply.ts';
import { list, object, parseJson, type JsonObject } from '../../json.ts';
import { anthropicMessages } from './index.ts';

const reading = { facts: {}, signer: 'anthropic-messages', turn: 1 };

function encode(events: readonly ReplyEvent[]) {
  const encoder = anthropicMessages.encodeStream({
    model: 'asked',
    created: 0,
    newId: (prefix) => `${prefix}1`,
    report: () => undefined,
  });
  return events
    .flatMap((event) => encoder.push(event))
    .map(({ event, data }) => ({ event, data: parseJson(data) as JsonObject })); // written by our own encoder
}

function decode(wire: readonly JsonObject[], end = true): readonly ReplyEvent[] {
  const decoder = anthropicMessages.decodeStream(reading);
  const events = wire.flatMap((event) => decoder.push({ data: JSON.stringify(event) }));
  return end ? [...events, ...decoder.end()] : events;
}

const start: ReplyEvent = { type: 'reply-start', id: 'msg_1', model: 'm' };
const stop = (finish: Finish = { reason: 'stop' }): readonly ReplyEvent[] => [
  { type: 'candidate-end', finish },
  { type: 'reply-end' },
];
const say = (part: number, text: string): readonly ReplyEvent[] => [
  { type: 'text-start', part },
  { type: 'text-delta', part, text },
  { type: 'text-end', part },
];
const callStart = (part: number, id: string): ReplyEvent => ({
  type: 'tool-call-start',
  part,
  id,
  name: 'look',
  kind: 'function',
});
const types = (frames: readonly { data: JsonObject }[]) =>
  frames.map(({ data }) =>
    [data.type, data.index, object(data.content_block)?.type ?? object(data.delta)?.type]
      .filter((word) => word !== undefined)
      .join(' '),
  );

describe('writing', () => {
  test('A1 every frame has the name of its type', () => {
    const frames = encode([start, ...say(0, 'Hi'), ...stop()]);
    for (const { event, data } of frames) expect(event).toBe(data.type);
  });
  test('A2 A3 blocks are opened and closed one after another, from index 0', () => {
    const frames = encode([
      start,
      { type: 'reasoning-start', part: 0 },
      { type: 'reasoning-delta', part: 0, text: 'Hm' },
      { type: 'reasoning-end', part: 0 },
      ...say(1, 'Hi'),
      callStart(2, 'a'),
      { type: 'tool-call-delta', part: 2, text: '{"a":' },
      { type: 'tool-call-delta', part: 2, text: '1}' },
      { type: 'tool-call-end', part: 2 },
      ...stop({ reason: 'tool-calls' }),
    ]);
    expect(types(frames)).toEqual([
      'message_start',
      'content_block_start 0 thinking', 'content_block_delta 0 thinking_delta', 'content_block_stop 0',
      'content_block_start 1 text', 'content_block_delta 1 text_delta', 'content_block_stop 1',
      'content_block_start 2 tool_use', 'content_block_delta 2 input_json_delta', 'content_block_delta 2 input_json_delta', 'content_block_stop 2',
      'message_delta', 'message_stop',
    ]); // prettier-ignore
  });
  test('A3 a part without anything in it opens no block', () => {
    const frames = encode([
      start,
      { type: 'text-start', part: 0 },
      { type: 'text-delta', part: 0, text: '' },
      { type: 'text-end', part: 0 },
      { type: 'reasoning-start', part: 1 },
      { type: 'reasoning-end', part: 1 },
      ...stop(),
    ]);
    expect(types(frames)).toEqual(['message_start', 'message_delta', 'message_stop']);
  });
  test('A4 A5 there is one message_start, with numbers for usage', () => {
    const frames = encode([start, start, ...say(0, 'Hi'), ...stop()]);
    const starts = frames.filter(({ event }) => event === 'message_start');
    expect(starts).toHaveLength(1);
    expect(starts[0]?.data.message).toMatchObject({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'asked',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    });
  });
  test('A6 A7 usage told after the end of the candidate is in message_delta, as totals', () => {
    const frames = encode([
      { ...start, usage: { inputTokens: 5 } } as ReplyEvent,
      ...say(0, 'Hi'),
      { type: 'candidate-end', finish: { reason: 'length' } },
      { type: 'usage', usage: { inputTokens: 7, outputTokens: 3, reasoningTokens: 1, cacheReadTokens: 2 } },
      { type: 'reply-end' },
    ]); // a reply-start with usage
    expect(frames.slice(-2)).toEqual([
      {
        event: 'message_delta',
        data: {
          type: 'message_delta',
          delta: { stop_reason: 'max_tokens', stop_sequence: null, stop_details: null, container: null },
          usage: {
            input_tokens: 7,
            output_tokens: 3,
            cache_creation_input_tokens: null,
            cache_read_input_tokens: 2,
            output_tokens_details: { thinking_tokens: 1 },
            server_tool_use: null,
          },
        },
      },
      { event: 'message_stop', data: { type: 'message_stop' } },
    ]);
  });
  test('A8 E5 what breaks off ends in an error event and nothing after it', () => {
    const frames = encode([
      start,
      ...say(0, 'Hi'),
      { type: 'failure', failure: new Failure('overloaded', 'Busy.') },
      ...stop(),
    ]);
    expect(types(frames).slice(-2)).toEqual(['content_block_stop 0', 'error']);
    expect(frames.at(-1)?.data.error).toEqual({ type: 'overloaded_error', message: 'Busy.' });
  });
  test('A9 only words of the enum go out, and a call outranks a plain stop', () => {
    const reason = (finish: Finish, call = false) => {
      const events: ReplyEvent[] = call ? [callStart(0, 'a'), { type: 'tool-call-end', part: 0 }] : [];
      return object(encode([start, ...events, ...stop(finish)]).at(-2)?.data.delta)?.stop_reason;
    };
    expect(reason({ reason: 'other', raw: 'STRANGE' })).toBe('end_turn');
    expect(reason({ reason: 'malformed-call' })).toBe('end_turn');
    expect(reason({ reason: 'content-filter' })).toBe('refusal');
    expect(reason({ reason: 'context-window' })).toBe('model_context_window_exceeded');
    expect(reason({ reason: 'pause' })).toBe('pause_turn');
    expect(reason({ reason: 'stop' }, true)).toBe('tool_use');
    expect(reason({ reason: 'length' }, true)).toBe('max_tokens');
  });
  test('F7 a stop sequence is named, or it is an ordinary end; an explained refusal is explained', () => {
    const delta = (finish: Finish) => encode([start, ...stop(finish)]).at(-2)?.data.delta;
    expect(delta({ reason: 'stop-sequence' })).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null });
    expect(delta({ reason: 'stop-sequence', stopSequence: 'END' })).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
    });
    expect(delta({ reason: 'content-filter', explanation: 'Blocked.' })).toMatchObject({
      stop_details: { type: 'refusal', category: null, explanation: 'Blocked.' },
    });
  });
  test('A11 the keep-alive is a ping event', () => {
    expect(anthropicMessages.keepAlive).toEqual({ event: 'ping', data: '{"type":"ping"}' });
    expect(decode([{ type: 'ping' }, { type: 'brand_new' }], false)).toEqual([]);
  });
  test('D7 D8 input is empty in the start and only comes in deltas', () => {
    const whole: Part = { type: 'tool-call', id: 'a', name: 'look', kind: 'function', arguments: '{"a":1}', cache: {} };
    const frames = encode([
      start,
      { type: 'part', part: 0, value: whole },
      callStart(1, 'b'),
      { type: 'tool-call-end', part: 1 },
      ...stop(),
    ]);
    const starts = frames.filter(({ event }) => event === 'content_block_start');
    expect(starts.map(({ data }) => object(data.content_block)?.input)).toEqual([{}, {}]);
    const deltas = frames.filter(({ event }) => event === 'content_block_delta');
    expect(deltas.map(({ data }) => [data.index, object(data.delta)?.partial_json])).toEqual([[0, '{"a":1}']]);
  });
  test('D10 interleaved calls are written one after the other', () => {
    const frames = encode([
      start,
      callStart(0, 'a'),
      callStart(1, 'b'),
      { type: 'tool-call-delta', part: 1, text: '{"b":' },
      { type: 'tool-call-delta', part: 0, text: '{}' },
      { type: 'tool-call-delta', part: 1, text: '2}' },
      { type: 'tool-call-end', part: 1 },
      { type: 'tool-call-end', part: 0 },
      ...stop(),
    ]);
    let open: unknown;
    for (const { event, data } of frames) {
      if (event === 'content_block_start') {
        expect(open).toBeUndefined();
        open = data.index;
      } else if (event?.startsWith('content_block')) expect(data.index).toBe(open);
      if (event === 'content_block_stop') open = undefined;
    }
    const again = collect(decode(frames.map(({ data }) => data)));
    expect(again.candidates[0]?.parts).toMatchObject([
      { id: 'a', arguments: '{}' },
      { id: 'b', arguments: '{"b":2}' },
    ]);
  });
  test('Z7 Z15 the signature comes last, once, and a foreign one in an envelope', () => {
    const frames = encode([
      start,
      { type: 'reasoning-start', part: 0 },
      { type: 'reasoning-delta', part: 0, text: 'Hm' },
      { type: 'reasoning-end', part: 0, seal: { issuer: 'anthropic-messages', value: 'SIG' } },
      { type: 'reasoning-start', part: 1 },
      { type: 'reasoning-end', part: 1, seal: { issuer: 'openai-responses', value: 'gAAA' } },
      ...stop(),
    ]);
    const deltas = frames.flatMap(({ data }) =>
      data.delta && data.index !== undefined ? [[data.index, object(data.delta)?.type]] : [],
    );
    expect(deltas).toEqual([
      [0, 'thinking_delta'],
      [0, 'signature_delta'],
      [1, 'signature_delta'],
    ]);
    const signatures = frames
      .map(({ data }) => object(data.delta)?.signature)
      .filter((field) => typeof field === 'string');
    expect(signatures[0]).toBe('SIG');
    expect(signatures[1]).toMatch(/^eyJAcHJveHkiOjEs/);
  });
  test('Z7 seals of calls and texts travel in carriers, and come back from the client to where they were', () => {
    const seal = (value: string) => ({ issuer: 'gemini-generate', value });
    const reply: Reply = {
      id: 'r',
      model: 'm',
      candidates: [
        {
          parts: [
            { type: 'reasoning', text: '', seal: seal('0'), redacted: true },
            { type: 'text', text: 'Hi', seal: seal('1') },
            { type: 'tool-call', id: 'a', name: 'look', kind: 'function', arguments: '{}', seal: seal('2') },
          ],
          finish: { reason: 'tool-calls' },
        },
      ],
    };
    const whole = anthropicMessages.encodeReply(reply, {
      model: 'm',
      created: 0,
      newId: (prefix) => prefix,
      report: () => undefined,
    });
    const blocks: JsonObject[] = [];
    for (const { data } of encode(replay(reply))) {
      const delta = object(data.delta);
      const last = blocks.at(-1);
      if (data.content_block) blocks.push({ ...object(data.content_block) });
      else if (last && delta?.type === 'text_delta')
        blocks[blocks.length - 1] = { ...last, text: `${String(last.text)}${String(delta.text)}` };
      else if (last && delta?.type === 'signature_delta')
        blocks[blocks.length - 1] = { ...last, signature: delta.signature ?? null };
    }
    expect(blocks).toEqual(whole.content);
    expect(blocks.map(({ type }) => type)).toEqual(['redacted_thinking', 'text', 'thinking', 'thinking', 'tool_use']);
    const request = {
      model: 'm',
      max_tokens: 1,
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: list(whole.content) },
      ],
    };
    const conversation = anthropicMessages.decodeRequest(request, {
      glance: { model: 'm', streaming: false },
      headers: {},
      report: () => undefined,
    });
    const [, turn] = conversation.messages;
    expect(turn?.role === 'assistant' && turn.parts).toMatchObject(reply.candidates[0]?.parts ?? []);
  });
  test('Z5 a seal that waits for what follows outlives an empty text', () => {
    const frames = encode([
      start,
      { type: 'text-start', part: 0 },
      { type: 'text-delta', part: 0, text: 'Hi' },
      { type: 'text-end', part: 0, seal: { issuer: 'gemini-generate', value: 'c2ln' } },
      { type: 'text-start', part: 1 },
      { type: 'text-end', part: 1 },
      callStart(2, 'a'),
      { type: 'tool-call-end', part: 2 },
      ...stop({ reason: 'tool-calls' }),
    ]);
    const opened = types(frames).filter((type) => type.startsWith('content_block_start'));
    expect(opened).toEqual([
      'content_block_start 0 text',
      'content_block_start 1 thinking',
      'content_block_start 2 tool_use',
    ]);
  });

  test('Z5 nothing stands behind the text that ends a reply: its seal goes ahead of it, and in a stream is too late', () => {
    const seal = { issuer: 'gemini-generate', value: 'sealed' };
    const parts: readonly Part[] = [{ type: 'text', text: 'Hi', seal }];
    const reply: Reply = { id: 'r', model: 'm', candidates: [{ parts, finish: { reason: 'stop' } }] };
    const { content } = anthropicMessages.encodeReply(reply, {
      model: 'm',
      created: 0,
      newId: (prefix) => prefix,
      report: () => undefined,
    });
    expect(list(content)).toMatchObject([{ type: 'thinking' }, { type: 'text', text: 'Hi' }]);
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: list(content) },
    ];
    const conversation = anthropicMessages.decodeRequest(
      { model: 'm', max_tokens: 1, messages },
      { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined },
    );
    const [, turn] = conversation.messages;
    expect(turn?.role === 'assistant' && turn.parts).toMatchObject(parts);
    const opened = encode(replay(reply)).flatMap(({ data }) => object(data.content_block)?.type ?? []);
    expect(opened).toEqual(['text']);
  });
  test('W2 a citation of another vendor becomes a web search location with the words it hangs on', () => {
    const frames = encode([
      start,
      { type: 'text-start', part: 0 },
      { type: 'text-delta', part: 0, text: 'Tides are regular.' },
      { type: 'citation', part: 0, citation: { type: 'url', url: 'https://a.example', title: 'A', start: 0, end: 5 } },
      { type: 'text-end', part: 0 },
      ...stop(),
    ]);
    expect(frames.map(({ data }) => object(data.delta)?.citation).find((citation) => citation)).toEqual({
      type: 'web_search_result_location',
      cited_text: 'Tides',
      encrypted_index: '',
      title: 'A',
      url: 'https://a.example',
    });
  });
  test('W1 W3 another vendor’s search is told as Anthropic’s, and is text to Claude when it comes back', () => {
    const call: Part = { type: 'server-tool-call', id: 'ws_1-a', name: 'web_search', query: 'tides' };
    const found: Part = {
      type: 'server-tool-result',
      callId: 'ws_1-a',
      name: 'web_search',
      results: [{ url: 'https://a.example', title: 'A' }],
    };
    const reply: Reply = { id: 'r', model: 'm', candidates: [{ parts: [call, found], finish: { reason: 'stop' } }] };
    const whole = anthropicMessages.encodeReply(reply, {
      model: 'm',
      created: 0,
      newId: (prefix) => prefix,
      report: () => undefined,
    });
    expect(whole.content).toMatchObject([
      { type: 'server_tool_use', id: 'srvtoolu_at_ws_1_a', name: 'web_search', input: { query: 'tides' } },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_at_ws_1_a',
        content: [{ type: 'web_search_result', url: 'https://a.example' }],
      },
    ]);
    expect(whole.usage).toMatchObject({ server_tool_use: { web_search_requests: 1 } });
    const frames = encode(replay(reply));
    expect(frames.at(-2)?.data.usage).toMatchObject({ server_tool_use: { web_search_requests: 1 } });
    const request = {
      model: 'm',
      max_tokens: 1,
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: list(whole.content) },
        { role: 'user', content: 'y' },
      ],
    };
    const conversation = anthropicMessages.decodeRequest(request, {
      glance: { model: 'm', streaming: false },
      headers: {},
      report: () => undefined,
    });
    const { body } = anthropicMessages.encodeRequest(conversation, {
      facts: {},
      signer: 'anthropic-messages',
      report: () => undefined,
    });
    expect(JSON.stringify(list(body.messages)[1])).toContain('(Searched the web for: tides)');
  });
  test('a generated image is Markdown to the client, and an image again when it comes back', () => {
    const image: Part = {
      type: 'media',
      kind: 'image',
      source: { type: 'base64', mediaType: 'image/png', data: 'iVBO' },
    };
    const reply = anthropicMessages.encodeReply(
      { id: 'r', model: 'm', candidates: [{ parts: [image], finish: { reason: 'stop' } }] },
      { model: 'm', created: 0, newId: (prefix) => prefix, report: () => undefined },
    );
    expect(reply.content).toEqual([{ type: 'text', text: '![image](data:image/png;base64,iVBO)', citations: null }]);
    const request = {
      model: 'm',
      messages: [
        { role: 'assistant', content: list(reply.content) },
        { role: 'user', content: list(reply.content) },
      ],
    };
    const { messages } = anthropicMessages.decodeRequest(request, {
      glance: { model: 'm', streaming: false },
      headers: {},
      report: () => undefined,
    });
    expect(messages.map((message) => message.role !== 'tool' && message.parts[0]?.type)).toEqual(['media', 'text']);
  });
  test('N3 the model that was asked for is echoed, and an id is made where there is none', () => {
    const reply: Reply = { id: '', model: 'upstream-name', candidates: [{ parts: [], finish: { reason: 'stop' } }] };
    expect(
      anthropicMessages.encodeReply(reply, {
        model: 'asked',
        created: 0,
        newId: (prefix) => `${prefix}9`,
        report: () => undefined,
      }),
    ).toMatchObject({ id: 'msg_9', model: 'asked' });
  });
});
