import { expect, test } from 'vitest';
import type { Frame } from '../../bytes/framing.ts';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import type { JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { openaiChat } from './index.ts';

test('D1 calls are told apart by id, whatever their index', () => {
  const calls = partsOf(
    calling({ index: 0, id: 'a', function: { name: 'f', arguments: '{"path":"a"}' } }),
    calling({ index: 0, id: 'b', function: { name: 'f', arguments: '{"path":"b"}' } }),
  );
  expect(calls).toMatchObject([
    { id: 'a', arguments: '{"path":"a"}' },
    { id: 'b', arguments: '{"path":"b"}' },
  ]);
});

test('D1 without id and index a piece belongs to the last call', () => {
  const calls = partsOf(
    calling({ id: 'a', function: { name: 'f', arguments: '{"x"' } }),
    calling({ function: { arguments: ':1}' } }),
    calling({ function: { name: 'g', arguments: '{}' } }),
  );
  expect(calls).toMatchObject([
    { id: 'a', name: 'f', arguments: '{"x":1}' },
    { id: 'call_3_1', name: 'g' },
  ]);
});

test('D3 names that are repeated or cut in pieces stay one name', () => {
  const repeated = ['', '{"a"', ':1}'].map((piece) =>
    calling({ index: 0, id: 'a', type: null, function: { name: 'get_weather', arguments: piece } }),
  );
  expect(partsOf(...repeated)).toMatchObject([{ name: 'get_weather', arguments: '{"a":1}' }]);
  const cut = [
    calling({ index: 0, id: 'a', function: { name: 'get_' } }),
    calling({ index: 0, function: { name: 'weather' } }),
    calling({ index: 0, function: { arguments: '{}' } }),
  ];
  expect(partsOf(...cut)).toMatchObject([{ name: 'get_weather', arguments: '{}' }]);
});

test('D4 arguments before name and id wait; a call that never gets a name is no call', () => {
  const late = [
    calling({ index: 0, function: { arguments: '{"a":' } }),
    calling({ index: 0, id: 'a', function: { name: 'f', arguments: '1}' } }),
  ];
  expect(partsOf(...late)).toMatchObject([{ id: 'a', name: 'f', arguments: '{"a":1}' }]);
  const nameless = read([chunk(calling({ index: 0, id: 'x', function: { arguments: '{}' } })), finish('tool_calls')]);
  expect(nameless.candidates).toEqual([{ parts: [], finish: { reason: 'stop' } }]);
});

test('D4 synthesised ids are the same in every replay and differ between turns', () => {
  const call = calling({ index: 0, function: { name: 'f', arguments: '{}' } });
  expect(partsOf(call)).toMatchObject([{ id: 'call_3_0' }]);
  expect(partsOf(call)).toEqual(partsOf(call));
});

test('D7 a call without arguments has an empty object, also where a vendor wrote null', () => {
  for (const written of [undefined, '', 'null', ' null '])
    expect(partsOf(calling({ index: 0, id: 'a', function: { name: 'f', arguments: written ?? null } }))).toMatchObject([
      { arguments: '{}' },
    ]);
  const frames = write(replyOf({ type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '' }));
  expect(frames.map(({ data }) => data).join('\n')).toContain('"arguments":"{}"');
});

test('D10 interleaved calls stay apart', () => {
  const calls = partsOf(
    calling({ index: 0, id: 'a', function: { name: 'f', arguments: '{"a"' } }),
    calling({ index: 1, id: 'b', function: { name: 'g', arguments: '{"b"' } }),
    calling({ index: 0, function: { arguments: ':1}' } }, { index: 1, function: { arguments: ':2}' } }),
  );
  expect(calls).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
});

test('B4 arguments given as an object are written as text', () => {
  expect(partsOf(calling({ function: { name: 'f', arguments: { a: 1 } } }))).toMatchObject([{ arguments: '{"a":1}' }]);
});

test('B7 chunks without a delta and without choices are no trouble', () => {
  const reply = read([
    { choices: [], id: '', model: '', prompt_filter_results: [] },
    chunk({ content: 'Hi' }),
    { ...base, choices: [{ index: 0, finish_reason: null, content_filter_results: {} }] },
    { ...base, choices: [{ index: 0, finish_reason: 'stop' }] },
  ]);
  expect(reply).toMatchObject({ id: 'c', candidates: [{ parts: [{ text: 'Hi' }], finish: { reason: 'stop' } }] });
});

test('A7 U6 usage that comes after the finish is told before the end', () => {
  const events = decode([
    chunk({ content: 'Hi' }),
    finish('stop'),
    { ...base, choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
  ]);
  expect(events.slice(-3).map(({ type }) => type)).toEqual(['candidate-end', 'usage', 'reply-end']);
  expect(collect(events).usage).toEqual({ inputTokens: 3, outputTokens: 2 });
});

test('U5 a client sees the usage chunk only when it asked', () => {
  const reply = { ...replyOf(say('Hi')), usage: { inputTokens: 5, cacheReadTokens: 2, outputTokens: 1 } };
  const asked = write(reply, { stream_options: { include_usage: true } }).map(({ data }) => data);
  expect(JSON.parse(asked.at(-2) ?? '')).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8, prompt_tokens_details: { cached_tokens: 2 } },
  });
  expect(asked.slice(0, -2).every((data) => data.includes('"usage":null'))).toBe(true);
  expect(write(reply).some(({ data }) => data.includes('usage'))).toBe(false);
});

test('Z9 reasoning is read from any member and never doubled', () => {
  const both = {
    reasoning_content: 'Hm',
    reasoning: 'Hm',
    reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }],
  };
  const thought = [{ type: 'reasoning', text: 'Hm' }];
  expect(partsOf(both)).toEqual(thought);
  expect(partsOf({ reasoning: 'Hm' })).toEqual(thought);
  expect(partsOf({ reasoning_details: [{ type: 'reasoning.summary', summary: 'Hm' }] })).toEqual(thought);
  const whole = openaiChat.decodeReply(
    { ...base, choices: [{ message: { ...both }, finish_reason: 'stop' }] },
    reading,
  );
  expect(whole.candidates[0]?.parts).toEqual(thought);
});

test('Z9 think tags are told apart wherever they are cut', () => {
  const content = '<think>\nfirst <b>\n</think>\n\nthen <think> text';
  for (let cut = 1; cut < content.length; cut++) {
    const deltas = [{ content: content.slice(0, cut) }, { content: content.slice(cut) }];
    const reply = read([...deltas.map(chunk), finish('stop')], { inlineThinkTags: true });
    expect(reply.candidates[0]?.parts, `cut at ${cut}`).toEqual([
      { type: 'reasoning', text: 'first <b>' },
      { type: 'text', text: 'then <think> text' },
    ]);
  }
  expect(read([chunk({ content: '<th' }), finish('stop')], { inlineThinkTags: true }).candidates[0]?.parts).toEqual([
    say('<th'),
  ]);
  expect(partsOf({ content })).toEqual([say(content)]);
});

test('Z6 seals of any issuer travel through a client and back', () => {
  const seal = { issuer: 'anthropic-messages', value: 'sig' };
  const gemini = { issuer: 'gemini-generate', value: 'thought' };
  const parts: Part[] = [
    { type: 'reasoning', text: 'Hm.', seal },
    { type: 'reasoning', text: '', seal: { ...seal, value: 'hidden' }, redacted: true },
    { ...say('Hi'), seal: gemini },
    { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{}', seal: gemini },
  ];
  const reply = replyOf(...parts);
  const again = openaiChat.decodeReply(openaiChat.encodeReply(reply, writing), reading);
  expect(again.candidates[0]?.parts).toEqual(parts);
  expect(collect(decodeFrames(write(reply))).candidates[0]?.parts).toEqual(parts);
  const message = (openaiChat.encodeReply(reply, writing).choices as JsonObject[])[0]?.message ?? null;
  const { messages } = openaiChat.decodeRequest(
    { messages: [message] },
    { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined },
  );
  expect(withoutPlaces(messages[0])).toMatchObject({ role: 'assistant', parts });
});

test('F1 F2 F3 F4 finish words of all vendors', () => {
  const reason = (word: string, delta: JsonObject = {}) => read([chunk(delta), finish(word)]).candidates[0]?.finish;
  const call = calling({ index: 0, id: 'a', function: { name: 'f', arguments: '{"a":' } });
  expect(reason('stop')).toEqual({ reason: 'stop' });
  expect(reason('stop', call)).toEqual({ reason: 'tool-calls' });
  expect(reason('function_call')).toEqual({ reason: 'stop' });
  expect(reason('length', call)).toEqual({ reason: 'length' });
  expect(reason('content_filter', call)).toEqual({ reason: 'content-filter' });
  expect(reason('sensitive')).toEqual({ reason: 'content-filter', raw: 'sensitive' });
  expect(reason('model_context_window_exceeded')).toEqual({
    reason: 'context-window',
    raw: 'model_context_window_exceeded',
  });
  expect(reason('never_seen')).toEqual({ reason: 'other', raw: 'never_seen' });
});

test('F3 arguments that were cut off are marked as such', () => {
  const call = calling({ index: 0, id: 'a', function: { name: 'f', arguments: '{"a":' } });
  expect(decode([chunk(call), finish('length')])).toContainEqual({ type: 'tool-call-end', part: 0, truncated: true });
  expect(decode([chunk(call), finish('tool_calls')])).toContainEqual({ type: 'tool-call-end', part: 0 });
});

test('F4 F7 a refusal is content_filter with the vendor’s explanation', () => {
  const reply: Reply = {
    id: '',
    model: '',
    candidates: [{ parts: [], finish: { reason: 'refusal', explanation: 'No.' } }],
  };
  expect(openaiChat.encodeReply(reply, writing).choices).toMatchObject([
    { finish_reason: 'content_filter', message: { content: null, refusal: 'No.' } },
  ]);
  expect(write(reply).some(({ data }) => data.includes('"refusal":"No."'))).toBe(true);
});

test('F6 no candidate and no reason still give a choice with a finish', () => {
  const nothing: Reply = { id: 'c', model: 'up', candidates: [] };
  expect(openaiChat.encodeReply(nothing, writing).choices).toMatchObject([
    { finish_reason: 'stop', message: { content: null } },
  ]);
  expect(write(nothing).map(({ data }) => data)).toEqual([
    expect.stringContaining('"role":"assistant"'),
    expect.stringContaining('"finish_reason":"stop"'),
    '[DONE]',
  ]);
  const reasonless = openaiChat.decodeReply(
    { ...base, choices: [{ message: { content: 'x' }, finish_reason: null }] },
    reading,
  );
  expect(reasonless.candidates).toEqual([{ parts: [say('x')], finish: { reason: 'other' } }]);
});

test('B6 Groq’s usage is found under x_groq, Kimi’s in the choice', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2 };
  expect(read([chunk({ content: 'x' }), { ...finish('stop'), x_groq: { usage } }]).usage).toMatchObject({
    inputTokens: 3,
  });
  const inChoice = { ...base, choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage }] };
  expect(read([chunk({ content: 'x' }), inChoice]).usage).toMatchObject({ outputTokens: 2 });
});

test('U1 U3 cached tokens lie inside the prompt, reasoning inside the completion', () => {
  const usage = (members: JsonObject, facts: ModelFacts = {}) =>
    read([chunk({ content: 'x' }), finish('stop'), { ...base, choices: [], usage: members }], facts).usage;
  const details = { prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 } };
  expect(usage({ prompt_tokens: 100, completion_tokens: 9, ...details })).toMatchObject({ inputTokens: 50 });
  expect(
    usage({ prompt_tokens: 100, completion_tokens: 9, ...details }, { cacheWritesOutsidePrompt: true }),
  ).toMatchObject({
    inputTokens: 70,
    cacheWriteTokens: 20,
  });
  expect(usage({ prompt_tokens: 10, ...details })).toMatchObject({ inputTokens: 0 });
  expect(usage({ prompt_tokens: 90, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 26 })).toMatchObject({
    inputTokens: 26,
    cacheReadTokens: 64,
  });
  const reasoning = { completion_tokens_details: { reasoning_tokens: 40 } };
  expect(usage({ prompt_tokens: 1, completion_tokens: 50, total_tokens: 51, ...reasoning })).toMatchObject({
    outputTokens: 50,
  });
  expect(usage({ prompt_tokens: 1, completion_tokens: 10, total_tokens: 51, ...reasoning })).toMatchObject({
    outputTokens: 50,
  });
});

test('U8 null usage is no usage', () => {
  expect(read([{ ...chunk({ content: 'x' }), usage: null }, finish('stop')]).usage).toBeUndefined();
});

test('X2 [DONE] comes once, and nothing after it counts', () => {
  const frames = write(replyOf(say('Hi')));
  expect(frames.filter(({ data }) => data === '[DONE]')).toHaveLength(1);
  expect(frames.at(-1)).toEqual({ data: '[DONE]' });
  const decoder = openaiChat.decodeStream(reading);
  for (const body of [chunk({ content: 'x' }), finish('stop')]) decoder.push({ data: JSON.stringify(body) });
  expect(decoder.push({ data: '[DONE]' }).at(-1)).toEqual({ type: 'reply-end' });
  expect(decoder.push({ data: JSON.stringify(chunk({ content: 'y' })) })).toEqual([]);
  expect(decoder.end()).toEqual([]);
});

test('X3 an end without a finish is a failure, with or without [DONE]; a finish alone is enough', () => {
  const half = chunk({ content: 'Half a sen' });
  expect(decode([half]).at(-1)).toMatchObject({ type: 'failure', failure: { kind: 'bad-upstream' } });
  expect(decodeFrames([{ data: JSON.stringify(half) }, { data: '[DONE]' }]).at(-1)).toMatchObject({ type: 'failure' });
  expect(decode([half, finish('stop')]).at(-1)).toEqual({ type: 'reply-end' });
});

test('E5 an error in mid-stream is an error event without finish and without [DONE]', () => {
  const encoder = openaiChat.encodeStream(writing);
  const frames = [
    ...encoder.push({ type: 'reply-start', id: 'c', model: 'm' }),
    ...encoder.push({ type: 'failure', failure: new Failure('overloaded', 'Too busy.') }),
    ...encoder.push({ type: 'reply-end' }),
  ];
  expect(JSON.parse(frames.at(-1)?.data ?? '')).toEqual({
    error: { message: 'Too busy.', type: 'server_error', param: null, code: null },
  });
  expect(frames.some(({ data }) => data === '[DONE]' || data.includes('finish_reason":"'))).toBe(false);
});

test('E5 errors of vendors in mid-stream', () => {
  const failure = (body: JsonObject | string, event?: string) => {
    const last = decodeFrames([
      { data: JSON.stringify(chunk({ content: 'x' })) },
      { data: typeof body === 'string' ? body : JSON.stringify(body), ...(event !== undefined && { event }) },
    ]).at(-1);
    return last?.type === 'failure' ? last.failure.kind : last;
  };
  expect(failure({ error: { message: 'x', type: 'server_error' } })).toBe('server');
  expect(failure({ error: { code: 429, message: 'Slow down' }, choices: [] })).toBe('rate-limited');
  expect(failure({ error: { message: 'x', code: 'context_length_exceeded' } })).toBe('context-too-long');
  expect(failure({ message: 'Busy' }, 'error')).toBe('server');
  expect(failure({ ...base, choices: [{ delta: {}, finish_reason: 'insufficient_system_resource' }] })).toBe(
    'overloaded',
  );
  expect(failure({ base_resp: { status_code: 1013, status_msg: 'internal' } })).toBe('bad-upstream');
  expect(failure('<html>')).toBe('bad-upstream');
});

test('N3 the client reads the model it asked for, in every chunk and reply', () => {
  expect(openaiChat.encodeReply(replyOf(say('x')), writing).model).toBe('asked');
  const chunks = write(replyOf(say('x'))).slice(0, -1);
  expect(chunks.every(({ data }) => data.includes('"model":"asked"'))).toBe(true);
});

test('W2 annotations count in the whole content, citations within their part', () => {
  const cited = (text: string): Part => ({
    ...say(text),
    citations: [{ type: 'url', url: 'https://x', start: 0, end: 2 }],
  });
  const reply = replyOf(cited('One.'), { type: 'reasoning', text: 'Hm.' }, cited('Two.'));
  const [choice] = openaiChat.encodeReply(reply, writing).choices as [{ message: JsonObject }];
  expect(choice.message).toMatchObject({
    content: 'One.\n\nTwo.',
    annotations: [{ url_citation: { start_index: 0 } }, { url_citation: { start_index: 6, end_index: 8 } }],
  });
  const streamed = write(reply).map(({ data }) => data);
  expect(streamed.filter((data) => data.includes('annotations'))).toEqual([
    expect.stringContaining('"start_index":0'),
    expect.stringContaining('"start_index":6'),
  ]);
});

test('a caller that asks with functions reads function_call, whole and streamed', () => {
  const reply = replyOf({ type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"a":1}' });
  const legacy = { ...writing, request: { functions: [{ name: 'f' }] } };
  expect(openaiChat.encodeReply(reply, legacy).choices).toMatchObject([
    { finish_reason: 'function_call', message: { function_call: { name: 'f', arguments: '{"a":1}' } } },
  ]);
  const text = write(reply, legacy.request)
    .map(({ data }) => data)
    .join('\n');
  expect(text).toContain('"function_call":{"name":"f","arguments":""}');
  expect(text).toContain('"finish_reason":"function_call"');
  expect(text).not.toContain('tool_calls');
});

test('several candidates are several choices', () => {
  const reply: Reply = {
    ...replyOf(say('a')),
    candidates: ['a', 'b'].map((text) => ({ parts: [say(text)], finish: { reason: 'stop' } })),
  };
  expect(collect(decodeFrames(write(reply))).candidates).toEqual(reply.candidates);
});

const base = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'up' };
const reading = { facts: {}, signer: 'openai-chat', turn: 3 };
const writing = { model: 'asked', created: 1, newId: (prefix: string) => `${prefix}1`, report: () => undefined };

function chunk(delta: JsonObject): JsonObject {
  return { ...base, choices: [{ index: 0, delta, finish_reason: null }] };
}

function finish(reason: string): JsonObject {
  return { ...base, choices: [{ index: 0, delta: {}, finish_reason: reason }] };
}

function calling(...entries: JsonObject[]): JsonObject {
  return { tool_calls: entries };
}

function say(text: string): Part & { type: 'text' } {
  return { type: 'text', text };
}

function replyOf(...parts: Part[]): Reply {
  const called = parts.some(({ type }) => type === 'tool-call');
  return { id: 'c', model: 'up', candidates: [{ parts, finish: { reason: called ? 'tool-calls' : 'stop' } }] };
}

function decode(bodies: readonly JsonObject[], facts: ModelFacts = {}): readonly ReplyEvent[] {
  return decodeFrames(
    bodies.map((body) => ({ data: JSON.stringify(body) })),
    facts,
  );
}

function decodeFrames(frames: readonly Frame[], facts: ModelFacts = {}): readonly ReplyEvent[] {
  const decoder = openaiChat.decodeStream({ ...reading, facts });
  return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

function read(bodies: readonly JsonObject[], facts: ModelFacts = {}): Reply {
  return collect(decode(bodies, facts));
}

function partsOf(...deltas: JsonObject[]): readonly Part[] {
  return read([...deltas.map(chunk), finish('stop')]).candidates[0]?.parts ?? [];
}

function write(reply: Reply, request: JsonObject = {}): readonly Frame[] {
  const encoder = openaiChat.encodeStream({ ...writing, request });
  return replay(reply).flatMap((event) => encoder.push(event));
}

function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'at' ? undefined : member)));
}
