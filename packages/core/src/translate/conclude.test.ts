import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai/web';
import OpenAI from 'openai';
import { LengthFinishReasonError } from 'openai/error';
import { describe, expect, test } from 'vitest';
import { sse } from '../bytes/sse.ts';
import type { ReplyEvent } from '../conversation/event.ts';
import { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { cases, type Case } from '../testing/cases.ts';
import { broken, concludingStream, textOf, words } from '../testing/concluding.ts';
import { dialects, names, type Name } from '../testing/pairs.ts';
import type { StreamTranslator } from './translation.ts';

/** Row F16: a stream that breaks off ends as a reply that says so, in the words of each dialect. */

/** What the caller hears when so much of the stream came and then the connection broke; undefined where it is refused with a status. */
function brokenAfter(bytes: Uint8Array, translator: StreamTranslator, by: 'fail' | 'end' = 'fail'): string | undefined {
  const out = textOf(translator.push(bytes)) + textOf(by === 'fail' ? translator.fail(broken()) : translator.end());
  const { begun, failure } = translator.progress;
  return failure && !begun ? undefined : out;
}

function eventsOf(client: Name, text: string): readonly ReplyEvent[] {
  const dialect = dialects[client];
  const reader = sse.reader();
  const decoder = dialect.decodeStream({ facts: {}, signer: dialect.name, turn: 1 });
  const frames = [...reader.push(new TextEncoder().encode(text)), ...reader.end()];
  return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

/** Every frame's end and every frame's middle; of long ones the first and the last. */
function cutsOf(bytes: Uint8Array, most: number): readonly number[] {
  const ends: number[] = [];
  for (let at = 1; at <= bytes.length; at++)
    if (at === bytes.length || (bytes[at - 1] === 10 && bytes[at - 2] === 10)) ends.push(at);
  const all = ends.flatMap((end, index) => [Math.floor(((ends[index - 1] ?? 0) + end) / 2), end]);
  const step = Math.max(1, all.length / most);
  return all.length <= most ? all : Array.from({ length: most }, (_, each) => all[Math.floor(each * step)] ?? 0);
}

/** Orderly, told once, and nothing in it that may be run although it was cut. */
function expectConcluded(client: Name, text: string, translator: StreamTranslator): void {
  const events = eventsOf(client, text);
  const kinds = events.map(({ type }) => type);
  expect(kinds, text).not.toContain('failure');
  expect(kinds.at(-1), text).toBe('reply-end');
  const said = events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('');
  const { progress } = translator;
  if (!progress.failure) return;
  const ends = events.flatMap((event) => (event.type === 'candidate-end' ? [event.finish.reason] : []));
  // A text beside a refusal is part of it.
  if (said.includes(words)) expect(['stop', 'refusal', 'length'], text).toContain(ends[0]);
  // The reply was whole, and only its end was missing.
  else expect(said.includes(' error ') || ends.length > 0, text).toBe(true);
  if (kinds.includes('tool-call-start') && said.includes(words)) expect(ends[0], text).toBe('length');
}

/** What the vendor's SDK made of it. */
function expectHeard(stream: string, { text, finish }: Heard): void {
  expect(typeof finish, stream).toBe('string');
  if (text !== undefined && stream.includes(words)) expect(text.endsWith(words), stream).toBe(true);
}

const withStream = cases.filter((one) => one.stream);
const recordedBy = (dialect: Dialect) => withStream.filter((one) => one.dialect === dialect);
const named = (own: readonly Case[]) => own.map((one) => [one.stem, one.stream ?? new Uint8Array()] as const);

describe.each(names)('a %s caller', (client) => {
  const own = named(recordedBy(dialects[client]));

  test.each(own)('of a relayed %s, however much of it came', (_, bytes) => {
    for (const cut of cutsOf(bytes, 24))
      for (const by of ['fail', 'end'] as const) {
        const translator = concludingStream(client, dialects[client]);
        const heard = brokenAfter(bytes.subarray(0, cut), translator, by);
        if (heard !== undefined && translator.progress.failure) expectConcluded(client, heard, translator);
      }
  });

  const others = withStream.filter(({ dialect }) => dialect !== dialects[client]);
  test.each(others.map((one) => [one.dialect.name, one.stem, one] as const))(
    'of %s, converted: %s',
    async (_, __, one) => {
      const bytes = one.stream ?? new Uint8Array();
      for (const cut of cutsOf(bytes, 5)) {
        const translator = concludingStream(client, one.dialect);
        const heard = brokenAfter(bytes.subarray(0, cut), translator);
        if (heard === undefined || !translator.progress.failure) continue;
        expectConcluded(client, heard, translator);
        expectHeard(heard, await sdks[client](heard));
      }
    },
  );

  test.each(own)('as the vendor’s own SDK hears it: %s', async (_, bytes) => {
    for (const cut of cutsOf(bytes, 3)) {
      const translator = concludingStream(client, dialects[client]);
      const heard = brokenAfter(bytes.subarray(0, cut), translator);
      if (heard === undefined || !translator.progress.failure) continue;
      const read = await sdks[client](heard).catch((error: unknown) => error);
      if (read instanceof Error) {
        // Some recordings are refused for what came before the break.
        const head = textOf(concludingStream(client, dialects[client]).push(bytes.subarray(0, cut)));
        await expect(sdks[client](head), heard).rejects.toThrow(read.message);
        continue;
      }
      expectHeard(heard, read as Heard);
    }
  });
});

interface Heard {
  /** Undefined where the SDK's helper hands on nothing of a reply that ended at its limit. */
  readonly text: string | undefined;
  readonly finish: unknown;
}

const answering = (text: string) => () =>
  Promise.resolve(new Response(text, { headers: { 'content-type': 'text/event-stream' } }));
const openai = (text: string) =>
  new OpenAI({ apiKey: 'k', maxRetries: 0, dangerouslyAllowBrowser: true, fetch: answering(text) });

const sdks: Readonly<Record<Name, (text: string) => Promise<Heard>>> = {
  async chat(text) {
    try {
      const stream = openai(text).chat.completions.stream({ model: 'm', messages: [] });
      const { choices } = await stream.finalChatCompletion();
      return { text: choices[0]?.message.content ?? '', finish: choices[0]?.finish_reason };
    } catch (error) {
      if (error instanceof LengthFinishReasonError) return { text: undefined, finish: 'length' };
      throw error;
    }
  },
  async responses(text) {
    const response = await openai(text).responses.stream({ model: 'm', input: 'Hi' }).finalResponse();
    return { text: response.output_text, finish: response.status };
  },
  async messages(text) {
    const client = new Anthropic({ apiKey: 'k', maxRetries: 0, dangerouslyAllowBrowser: true, fetch: answering(text) });
    const asked = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'Hi' }] };
    const { content, stop_reason } = await client.beta.messages.stream(asked).finalMessage();
    return { text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''), finish: stop_reason };
  },
  async gemini(text) {
    const { models } = new GoogleGenAI({
      apiKey: 'k',
      httpOptions: { baseUrl: 'http://gateway.test', fetch: answering(text) },
    });
    let said = '';
    let finish: unknown;
    for await (const chunk of await models.generateContentStream({ model: 'm', contents: 'Hi' })) {
      said +=
        chunk.candidates?.[0]?.content?.parts?.map((part) => (part.thought ? '' : (part.text ?? ''))).join('') ?? '';
      finish = chunk.candidates?.[0]?.finishReason ?? chunk.promptFeedback?.blockReason ?? finish;
    }
    return { text: said, finish };
  },
};

describe('where the stream stood', () => {
  const bytes = (frames: readonly object[]) =>
    new TextEncoder().encode(frames.map((data) => `data: ${JSON.stringify(data)}\n\n`).join(''));
  const lines = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
      .map((line) => JSON.parse(line.slice('data: '.length)) as object);
  const start = {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
  }; // prettier-ignore
  const block = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
  const delta = (index: number, members: object) => ({ type: 'content_block_delta', index, delta: members });

  const messages = (frames: readonly object[], last?: object) => {
    const translator = concludingStream('messages', dialects.messages);
    const written = textOf(translator.push(bytes(last ? [...frames, last] : frames)));
    const text = written + textOf(last ? translator.end() : translator.fail(broken()));
    return { told: lines(text).slice(frames.length), text, translator };
  };

  test('within a thinking block: it is closed, and a block of text says it', () => {
    const { told, translator } = messages([start, block(0, { type: 'thinking', thinking: '', signature: '' }), delta(0, { type: 'thinking_delta', thinking: 'Hm' })]); // prettier-ignore
    expect(told).toMatchObject([
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: words } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 3, output_tokens: 1 } },
      { type: 'message_stop' },
    ]);
    expect(translator.progress).toMatchObject({ finished: false, failure: { kind: 'timeout' } });
  });

  test('within a tool call: the call is not one to be run', () => {
    const { told } = messages([start, block(0, { type: 'text', text: '' }), delta(0, { type: 'text_delta', text: 'So:' }), { type: 'content_block_stop', index: 0 }, block(1, { type: 'tool_use', id: 't', name: 'look', input: {} }), delta(1, { type: 'input_json_delta', partial_json: '{"a":' })]); // prettier-ignore
    expect(told[0]).toEqual({ type: 'content_block_stop', index: 1 });
    expect(told[2]).toMatchObject({ index: 2, delta: { text: `\n\n${words}` } });
    expect(told[4]).toMatchObject({ delta: { stop_reason: 'max_tokens' } });
  });

  test('before the first block, and before the message itself', () => {
    expect(messages([start]).told[0]).toMatchObject({ type: 'content_block_start', index: 0 });
    const { told } = messages([{ type: 'ping' }]);
    expect(told.map((event) => (event as { type: string }).type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  test('behind the reason why it ended: nothing but the end is missing', () => {
    const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } };
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(messages([start, end], error).told).toEqual([{ type: 'message_stop' }]);
    expect(messages([start, end, { type: 'message_stop' }], error).told).toEqual([]);
  });

  test('an upstream’s own word for it is replaced at once, and nothing follows', () => {
    const translator = concludingStream('messages', dialects.messages);
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const out = textOf(translator.push(bytes([start, block(0, { type: 'text', text: '' }), error, { type: 'ping' }])));
    expect(out).toContain('Upstream error 503 (overloaded): Overloaded');
    expect(out).not.toContain('"error"');
    expect(out).toContain('message_stop');
    expect(translator.progress.failure?.kind).toBe('overloaded');
    expect(textOf(translator.push(bytes([delta(0, { type: 'text_delta', text: 'more' })])))).toBe('');
    expect([textOf(translator.keepAlive()), textOf(translator.fail(broken()))]).toEqual(['', '']);
  });

  test('a caller who has gone hears nothing', () => {
    const translator = concludingStream('messages', dialects.messages);
    translator.push(bytes([start]));
    expect(textOf(translator.fail(new Failure('client-gone', 'Gone.')))).not.toContain('message_stop');
  });

  const chunk = (members: object) => ({ id: 'c', object: 'chat.completion.chunk', created: 7, model: 'm', ...members });
  const choice = (index: number, said: object, finish_reason: string | null = null) =>
    chunk({ choices: [{ index, delta: said, finish_reason }] });

  test('each choice that has not ended says it; the usage goes to who has asked for it', () => {
    const frames = [choice(0, { content: 'Hal' }), choice(1, { content: 'Whole.' }), choice(1, {}, 'stop'), choice(2, { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'look', arguments: '{"a' } }] })]; // prettier-ignore
    const usage = chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
    const options = { stream_options: { include_usage: true } };
    const failed = { error: { message: 'Too slow.', code: 504 } };
    const translator = concludingStream('chat', dialects.chat, '', options);
    const counted = textOf(translator.push(bytes([...frames, usage, failed]))) + textOf(translator.end());
    const theirs = 'Upstream error 504 (timeout): Too slow.';
    expect(lines(counted).slice(5)).toMatchObject([
      choice(0, { content: `\n\n${theirs}` }),
      choice(0, {}, 'stop'),
      choice(2, { content: theirs }),
      choice(2, {}, 'length'),
    ]);
    expect(counted.endsWith('data: [DONE]\n\n')).toBe(true);
    const other = concludingStream('chat', dialects.chat, '');
    expect(lines(textOf(other.push(bytes(frames))) + textOf(other.fail(broken()))).at(-1)).not.toHaveProperty('usage');
  });

  test('Google’s array is closed, wherever the connection broke', () => {
    const wire = JSON.stringify([{ candidates: [{ content: { role: 'model', parts: [{ text: 'Ha{[l' }] }, index: 0 }], modelVersion: 'm', responseId: 'r' }, { candidates: [{ content: { role: 'model', parts: [{ text: '"f."' }] }, finishReason: 'STOP' }] }]); // prettier-ignore
    const first = wire.indexOf('},{"candidates"') + 1;
    for (let cut = first; cut < wire.indexOf('STOP'); cut += 1) {
      const translator = concludingStream('gemini', dialects.gemini, '');
      const out = brokenAfter(new TextEncoder().encode(wire.slice(0, cut)), translator);
      const chunks = JSON.parse(out ?? '') as readonly object[];
      expect(chunks, wire.slice(0, cut)).toHaveLength(2);
      expect(chunks[1]).toMatchObject({
        candidates: [{ content: { parts: [{ text: `\n\n${words}` }] }, finishReason: 'STOP', index: 0 }],
        responseId: 'r',
      });
    }
  });

  test('a frame that is larger than any may be is said to be so', () => {
    const translator = concludingStream('gemini', dialects.gemini, '');
    const out = textOf(translator.push(new TextEncoder().encode('[{"candidates":[]},nonsense')));
    expect(out + textOf(translator.end())).toContain('Proxy error 502 (bad-upstream)');
  });

  const event = (type: string, members: object, sequence_number: number) => ({ type, sequence_number, ...members });
  test('open items of a response are closed as what they are, and numbers go on', () => {
    const response = { id: 'resp_up', object: 'response', status: 'in_progress', output: [], metadata: { a: 'b' } };
    const call = {
      id: 'fc_1',
      type: 'function_call',
      status: 'in_progress',
      call_id: 'c',
      name: 'look',
      arguments: '',
    };
    const translator = concludingStream('responses', dialects.responses);
    const frames = [
      event('response.created', { response }, 0),
      event('response.output_item.added', { output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } }, 1),
      event('response.reasoning_summary_part.added', { item_id: 'rs_1', output_index: 0, summary_index: 0, part: { type: 'summary_text', text: '' } }, 2), // prettier-ignore
      event('response.reasoning_summary_text.delta', { item_id: 'rs_1', output_index: 0, summary_index: 0, delta: 'Hm' }, 3), // prettier-ignore
      event('response.output_item.added', { output_index: 1, item: call }, 4),
      event('response.function_call_arguments.delta', { item_id: 'fc_1', output_index: 1, delta: '{"a' }, 5),
    ];
    const out = lines(textOf(translator.push(bytes(frames))) + textOf(translator.fail(broken()))).slice(frames.length);
    expect(out.map((each) => (each as { sequence_number: number }).sequence_number)).toEqual(
      out.map((_, at) => at + 6),
    );
    const reasoning = { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm' }] };
    expect(out).toMatchObject([
      { type: 'response.reasoning_summary_text.done', text: 'Hm' },
      { type: 'response.reasoning_summary_part.done', part: { text: 'Hm' } },
      { type: 'response.output_item.done', output_index: 0, item: reasoning },
      { type: 'response.output_item.done', output_index: 1, item: { ...call, status: 'incomplete', arguments: '{"a' } },
      { type: 'response.output_item.added', output_index: 2, item: { type: 'message', status: 'in_progress' } },
      { type: 'response.content_part.added', output_index: 2, content_index: 0 },
      { type: 'response.output_text.delta', output_index: 2, delta: words },
      { type: 'response.output_text.done', text: words },
      { type: 'response.content_part.done', part: { type: 'output_text', text: words } },
      { type: 'response.output_item.done', output_index: 2, item: { status: 'completed' } },
      {
        type: 'response.incomplete',
        response: {
          id: 'resp_up',
          metadata: { a: 'b' },
          output: [reasoning, { id: 'fc_1' }, { content: [{ text: words }] }],
        },
      },
    ]);
  });
});
