import { describe, expect, test } from 'vitest';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure, type FailureKind } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import type { Finish } from '../../conversation/reply.ts';
import { readSeal } from '../../conversation/seal.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { openaiResponses } from './index.ts';
import { read, reading, reply, stream, streamOf, writing } from '../../testing/openai-responses.ts';

const text: Part = { type: 'text', text: 'Hello' };
const call: Part = { type: 'tool-call', id: 'call_1', name: 'look', kind: 'function', arguments: '{"a":1}' };
const types = (events: readonly JsonObject[]) => events.map(({ type }) => type);
const items = (events: readonly JsonObject[]) =>
  events.flatMap(({ type, item }) => (type === 'response.output_item.done' && isObject(item) ? [item] : []));
const terminal = (events: readonly JsonObject[]) => events.at(-1)?.response as JsonObject; // the last event is a lifecycle event
const encodeReply = (parts: readonly Part[], finish?: Finish, request?: JsonObject) =>
  openaiResponses.encodeReply(reply(parts, finish && { finish }), writing(request));
const decodeReply = (body: JsonObject) =>
  openaiResponses.decodeReply({ id: 'resp_1', object: 'response', status: 'completed', model: 'm', ...body }, reading);

describe('writing', () => {
  test('R1 every item is done with the whole of it before the response is', () => {
    const events = streamOf(reply([text, call]));
    expect(items(events)).toMatchObject([
      { type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'Hello', annotations: [] }] },
      { type: 'function_call', status: 'completed', call_id: 'call_1', name: 'look', arguments: '{"a":1}' },
    ]);
    expect(terminal(events).output).toEqual(items(events));
  });
  test('R2 the lifecycle of a text and of a call', () => {
    expect(types(streamOf(reply([text, call])))).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });
  test('R3 sequence numbers count all events, output indexes have no gaps, an item keeps its id', () => {
    const start = (part: number, id: string) =>
      ({ type: 'tool-call-start', part, id, name: 'look', kind: 'function' }) as const;
    const events = stream([
      { type: 'reply-start', id: 'x', model: 'm' },
      start(0, 'a'),
      start(1, 'b'),
      { type: 'tool-call-delta', part: 1, text: '{}' },
      { type: 'tool-call-delta', part: 0, text: '{"a":1}' },
      { type: 'tool-call-end', part: 1 },
      { type: 'tool-call-end', part: 0 },
      { type: 'candidate-end', finish: { reason: 'tool-calls' } },
      { type: 'reply-end' },
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const ids = new Map<unknown, Set<unknown>>();
    for (const { output_index: index, item_id: id, item } of events)
      if (index !== undefined) ids.set(index, (ids.get(index) ?? new Set()).add(id ?? (isObject(item) ? item.id : '')));
    expect([...ids.keys()]).toEqual([0, 1]);
    expect([...ids.values()].map((set) => set.size)).toEqual([1, 1]);
    expect((terminal(events).output as JsonObject[]).map(({ call_id: id }) => id)).toEqual(['a', 'b']); // two items, as above
  });
  test('R4 exactly one terminal event, and nothing after it', () => {
    const events = streamOf(reply([text]));
    expect(types(events).filter((type) => /completed$|incomplete$|failed$/.test(String(type)))).toHaveLength(1);
    const encoder = openaiResponses.encodeStream(writing());
    encoder.push({ type: 'reply-end' });
    expect(encoder.push({ type: 'failure', failure: new Failure('server', 'late') })).toEqual([]);
  });
  test('R5 U1 U7 usage is inclusive, with both details filled', () => {
    const usage = { inputTokens: 10, cacheReadTokens: 5, cacheWriteTokens: 3, outputTokens: 7, reasoningTokens: 2 };
    const body = openaiResponses.encodeReply(reply([text], {}, { usage }), writing());
    expect(body.usage).toEqual({
      input_tokens: 18,
      input_tokens_details: { cached_tokens: 5, cache_write_tokens: 3 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 25,
    });
    expect(decodeReply(body).usage).toEqual(usage);
    const bare = openaiResponses.encodeReply(reply([text], {}, { usage: { outputTokens: 7 } }), writing());
    expect(bare.usage).toMatchObject({
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    });
  });
  test('R6 a truncated call is incomplete, and its arguments are never told as done', () => {
    const events = stream([
      { type: 'reply-start', id: 'x', model: 'm' },
      { type: 'tool-call-start', part: 0, id: 'c', name: 'look', kind: 'function' },
      { type: 'tool-call-delta', part: 0, text: '{"a":' },
      { type: 'tool-call-end', part: 0, truncated: true },
      { type: 'candidate-end', finish: { reason: 'length' } },
      { type: 'reply-end' },
    ]);
    expect(types(events)).not.toContain('response.function_call_arguments.done');
    expect(items(events)).toMatchObject([{ status: 'incomplete', arguments: '{"a":' }]);
    expect(terminal(events)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    const whole = encodeReply([{ ...call, arguments: '{"a":' } as Part], { reason: 'length' });
    expect(whole.output).toMatchObject([{ status: 'incomplete' }]);
  });
  test.each<[Finish, string, string | undefined]>([
    [{ reason: 'stop' }, 'completed', undefined],
    [{ reason: 'stop-sequence', stopSequence: 'x' }, 'completed', undefined],
    [{ reason: 'tool-calls' }, 'completed', undefined],
    [{ reason: 'length' }, 'incomplete', 'max_output_tokens'],
    [{ reason: 'context-window' }, 'incomplete', 'max_output_tokens'],
    [{ reason: 'content-filter', raw: 'SAFETY' }, 'incomplete', 'content_filter'],
    [{ reason: 'refusal' }, 'incomplete', 'content_filter'],
    [{ reason: 'length', raw: 'max_messages' }, 'incomplete', 'max_messages'],
    [{ reason: 'stop', raw: 'steered' }, 'incomplete', 'steered'],
    [{ reason: 'malformed-call' }, 'failed', undefined],
  ])('F1 F4 a1 %j ends as %s', (finish, status, reason) => {
    const body = encodeReply([text], finish);
    expect(body.status).toBe(status);
    expect(isObject(body.incomplete_details) ? body.incomplete_details.reason : undefined).toBe(reason);
  });
  test('F7 a refusal that says why, and nothing else, becomes a refusal part', () => {
    expect(encodeReply([], { reason: 'refusal', explanation: 'No.' })).toMatchObject({
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }],
    });
  });
  const kinds: [FailureKind, string][] = [
    ['bad-request', 'invalid_prompt'],
    ['context-too-long', 'context_length_exceeded'],
    ['billing', 'insufficient_quota'],
    ['rate-limited', 'rate_limit_exceeded'],
    ['server', 'server_error'],
    ['overloaded', 'server_error'],
    ['timeout', 'server_error'],
  ];
  test.each(kinds)('R7 E5 a %s failure in mid-stream is response.failed with %s', (kind, code) => {
    const events = stream([
      { type: 'reply-start', id: 'x', model: 'm' },
      { type: 'text-start', part: 0 },
      { type: 'text-delta', part: 0, text: 'Half' },
      { type: 'failure', failure: new Failure(kind, 'Broken.') },
    ]);
    expect(types(events).at(-1)).toBe('response.failed');
    expect(types(events)).not.toContain('error');
    expect(terminal(events)).toMatchObject({ status: 'failed', error: { code }, output: [] });
  });
  test('R7 a rate limit says in words how long to wait, and is read again from them', () => {
    const failure = new Failure('rate-limited', 'Slow down.', { retryAfterSeconds: 1.5 });
    const events = stream([{ type: 'failure', failure }]);
    expect(terminal(events).error).toEqual({
      code: 'rate_limit_exceeded',
      message: 'Slow down. Please try again in 1.5s.',
    });
    const last = read(events).at(-1);
    expect(last?.type === 'failure' && last.failure.details.retryAfterSeconds).toBe(1.5);
  });
  test('R8 ids have the prefix of their kind, and a foreign reply id is replaced', () => {
    const body = encodeReply([{ type: 'reasoning', text: 'so' }, text, call, { ...call, kind: 'custom' } as Part]);
    expect((body.output as JsonObject[]).map(({ id }) => String(id).replace(/\d+$/, ''))).toEqual([
      'rs_',
      'msg_',
      'fc_',
      'ctc_',
    ]);
    expect(body.id).toMatch(/^resp_/);
    expect(openaiResponses.encodeReply(reply([text], {}, { id: 'resp_upstream' }), writing()).id).toBe('resp_upstream');
  });
  test('R9 a reasoning item always has a summary, and encrypted content only where there is a seal', () => {
    const seal = { issuer: 'openai-responses', value: 'gAAA' };
    expect(
      encodeReply([
        { type: 'reasoning', text: '', seal },
        { type: 'reasoning', text: 'so' },
      ]).output,
    ).toEqual([
      { id: 'rs_2', type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
      { id: 'rs_3', type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }] },
    ]);
  });
  test("R10 N3 created and the end echo the client's values, never the upstream's", () => {
    const request = {
      instructions: 'Be brief.',
      tools: [{ type: 'custom', name: 'x' }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      temperature: 0.3,
      top_p: 0.9,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      max_output_tokens: 99,
      reasoning: { effort: 'low' },
      text: { verbosity: 'low' },
    };
    const events = streamOf(reply([text]), request);
    for (const response of [events[0]?.response, terminal(events)])
      expect(response).toMatchObject({
        ...request,
        model: 'asked-model',
        text: { verbosity: 'low', format: { type: 'text' } },
      });
  });
  test('R10 what the upstream itself told of the response outranks the echo, and stands there once', () => {
    const extras = { 'openai-responses': { service_tier: 'flex' } };
    const encoder = openaiResponses.encodeStream(writing({ service_tier: 'auto' }));
    encoder.push({ type: 'candidate-end', finish: { reason: 'stop' }, extras });
    const [frame] = encoder.push({ type: 'reply-end' });
    expect(frame?.data.match(/"service_tier":"[a-z]*"/g)).toEqual(['"service_tier":"flex"']);
  });
  test('Z7 seals without a field of their own travel in carrier items around their owner', () => {
    const seal = { issuer: 'gemini-generate', value: 'sig' };
    const { output } = encodeReply([{ ...text, seal } as Part, { ...call, seal } as Part]);
    const [message, after, before, made] = output as JsonObject[];
    expect([message, after, before, made].map((item) => item?.type)).toEqual([
      'message',
      'reasoning',
      'reasoning',
      'function_call',
    ]);
    expect(readSeal(String(after?.encrypted_content), 'openai-responses')).toEqual({ seal, attachment: 'text' });
    expect(readSeal(String(before?.encrypted_content), 'openai-responses')).toEqual({ seal, attachment: 'call' });
  });
  test('Z7 what a Claude or Gemini reply was sealed with comes back through a client that replays its output', () => {
    const claude = { issuer: 'anthropic-messages', value: 'c' };
    const gemini = { issuer: 'gemini-generate', value: 'g' };
    const parts: Part[] = [
      { type: 'reasoning', text: 'so', seal: claude },
      { type: 'reasoning', text: '', seal: claude, redacted: true },
      { ...text, seal: gemini } as Part,
      { ...call, seal: gemini } as Part,
    ];
    const { output } = encodeReply(parts, { reason: 'tool-calls' });
    const { messages } = openaiResponses.decodeRequest(
      { model: 'm', input: output ?? [] },
      { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined },
    );
    expect(messages).toHaveLength(1);
    expect(JSON.parse(JSON.stringify(messages[0], (key, value) => (key === 'at' ? undefined : value)))).toEqual({
      role: 'assistant',
      parts,
    });
  });
  test('D7 a call without arguments is told as {} in delta and end', () => {
    const events = stream([
      { type: 'tool-call-start', part: 0, id: 'c', name: 'look', kind: 'function' },
      { type: 'tool-call-end', part: 0 },
      { type: 'reply-end' },
    ]);
    expect(events.filter(({ type }) => String(type).startsWith('response.function_call_arguments'))).toMatchObject([
      { delta: '{}' },
      { arguments: '{}' },
    ]);
  });
  test('CX3 CX4 custom calls and namespaces are written as Codex needs them', () => {
    const custom: Part = {
      type: 'tool-call',
      id: 'c',
      name: 'exec',
      namespace: 'functions',
      kind: 'custom',
      arguments: 'ls',
    };
    const events = streamOf(reply([custom]));
    expect(items(events)).toEqual([
      {
        id: 'ctc_2',
        type: 'custom_tool_call',
        status: 'completed',
        call_id: 'c',
        name: 'exec',
        namespace: 'functions',
        input: 'ls',
      },
    ]);
    expect(types(events)).toEqual(
      expect.arrayContaining(['response.custom_tool_call_input.delta', 'response.custom_tool_call_input.done']),
    );
  });
  test("W1 another vendor's search is a web_search_call with its sources", () => {
    const events = streamOf(
      reply([
        { type: 'server-tool-call', id: 'srv', name: 'web_search', query: 'q' },
        { type: 'server-tool-result', callId: 'srv', name: 'web_search', results: [{ url: 'https://x.example' }] },
        text,
      ]),
    );
    expect(items(events)[0]).toMatchObject({
      type: 'web_search_call',
      status: 'completed',
      action: { type: 'search', query: 'q', sources: [{ type: 'url', url: 'https://x.example' }] },
    });
    expect(types(events).filter((type) => String(type).includes('web_search_call'))).toEqual([
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
      'response.web_search_call.completed',
    ]);
  });
  test('W1 a search here is a call and its result elsewhere, and so is a page that was opened', () => {
    const search = (action: JsonObject, status = 'completed') => ({
      id: 'ws_1',
      type: 'web_search_call',
      status,
      action,
    });
    const parts = (item: JsonObject) => decodeReply({ output: [item] }).candidates[0]?.parts;
    const sources = [{ type: 'url', url: 'https://x.example' }];
    expect(parts(search({ type: 'search', query: 'q', sources }))).toMatchObject([
      { type: 'server-tool-call', id: 'ws_1', query: 'q' },
      { type: 'server-tool-result', callId: 'ws_1', results: [{ url: 'https://x.example' }] },
    ]);
    expect(parts(search({ type: 'open_page', url: 'https://y.example' }))).toMatchObject([
      { query: 'https://y.example' },
      { results: [{ url: 'https://y.example' }] },
    ]);
    expect(parts(search({ type: 'search', queries: ['q'] }, 'failed'))).toMatchObject([
      { query: 'q' },
      { error: 'unavailable' },
    ]);
  });
  test('W2 citations count characters on this wire and UTF-16 units in the hub', () => {
    const cited: Part = {
      type: 'text',
      text: '🦀 crab',
      citations: [{ type: 'url', url: 'https://x.example', title: 'X', start: 3, end: 7 }],
    };
    const body = encodeReply([cited]);
    const annotation = { type: 'url_citation', start_index: 2, end_index: 6, url: 'https://x.example', title: 'X' };
    expect(body.output).toMatchObject([{ content: [{ annotations: [annotation] }] }]);
    expect(decodeReply(body).candidates[0]?.parts).toEqual([cited]);
    expect(streamOf(reply([cited]))).toContainEqual(
      expect.objectContaining({ type: 'response.output_text.annotation.added', annotation, annotation_index: 0 }),
    );
  });
  test('neighbouring texts share a message; a text that opens beside an open one gets its own', () => {
    expect(encodeReply([text, text]).output).toMatchObject([{ content: [{ text: 'Hello' }, { text: 'Hello' }] }]);
    const open = (part: number): ReplyEvent => ({ type: 'text-start', part });
    const end = (part: number): ReplyEvent => ({ type: 'text-end', part });
    expect(items(stream([open(0), open(1), end(1), end(0), { type: 'reply-end' }]))).toHaveLength(2);
  });
  test('phase and log probabilities of the own dialect come back', () => {
    const extras = { 'openai-responses': { phase: 'commentary', logprobs: [{ token: 'H' }] } };
    const parts: Part[] = [{ ...text, extras } as Part];
    const body = encodeReply(parts);
    expect(body.output).toMatchObject([{ phase: 'commentary', content: [{ logprobs: [{ token: 'H' }] }] }]);
    expect(decodeReply(body).candidates[0]?.parts).toEqual(parts);
    expect(collect(read(streamOf(reply(parts)))).candidates[0]?.parts).toEqual(parts);
  });
});

describe('reading', () => {
  const added = (item: JsonObject, index = 0) => ({ type: 'response.output_item.added', output_index: index, item });
  const done = (item: JsonObject, index = 0) => ({ type: 'response.output_item.done', output_index: index, item });
  const completed = (response: JsonObject = {}) => ({
    type: 'response.completed',
    response: { status: 'completed', ...response },
  });
  const fc = { id: 'fc_1', type: 'function_call', call_id: 'c', name: 'look' };
  const delta = (text: string) => ({ type: 'response.function_call_arguments.delta', output_index: 0, delta: text });
  const collected = (...events: JsonObject[]) => collect(read(events)).candidates[0]?.parts;

  test.each<[string, JsonObject[]]>([
    ['only deltas', [delta('{"a"'), delta(':1}')]],
    ['only the done event', [{ type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' }]],
    ['only the done item', []],
    ['half of the deltas', [delta('{"a"')]],
    [
      'all of them',
      [delta('{"a":1}'), { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' }],
    ],
  ])('D5 arguments arrive once, with %s', (_, between) => {
    expect(collected(added(fc), ...between, done({ ...fc, arguments: '{"a":1}' }), completed())).toMatchObject([
      { type: 'tool-call', id: 'c', name: 'look', arguments: '{"a":1}' },
    ]);
  });
  test('R1 items that only the completed response holds are taken from it', () => {
    const search = { id: 'ws_1', type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'q' } };
    const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'so' }] };
    const progress = { type: 'response.web_search_call.searching', output_index: 0, item_id: 'ws_1' };
    const parts = collected(
      progress,
      added(fc, 1),
      done({ ...fc, arguments: '{}' }, 1),
      completed({ output: [search, fc, message] }),
    );
    expect(parts?.map(({ type }) => type).sort()).toEqual([
      'server-tool-call',
      'server-tool-result',
      'text',
      'tool-call',
    ]);
  });
  test('D4 deltas before the name wait for it; a call whose name never comes is none', () => {
    expect(collected(delta('{"a":1}'), done({ ...fc, arguments: '{"a":1}' }), completed())).toMatchObject([
      { arguments: '{"a":1}' },
    ]);
    const nameless = collect(read([added({ type: 'function_call', id: 'x' }), delta('{}'), completed()]));
    expect(nameless.candidates).toEqual([{ parts: [], finish: { reason: 'stop' } }]);
  });
  test('D4 a call without any id gets one, the same whole and streamed, and not that of another turn', () => {
    const bare = { type: 'function_call', name: 'look', arguments: '{}' };
    const ids = (turn: number) =>
      openaiResponses
        .decodeReply({ status: 'completed', output: [bare, bare] }, { ...reading, turn })
        .candidates[0]?.parts.map((part) => part.type === 'tool-call' && part.id);
    expect(ids(1)).toEqual(['call_1_0', 'call_1_1']);
    expect(ids(3)).toEqual(['call_3_0', 'call_3_1']);
    const streamed = collected(added(bare), done(bare), added(bare, 1), done(bare, 1), completed());
    expect(streamed).toMatchObject([{ id: 'call_1_0' }, { id: 'call_1_1' }]);
  });
  test('R6 F3 a call that the stream was cut in is truncated, and the reply ended by its length', () => {
    const events = read([
      added(fc),
      delta('{"a":'),
      done({ ...fc, status: 'incomplete', arguments: '{"a":' }),
      { type: 'response.incomplete', response: { incomplete_details: { reason: 'max_output_tokens' } } },
    ]);
    expect(events).toContainEqual({ type: 'tool-call-end', part: 0, truncated: true });
    expect(events).toContainEqual({ type: 'candidate-end', finish: { reason: 'length' } });
  });
  test.each([
    ['max_output_tokens', { reason: 'length' }],
    ['max_messages', { reason: 'length', raw: 'max_messages' }],
    ['content_filter', { reason: 'content-filter' }],
    ['steered', { reason: 'stop', raw: 'steered' }],
    ['unheard_of', { reason: 'other', raw: 'unheard_of' }],
  ])('R6 incomplete for %s', (reason, finish) => {
    const body = { status: 'incomplete', incomplete_details: { reason }, output: [] };
    expect(decodeReply(body).candidates[0]?.finish).toEqual(finish);
  });
  test('F2 calls outrank a completed end', () => {
    expect(decodeReply({ output: [{ ...fc, arguments: '' }] }).candidates[0]?.finish).toEqual({ reason: 'tool-calls' });
  });
  test('Z15 the sections of a summary are one reasoning part, sealed at its end', () => {
    const section = (summary_index: number, text: string) => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      summary_index,
      delta: text,
    });
    const item = {
      id: 'rs_1',
      type: 'reasoning',
      summary: ['one', 'two'].map((text) => ({ type: 'summary_text', text })),
      encrypted_content: 'gAAA',
    };
    const events = read([
      added({ ...item, summary: [] }),
      section(0, 'o'),
      section(0, 'ne'),
      section(1, 'two'),
      done(item),
      completed(),
    ]);
    expect(events.map(({ type }) => type)).toEqual([
      'reply-start',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-delta',
      'reasoning-delta',
      'reasoning-end',
      'candidate-end',
      'reply-end',
    ]);
    expect(collect(events).candidates[0]?.parts).toEqual([
      { type: 'reasoning', text: 'one\n\ntwo', seal: { issuer: 'openai-responses', value: 'gAAA' } },
    ]);
  });
  test('U8 usage of a failed response is told before the failure', () => {
    const events = read([
      { type: 'response.created', response: { id: 'resp_1', model: 'm' } },
      {
        type: 'response.failed',
        response: {
          status: 'failed',
          error: { code: 'server_error', message: 'x' },
          usage: { input_tokens: 3, output_tokens: 1 },
        },
      },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['reply-start', 'usage', 'failure']);
  });
  test('U1 a report of more cached tokens than there were is clamped', () => {
    const usage = { input_tokens: 3, input_tokens_details: { cached_tokens: 5 }, output_tokens: 1 };
    expect(decodeReply({ output: [], usage }).usage).toMatchObject({ inputTokens: 0, cacheReadTokens: 5 });
  });
  test.each([
    [{ type: 'error', code: 'server_error', message: 'x', param: null }, 'server'],
    [{ type: 'error', error: { type: 'server_error', code: 'server_is_overloaded', message: 'x' } }, 'overloaded'],
    [{ error: { message: 'quota', code: 'insufficient_quota' } }, 'billing'],
    [
      { type: 'response.failed', response: { error: { code: 'context_length_exceeded', message: 'x' } } },
      'context-too-long',
    ],
    [{ type: 'response.failed', response: {} }, 'bad-upstream'],
    [
      {
        type: 'response.completed',
        response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } },
      },
      'rate-limited',
    ],
  ])('E5 %j is a failure of kind %s, after which nothing is read', (event, kind) => {
    const events = read([event, completed()]);
    expect(events.at(-1)).toMatchObject({ type: 'failure', failure: { kind } });
    expect(events.filter(({ type }) => type === 'failure' || type === 'reply-end')).toHaveLength(1);
  });
  test('X3 a stream that ends without its terminal event is a failure, and the open call truncated', () => {
    const events = read([added(fc), delta('{"a":')]);
    expect(events.slice(-2)).toMatchObject([
      { type: 'tool-call-end', truncated: true },
      { type: 'failure', failure: { kind: 'bad-upstream' } },
    ]);
  });
  test('X2 R4 [DONE] and unknown events mean nothing', () => {
    const decoder = openaiResponses.decodeStream(reading);
    expect(decoder.push({ data: '[DONE]' })).toEqual([]);
    expect(decoder.push({ data: '{"type":"keepalive"}' })).toEqual([]);
    expect(decoder.push({ data: '{"type":"response.telepathy.started","output_index":4}' })).toHaveLength(1);
    expect(decoder.push({ data: 'rubbish' })).toMatchObject([{ type: 'failure', failure: { kind: 'bad-upstream' } }]);
  });
  test('E1 an error in a body with 200 is a failure, and so is what is no response', () => {
    const kindOf = (body: JsonObject) => {
      try {
        decodeReply(body);
      } catch (error) {
        return error instanceof Failure ? error.kind : error;
      }
      return undefined;
    };
    expect(kindOf({ error: { code: 'rate_limit_exceeded', message: 'x' } })).toBe('rate-limited');
    expect(kindOf({ status: 'cancelled', output: [] })).toBe('bad-upstream');
    expect(kindOf({ status: 'queued', output: [] })).toBe('bad-upstream');
    expect(kindOf({ choices: [] })).toBe('bad-upstream');
  });
});
