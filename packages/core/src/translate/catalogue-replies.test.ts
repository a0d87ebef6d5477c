import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import { list, object, text, type Json, type JsonObject } from '../json.ts';
import { dialects, models, names, read, requests, sent, streamOf, type Name } from '../testing/pairs.ts';
import { translateRequest, translateStream } from '../translators.ts';
import { convert } from './convert.ts';

/** Facts of the catalogue about replies whose right behaviour spans two dialects. */

const bytes = (written: string) => new TextEncoder().encode(written);
const sse = (events: readonly JsonObject[], end = '') =>
  events.map((data) => `${text(data.type) ? `event: ${text(data.type)}\n` : ''}data: ${JSON.stringify(data)}\n\n`).join('') + end; // prettier-ignore

/** The same reply, `Hello`, streamed by each. */
const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'up',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Hello', annotations: [] }] }; // prettier-ignore
const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'up', status: 'completed', output: [item] };
const begun: Readonly<Record<Name, readonly JsonObject[]>> = {
  chat: [chunk({ role: 'assistant', content: 'Hello' })],
  messages: [
    { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 3, output_tokens: 0 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  ],
  responses: [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', output_index: 0, content_index: 0, item_id: 'msg_1', part: { type: 'output_text', text: '', annotations: [] } },
    { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg_1', delta: 'Hello' },
  ],
  gemini: [{ candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, index: 0 }], modelVersion: 'up' }],
}; // prettier-ignore
const ended: Readonly<Record<Name, readonly JsonObject[]>> = {
  chat: [chunk({}, 'stop')],
  messages: [
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ],
  responses: [
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response },
  ],
  gemini: [{ candidates: [{ content: { role: 'model', parts: [] }, finishReason: 'STOP', index: 0 }], modelVersion: 'up' }],
}; // prettier-ignore
const whole: Readonly<Record<Name, JsonObject>> = {
  chat: { id: 'c1', object: 'chat.completion', created: 1, model: 'up', choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }] },
  messages: { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 3, output_tokens: 2 } },
  responses: response,
  gemini: { candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP', index: 0 }], modelVersion: 'up' },
}; // prettier-ignore

const pairs = names.flatMap((client) => names.map((upstream) => ({ client, upstream })));

function streamed(client: Name, upstream: Name, events: readonly JsonObject[], end = ''): string {
  const stream = streamOf(client, upstream);
  return [stream.push(bytes(sse(events, end))), stream.end()].join('');
}

/** The JSON of each `data:` line. */
function dataOf(written: string): readonly JsonObject[] {
  return [...written.matchAll(/^data: (\{.*)$/gm)].map(([, data = '']) => JSON.parse(data) as JsonObject); // our own encoders wrote it
}

/** The translation itself, which can be told what the upstream says it sends. */
function convertTo(client: Name, upstream: Name) {
  const from = dialects[client];
  const door = from.doors.find(({ operation, streaming }) => operation === 'generate' && streaming !== false);
  if (!door) throw new Error(`${client} has no door`);
  const glance = { model: 'm', streaming: true };
  const wire = requests[client];
  const report = () => undefined;
  const inbound = {
    dialect: from,
    knock: { door, params: {}, query: new URLSearchParams({ alt: 'sse' }), headers: {} },
    glance,
    body: new Uint8Array(),
    top: { get: () => undefined },
    decoded: () => ({ wire, conversation: from.decodeRequest(wire, { glance, headers: {}, report }), notices: [] }),
  };
  const destination = { dialect: dialects[upstream], model: 'm', facts: {}, signer: upstream };
  return convert(inbound, destination, { created: 0, newId: (prefix) => `${prefix}1` });
}

/** What a stream that ended well ends with. */
const cleanEnd: Readonly<Record<Name, RegExp>> = {
  chat: /"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/,
  messages: /"stop_reason":"end_turn".*\n\nevent: message_stop\ndata: .*\n\n$/,
  responses: /event: response\.completed\ndata: .*\n\n$/,
  gemini: /"finishReason":"STOP".*\n\n$/,
};
const errorEnd: Readonly<Record<Name, RegExp>> = {
  chat: /data: \{"error":\{.*\}\n\n$/,
  messages: /event: error\ndata: \{"type":"error","error":\{.*\}\n\n$/,
  responses: /event: response\.failed\ndata: .*\n\n$/,
  gemini: /data: \{"error":\{.*\}\n\n$/,
};

describe('streams', () => {
  test.each(pairs)('X3 a stream of $upstream that finishes ends well for $client, and one that does not is an error', ({ client, upstream }) => {
    const good = streamed(client, upstream, [...begun[upstream], ...ended[upstream]]);
    expect(good).toMatch(cleanEnd[client]);
    expect(good).toContain('Hello');
    const cut = streamed(client, upstream, begun[upstream]);
    expect(cut).toMatch(errorEnd[client]);
    expect(cut).not.toMatch(cleanEnd[client]);
  }); // prettier-ignore

  test.each(pairs)('E5 an error that $upstream sends after it began reaches $client as an error', ({ client, upstream }) => {
    const errors: Readonly<Record<Name, JsonObject>> = {
      chat: { error: { message: 'Too busy.', type: 'server_error', code: 503 } },
      messages: { type: 'error', error: { type: 'overloaded_error', message: 'Too busy.' } },
      responses: { type: 'response.failed', response: { ...response, status: 'failed', error: { code: 'server_error', message: 'Too busy.' } } },
      gemini: { error: { code: 503, message: 'Too busy.', status: 'UNAVAILABLE' } },
    };
    const written = streamed(client, upstream, [...begun[upstream], errors[upstream], ...ended[upstream]]);
    expect(written).toMatch(errorEnd[client]);
    expect(written).toContain('Too busy.');
    expect(written).not.toMatch(cleanEnd[client]);
  }); // prettier-ignore

  test.each(pairs)('X2 [DONE] is written for Chat alone, and what $upstream says after it is not read: to $client', ({ client, upstream }) => {
    const late = sse([chunk({ content: ' Late' })]);
    const written = streamed(client, upstream, [...begun[upstream], ...ended[upstream]], `data: [DONE]\n\n${late}`);
    expect(written.match(/\[DONE\]/g) ?? []).toHaveLength(client === 'chat' ? 1 : 0);
    expect(written).not.toContain('Late');
    expect(written).toMatch(cleanEnd[client]);
  }); // prettier-ignore

  test.each(pairs)('X4 JSON where a stream was asked of $upstream is the whole stream to $client', ({ client, upstream }) => {
    const stream = convertTo(client, upstream).stream('application/json');
    const half = JSON.stringify(whole[upstream]);
    const written = [stream.push(bytes(half.slice(0, 30))), stream.push(bytes(half.slice(30))), stream.end()].join('');
    expect(written).toMatch(cleanEnd[client]);
    expect(written).toContain('Hello');
  }); // prettier-ignore

  test.each(pairs)('X4 a stream where JSON was asked of $upstream is the whole reply to $client', ({ client, upstream }) => {
    const written = bytes(sse([...begun[upstream], ...ended[upstream]]));
    const { body } = convertTo(client, upstream).whole(written, 'text/event-stream');
    expect(body).toContain('Hello');
    expect(JSON.parse(body as string)).toMatchObject(client === 'responses' ? { status: 'completed' } : {}); // convert writes text
  }); // prettier-ignore

  test.each(pairs)('X4 what $upstream really sends is told by its first byte, not by a wrong or missing type: to $client', ({ client, upstream }) => {
    const json = bytes(`\n ${JSON.stringify(whole[upstream])}`);
    for (const type of ['text/event-stream', '']) {
      const stream = convertTo(client, upstream).stream(type);
      const written = [json.subarray(0, 1), json.subarray(1, 9), json.subarray(9)].map((piece) => stream.push(piece));
      expect([...written, stream.end()].join('')).toMatch(cleanEnd[client]);
      expect(convertTo(client, upstream).whole(json, type).body).toContain('Hello');
    }
    const events = bytes(sse([...begun[upstream], ...ended[upstream]]));
    for (const type of ['application/json', 'text/plain', '']) {
      expect(convertTo(client, upstream).whole(events, type).body).toContain('Hello');
      if (type.includes('json')) continue;
      const stream = convertTo(client, upstream).stream(type);
      expect([stream.push(events), stream.end()].join('')).toMatch(cleanEnd[client]);
    }
    const error = bytes('{"error":{"message":"Too busy.","code":503}}');
    const failed = convertTo(client, upstream).stream('text/event-stream');
    expect([failed.push(error), failed.end()].join('')).toMatch(errorEnd[client]);
  }); // prettier-ignore

  test('X6 what keeps an idle stream open: a ping for Messages, a comment for OpenAI’s, white space for Gemini', () => {
    const idle = names.map((client) => {
      const stream = streamOf(client, client === 'chat' ? 'messages' : 'chat');
      stream.push(bytes(sse(begun[client === 'chat' ? 'messages' : 'chat'])));
      return [client, stream.keepAlive()] as const;
    });
    expect(Object.fromEntries(idle)).toEqual({
      chat: expect.stringMatching(/^:[^\n]*\n\n$/),
      messages: 'event: ping\ndata: {"type":"ping"}\n\n',
      responses: expect.stringMatching(/^:[^\n]*\n\n$/),
      gemini: expect.stringMatching(/^\s+$/),
    });
  });

  test.each(names)('X6 a ping of Claude’s and a comment of a vendor’s are no event to %s', (client) => {
    const ping = { type: 'ping' };
    const events = [...begun.messages, ping, ping, ...ended.messages];
    expect(streamed(client, 'messages', events)).toBe(streamed(client, 'messages', events.filter((event) => event !== ping))); // prettier-ignore
    const stream = streamOf(client, 'chat');
    const commented = [
      stream.push(bytes(`: OPENROUTER PROCESSING\n\n${sse(begun.chat)}: OPENROUTER PROCESSING\n\n`)),
      stream.push(bytes(sse(ended.chat))),
      stream.end(),
    ].join('');
    expect(commented).toBe(streamed(client, 'chat', [...begun.chat, ...ended.chat]));
  });

  test.each(pairs)('N3 $client reads the model it asked for, not the one $upstream names', ({ client, upstream }) => {
    const written = streamed(client, upstream, [...begun[upstream], ...ended[upstream]]);
    expect(written).toMatch(/"(model|modelVersion)":"m"/);
    expect(written).not.toMatch(/"(model|modelVersion)":"up"/);
    expect(JSON.stringify(read(client, upstream, whole[upstream]))).not.toMatch(/"(model|modelVersion)":"up"/);
  });

  test('U5 usage is asked of a Chat upstream for clients that always hear it, and told to a Chat client that asked', () => {
    for (const client of ['messages', 'responses', 'gemini'] as const) {
      const request = { ...requests[client], stream: true };
      const { body } = translateRequest(request, { from: dialects[client], to: dialects.chat, model: 'gpt-5.5', streaming: true }); // prettier-ignore
      expect(body.stream_options, client).toEqual({ include_usage: true });
    }
    const usage = { ...chunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } };
    const upstreamSays = [...begun.chat, ...ended.chat, usage];
    const told = (members: JsonObject) => {
      const stream = translateStream({ ...requests.chat, stream: true, ...members }, { from: dialects.chat, to: dialects.chat, model: 'm' }); // prettier-ignore
      return [stream.push(bytes(sse(upstreamSays, 'data: [DONE]\n\n'))), stream.end()].join('');
    };
    expect(told({})).not.toContain('prompt_tokens');
    expect(told({ stream_options: { include_usage: true } })).toContain('"prompt_tokens":3');
    expect(streamed('messages', 'chat', upstreamSays)).toContain('"input_tokens":3');
    expect(streamed('responses', 'chat', upstreamSays)).toContain('"input_tokens":3');
    expect(streamed('gemini', 'chat', upstreamSays)).toContain('"promptTokenCount":3');
  });
});

describe('calls in streams', () => {
  const call = (index: number, id: string | undefined, args: string, name = 'look'): JsonObject =>
    chunk({ tool_calls: [{ index, ...(id && { id, type: 'function' }), function: { ...(id && { name }), arguments: args } }] }); // prettier-ignore
  const argumentsOf: Readonly<Record<Name, (written: string) => readonly unknown[]>> = {
    chat: (written) => {
      const calls: string[] = [];
      for (const data of dataOf(written))
        for (const made of list(object(object(list(data.choices)[0])?.delta)?.tool_calls)) {
          const { index, function: f } = object(made) ?? {};
          calls[Number(index)] = (calls[Number(index)] ?? '') + (text(object(f)?.arguments) ?? '');
        }
      return calls.map((json) => JSON.parse(json) as Json);
    },
    messages: (written) => {
      const calls = new Map<number, string>();
      for (const data of dataOf(written)) {
        if (data.type === 'content_block_start') {
          expect(object(data.content_block)).toMatchObject({ type: 'tool_use', input: {} });
          calls.set(Number(data.index), '');
        }
        const piece = text(object(data.delta)?.partial_json);
        if (piece !== undefined) calls.set(Number(data.index), (calls.get(Number(data.index)) ?? '') + piece);
      }
      return [...calls.values()].map((json) => JSON.parse(json || '{}') as Json);
    },
    responses: (written) =>
      dataOf(written)
        .filter(({ type }) => type === 'response.output_item.done')
        .map((data) => JSON.parse(text(object(data.item)?.arguments) ?? '') as Json),
    gemini: (written) =>
      dataOf(written).flatMap((data) =>
        list(object(object(list(data.candidates)[0])?.content)?.parts).flatMap((part) => {
          const made = object(object(part)?.functionCall);
          return made ? [made.args ?? null] : [];
        }),
      ),
  };
  const finish = chunk({}, 'tool_calls');

  test.each(names)('D1 calls that a vendor numbers alike reach %s apart', (client) => {
    const written = streamed(client, 'chat', [call(0, 'a', '{"n":1}'), call(0, 'b', '{"n":2}'), finish]);
    expect(argumentsOf[client](written)).toEqual([{ n: 1 }, { n: 2 }]);
  });
  test.each(names)('D10 D6 calls whose pieces alternate reach %s apart, and whole', (client) => {
    const pieces = [call(0, 'a', '{"n"'), call(1, 'b', '{"m"'), call(0, undefined, ':1}'), call(1, undefined, ':2}')];
    expect(argumentsOf[client](streamed(client, 'chat', [...pieces, finish]))).toEqual([{ n: 1 }, { m: 2 }]);
  });
  test.each(names)('D6 calls of Gemini’s, in one chunk or several, reach %s under ids of their own', (client) => {
    const made = (n: number): JsonObject => ({ functionCall: { name: 'look', args: { n } } });
    const chunkOf = (...parts: JsonObject[]): JsonObject => ({ candidates: [{ content: { role: 'model', parts }, index: 0 }] }); // prettier-ignore
    const written = streamed(client, 'gemini', [chunkOf(made(1), made(2)), chunkOf(made(3)), ...ended.gemini]);
    expect(argumentsOf[client](written)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const ids = new Set(written.match(/"call_\w+"|"toolu_\w+"/g));
    if (client === 'chat' || client === 'messages') expect(ids.size).toBe(3);
  });
  test.each(names)('D7 CX7 a call without arguments reaches %s as an empty object', (client) => {
    for (const empty of ['', '{}', 'null'])
      expect(argumentsOf[client](streamed(client, 'chat', [call(0, 'a', empty), finish])), empty).toEqual([{}]);
  });
  test.each(names)('F3 arguments that the limit cut off are never whole to %s', (client) => {
    const written = streamed(client, 'chat', [call(0, 'a', '{"n":'), chunk({}, 'length')]);
    const ends: Readonly<Record<Name, RegExp>> = {
      chat: /"finish_reason":"length"/,
      messages: /"stop_reason":"max_tokens"/,
      responses: /event: response\.incomplete/,
      gemini: /"finishReason":"MAX_TOKENS"/,
    };
    expect(written).toMatch(ends[client]);
    expect(written).not.toMatch(/tool_calls"[,}]|"tool_use","stop_sequence|arguments\.done|"functionCall"/);
  });
});

describe('endings', () => {
  test('A10 F6 a reply that a filter emptied is a refusal without a word, not an end', () => {
    const empty = { ...whole.chat, choices: [{ index: 0, message: { role: 'assistant', content: null }, finish_reason: 'content_filter' }] }; // prettier-ignore
    expect(read('messages', 'chat', empty)).toMatchObject({ content: [], stop_reason: 'refusal' });
    expect(read('messages', 'gemini', { promptFeedback: { blockReason: 'SAFETY' } })).toMatchObject({ content: [], stop_reason: 'refusal' }); // prettier-ignore
    expect(read('chat', 'gemini', { promptFeedback: { blockReason: 'SAFETY' } })).toMatchObject({
      choices: [{ finish_reason: 'content_filter' }],
    });
  });

  test('F4 a pause is a stop to Chat, marked as what it is, and a pause again when it comes home', () => {
    const paused = read('chat', 'messages', { ...whole.messages, stop_reason: 'pause_turn' });
    expect(paused.choices).toMatchObject([{ finish_reason: 'stop', native_finish_reason: 'pause_turn' }]);
    expect(read('messages', 'chat', paused).stop_reason).toBe('pause_turn');
  });

  test('F7 a sequence that Claude stopped at is an ordinary stop to others, and Chat’s stop is nobody’s sequence', () => {
    const stopped = { ...whole.messages, stop_reason: 'stop_sequence', stop_sequence: 'END' };
    expect(read('chat', 'messages', stopped).choices).toMatchObject([{ finish_reason: 'stop' }]);
    expect(read('messages', 'chat', whole.chat)).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null });
    const refused = { ...whole.messages, content: [], stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: 'Not that.' } }; // prettier-ignore
    expect(read('chat', 'messages', refused).choices).toMatchObject([{ message: { refusal: 'Not that.' } }]);
  });

  test('Z10 thoughts of a Chat vendor reach a Messages client that asked for none to be shown, to be brought back', () => {
    const thinking = { ...whole.chat, choices: [{ index: 0, message: { role: 'assistant', content: 'Hello', reasoning_content: 'Hm.' }, finish_reason: 'stop' }] }; // prettier-ignore
    const request = { ...requests.messages, thinking: { type: 'adaptive', display: 'omitted' } };
    const translated = translateRequest(request, { from: dialects.messages, to: dialects.chat, model: 'deepseek-v4-pro' }); // prettier-ignore
    expect(translated.reply(thinking).body.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm.' },
      { type: 'text' },
    ]);
  });
});

describe('errors', () => {
  test('E3 a full context is recognised whoever says so and whoever hears it', () => {
    const told: Readonly<Record<Name, readonly [status: number, body: JsonObject]>> = {
      chat: [400, { error: { message: "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.", type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' } }],
      messages: [400, { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 130000 tokens > 128000 maximum' } }],
      responses: [400, { error: { message: 'Your input exceeds the context window of this model.', type: 'invalid_request_error', param: 'input', code: 'context_length_exceeded' } }],
      gemini: [400, { error: { code: 400, message: 'The input token count (130000) exceeds the maximum number of tokens allowed (128000).', status: 'INVALID_ARGUMENT' } }],
    }; // prettier-ignore
    for (const upstream of names) {
      const failure = dialects[upstream].decodeError(...told[upstream], {});
      expect(failure.kind, upstream).toBe('context-too-long');
      const written = names.map((client) => object(dialects[client].encodeError(failure, {}).body.error) ?? {});
      const [chat, messages, responses, gemini] = written;
      expect(chat?.code, upstream).toBe('context_length_exceeded');
      expect(messages?.message, upstream).toMatch(upstream === 'responses' ? /^prompt is too long: / : /^prompt is too long: 130000 tokens > 128000 maximum$/); // prettier-ignore
      expect(responses?.code, upstream).toBe('context_length_exceeded');
      expect(gemini?.message, upstream).toMatch(/input token count/);
    }
  });

  test('E7 a wait is told on, whoever tells it and in whatever form', () => {
    const busy = { error: { code: 429, message: 'Slow down.', status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }] } }; // prettier-ignore
    for (const client of ['chat', 'messages', 'responses'] as const)
      expect(dialects[client].encodeError(dialects.gemini.decodeError(429, busy, {}), {}).headers).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1500' }); // prettier-ignore
    const limited = { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } };
    const failure = dialects.messages.decodeError(429, limited, { 'retry-after': '7', 'x-should-retry': 'true' });
    for (const client of names)
      expect(dialects[client].encodeError(failure, {}).headers, client).toMatchObject({ 'retry-after': '7' });
    expect(JSON.stringify(dialects.gemini.encodeError(failure, {}).body)).toContain('"retryDelay":"7s"');
    expect(dialects.messages.encodeError(failure, {}).headers).toMatchObject({ 'x-should-retry': 'true' });
  });

  test('E7 529 is for Messages clients alone', () => {
    const failure = dialects.messages.decodeError(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, {}); // prettier-ignore
    expect(names.map((client) => dialects[client].encodeError(failure, {}).status)).toEqual([503, 529, 503, 503]);
  });

  test('E1 no envelope is told in another’s, and a nested one is opened', () => {
    const nested = { error: { message: JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: 'tools.0: bad' } }), type: 'x', code: 400 } }; // prettier-ignore
    for (const upstream of names)
      for (const client of names) {
        const body = upstream === 'chat' ? nested : dialects[upstream].encodeError(new Failure('bad-request', 'tools.0: bad'), {}).body; // prettier-ignore
        const { body: told } = dialects[client].encodeError(dialects[upstream].decodeError(400, body, {}), { requestId: 'req_1' }); // prettier-ignore
        expect(object(told.error)?.message, `${upstream} → ${client}`).toBe('tools.0: bad');
        const members = Object.keys(object(told.error) ?? {}).slice(0, 4);
        const envelope = { chat: ['message', 'type', 'param', 'code'], responses: ['message', 'type', 'param', 'code'], messages: ['type', 'message'], gemini: ['code', 'message', 'status', 'details'] }[client]; // prettier-ignore
        expect(members, `${upstream} → ${client}`).toEqual(envelope);
        if (client === 'messages') expect(told).toMatchObject({ type: 'error', request_id: 'req_1' });
      }
  });
});

test('Z2 Z7 what one vendor signed comes back from every client to that vendor, and to no other', () => {
  const signed: Readonly<Partial<Record<Name, JsonObject>>> = {
    messages: { ...whole.messages, content: [{ type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmVk' }, { type: 'text', text: 'Hello' }] },
    responses: { ...response, output: [{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'c2lnbmVk' }, item] },
    gemini: { ...whole.gemini, candidates: [{ content: { role: 'model', parts: [{ text: 'Hm.', thought: true }, { text: 'Hello', thoughtSignature: 'c2lnbmVk' }] }, finishReason: 'STOP', index: 0 }] },
  }; // prettier-ignore
  for (const vendor of ['messages', 'responses', 'gemini'] as const)
    for (const client of names) {
      const reply = read(client, vendor, signed[vendor] ?? {});
      const history: Readonly<Record<Name, () => JsonObject>> = {
        chat: () => ({ messages: [...list(requests.chat.messages), object(list(reply.choices)[0])?.message ?? null, { role: 'user', content: 'So?' }] }),
        messages: () => ({ messages: [...list(requests.messages.messages), { role: 'assistant', content: reply.content ?? null }, { role: 'user', content: 'So?' }] }),
        responses: () => ({ input: [{ role: 'user', content: 'Hi' }, ...list(reply.output), { role: 'user', content: 'So?' }] }),
        gemini: () => ({ contents: [...list(requests.gemini.contents), object(list(reply.candidates)[0])?.content ?? null, { role: 'user', parts: [{ text: 'So?' }] }] }),
      }; // prettier-ignore
      for (const to of names) {
        const written = JSON.stringify(sent(client, to, history[client](), models[to]).body);
        const arrived = written.includes('c2lnbmVk');
        expect(arrived, `${vendor} → ${client} → ${to}`).toBe(to === vendor);
      }
    }
});
