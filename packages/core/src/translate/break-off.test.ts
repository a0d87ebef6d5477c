import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai/web';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { Chunk, Frame } from '../bytes/framing.ts';
import { sse } from '../bytes/sse.ts';
import { Failure } from '../conversation/failure.ts';
import { isObject, tryParseJson, type JsonObject } from '../json.ts';
import { cases } from '../testing/cases.ts';
import { dialects, names, requests, type Name } from '../testing/pairs.ts';
import { inboundOf } from './decode.ts';
import { relay } from './relay.ts';
import type { StreamTranslator } from './translation.ts';

/** E5 of relays: what breaks off in its middle is told as a failure of the very reply that was running. */

const words = 'Too slow.';

function relayed(client: Name, { model = 'm', query = 'alt=sse' } = {}): StreamTranslator {
  const dialect = dialects[client];
  const door = dialect.doors.find((each) => each.operation === 'generate' && each.streaming !== false);
  if (!door) throw new Error('Every dialect has such a door.');
  const knock = { door, params: { model }, query: new URLSearchParams(query), headers: {} };
  const body = { ...requests[client], ...(client !== 'gemini' && { stream: true, model }) };
  const inbound = inboundOf(dialect, knock, new TextEncoder().encode(JSON.stringify(body)));
  const settings = { created: 1, newId: (prefix: string) => `${prefix}ours` };
  const destination = { dialect, model: 'm', facts: {}, signer: dialect.name };
  return relay(inbound, destination, settings).stream(query === '' ? 'application/json' : 'text/event-stream');
}

const textOf = (chunk: Chunk | undefined) => (typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk));

/** In pieces of this size, and then the connection breaks: all that the caller hears. */
function brokenAfter(translator: StreamTranslator, bytes: Uint8Array, size = bytes.length): string {
  return pushed(translator, bytes, size) + textOf(translator.fail(new Failure('timeout', words)));
}

function pushed(translator: StreamTranslator, bytes: Uint8Array, size: number): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += size) out += textOf(translator.push(bytes.subarray(at, at + size)));
  return out;
}

/** The same, unless the caller is refused with a status, or the reply had come to its end. */
function heardAfter(name: Name, bytes: Uint8Array, size = bytes.length): string | undefined {
  const translator = relayed(name);
  const before = pushed(translator, bytes, size);
  if (!translator.progress.begun) return undefined;
  const text = before + textOf(translator.fail(new Failure('timeout', words)));
  const { finished, failure } = translator.progress;
  return finished || failure?.kind !== 'timeout' ? undefined : text;
}

function framesOf(text: string): readonly Frame[] {
  const reader = sse.reader();
  return [...reader.push(new TextEncoder().encode(text)), ...reader.end()];
}

const eventsOf = (text: string) => framesOf(text).map(({ data }) => tryParseJson(data)).filter(isObject); // prettier-ignore

/** The ends of frames. */
function bordersOf(bytes: Uint8Array): readonly number[] {
  const text = new TextDecoder('latin1').decode(bytes);
  return [...text.matchAll(/\r?\n\r?\n/g)].map(({ index, 0: border }) => index + border.length);
}

const streams = Object.fromEntries(
  names.map((name) => [
    name,
    cases.flatMap((one) => (one.stream && one.dialect === dialects[name] ? [[one.stem, one.stream] as const] : [])),
  ]),
) as unknown as Readonly<Record<Name, readonly (readonly [string, Uint8Array])[]>>; // one of each name

/** What must hold of every stream of each dialect that ends with a failure of ours. */
const laws: Readonly<Record<Name, (events: readonly JsonObject[], text: string) => void>> = {
  chat(events, text) {
    expect(events.at(-1), text).toMatchObject({ error: { message: words } });
    expect(text.endsWith('[DONE]\n\n')).toBe(false);
  },
  responses(events, text) {
    const responses = events.flatMap(({ response }) => (isObject(response) ? [response] : []));
    expect(new Set(responses.map(({ id }) => id)).size, text).toBe(1);
    expect(responses.map(({ created_at, model }) => [created_at, model]), text).toEqual(
      responses.map(() => [responses[0]?.created_at, responses[0]?.model]),
    ); // prettier-ignore
    expect(events.filter(({ type }) => type === 'response.created').length, text).toBeLessThanOrEqual(1);
    const numbers = events.flatMap(({ sequence_number }) => (sequence_number === undefined ? [] : [sequence_number]));
    expect(numbers, text).toEqual(numbers.toSorted((one, other) => Number(one) - Number(other)));
    expect(new Set(numbers).size, text).toBe(numbers.length);
    expect(events.at(-1), text).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { message: words } },
    });
  },
  messages(events, text) {
    expect(events.filter(({ type }) => type === 'message_start').length, text).toBe(1);
    expect(events.at(-1), text).toMatchObject({ type: 'error', error: { message: words } });
  },
  gemini(events, text) {
    expect(events.at(-1), text).toMatchObject({ error: { message: words } });
  },
};

describe.each(names)('a relayed stream of %s that breaks off', (name) => {
  test.each(streams[name])('%s, wherever it is cut and however it is read', (_, bytes) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length }), fc.integer({ min: 1, max: 4096 }), (cut, size) => {
        const text = heardAfter(name, bytes.subarray(0, cut), Math.max(size, Math.ceil(cut / 200)));
        if (text !== undefined) laws[name](eventsOf(text), text);
      }),
      { numRuns: 40 },
    );
  });

  test.each(streams[name])('%s, as the vendor’s own SDK hears it', async (_, bytes) => {
    const borders = bordersOf(bytes);
    const some = borders.filter((_border, at) => at % Math.ceil(borders.length / 4) === 0);
    for (const cut of some) {
      const text = heardAfter(name, bytes.subarray(0, cut));
      if (text === undefined) continue;
      const heard = await sdks[name](text);
      // Some recordings are refused for what came before the break.
      if (heard instanceof Error && !heard.message.includes(words)) {
        const before = await sdks[name](new TextDecoder().decode(bytes.subarray(0, cut)));
        expect(before, text).toEqual(heard);
      } else expect(heard instanceof Error ? heard.message : heard, text).toContain(words);
    }
  });
});

const answering = (text: string) => () =>
  Promise.resolve(new Response(text, { headers: { 'content-type': 'text/event-stream' } }));
const openai = (text: string) =>
  new OpenAI({ apiKey: 'k', maxRetries: 0, dangerouslyAllowBrowser: true, fetch: answering(text) });
const refusal = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/** The words of the failure, or the error that they came as. */
const sdks: Readonly<Record<Name, (text: string) => Promise<string | Error>>> = {
  chat: (text) =>
    openai(text)
      .chat.completions.stream({ model: 'm', messages: [] })
      .finalChatCompletion()
      .then(() => 'ended well', refusal),
  responses: (text) =>
    openai(text)
      .responses.stream({ model: 'm', input: 'Hi' })
      .finalResponse()
      .then(({ status, error }) => `${status}: ${error?.message}`, refusal),
  messages: (text) =>
    new Anthropic({ apiKey: 'k', maxRetries: 0, dangerouslyAllowBrowser: true, fetch: answering(text) }).beta.messages
      .stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
      .finalMessage()
      .then(() => 'ended well', refusal),
  async gemini(text) {
    const { models } = new GoogleGenAI({
      apiKey: 'k',
      httpOptions: { baseUrl: 'http://gateway.test', fetch: answering(text) },
    });
    try {
      for await (const _chunk of await models.generateContentStream({ model: 'm', contents: 'Hi' })) continue;
      return 'ended well';
    } catch (error) {
      return refusal(error);
    }
  },
};

describe('the running response', () => {
  const event = (type: string, sequence_number: number, members: object) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...members })}\n\n`; // prettier-ignore
  const response = { id: 'resp_up', object: 'response', created_at: 77, status: 'in_progress', model: 'm', output: [], metadata: { a: 'b' }, usage: null }; // prettier-ignore
  const created = event('response.created', 0, { response });
  const delta = (at: number) => event('response.output_text.delta', at, { item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'word' }); // prettier-ignore
  const failed = (text: string) => eventsOf(text).at(-1);

  test('is still known when its beginning has long been passed on', () => {
    const long = created + Array.from({ length: 5000 }, (_, at) => delta(at + 1)).join('');
    for (const size of [100, 65_536]) {
      const text = brokenAfter(relayed('responses'), new TextEncoder().encode(long), size);
      expect(text.startsWith(long)).toBe(true);
      expect(failed(text)).toEqual({
        type: 'response.failed',
        sequence_number: 5001,
        response: {
          ...response,
          status: 'failed',
          error: { code: 'server_error', message: words },
          incomplete_details: null,
        },
      });
    }
  });

  test('goes by the name that the caller gave its model', () => {
    const text = brokenAfter(relayed('responses', { model: 'fast' }), new TextEncoder().encode(created + delta(1)));
    expect(failed(text)).toMatchObject({ sequence_number: 2, response: { id: 'resp_up', model: 'fast' } });
  });

  test('that numbers nothing is failed without a number; one that was never told of, in its own', () => {
    const unnumbered = 'data: {"type":"response.created","response":{"id":"r"}}\n\n';
    const text = brokenAfter(relayed('responses'), new TextEncoder().encode(unnumbered));
    expect(failed(text)).not.toHaveProperty('sequence_number');
    const strange = brokenAfter(relayed('responses'), new TextEncoder().encode(delta(0)));
    expect(eventsOf(strange).map(({ type }) => type)).toEqual([
      'response.output_text.delta',
      'response.created',
      'response.in_progress',
      'response.failed',
    ]);
  });
});

test('Google’s array goes on with the error, wherever it breaks between two chunks', () => {
  const chunk = { candidates: [{ content: { role: 'model', parts: [{ text: 'Ha{[l' }] }, index: 0 }] };
  const wire = `[${JSON.stringify(chunk)},\r\n${JSON.stringify(chunk)}\n,\r\n${JSON.stringify(chunk)}`;
  for (const cut of [wire.indexOf(',\r\n'), wire.indexOf(',\r\n') + 2, wire.lastIndexOf('\n,'), wire.length]) {
    const text = brokenAfter(relayed('gemini', { query: '' }), new TextEncoder().encode(wire.slice(0, cut)), 7);
    const chunks = tryParseJson(text) as readonly object[];
    expect(chunks, text).not.toBeUndefined();
    expect(chunks.at(-1), text).toMatchObject({ error: { message: words } });
    expect(chunks.slice(0, -1), text).toEqual(chunks.slice(0, -1).map(() => chunk));
  }
});
