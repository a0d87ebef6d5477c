import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../conversation/failure.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { openaiChat } from './index.ts';

const recordings = Object.values(
  import.meta.glob<string>('./cases/*.{request,reply,error}.json', { query: '?raw', import: 'default', eager: true }),
).map((source) => JSON.parse(source) as JsonObject);
const streams = Object.values(
  import.meta.glob<string>('./cases/*.stream.sse', { query: '?raw', import: 'default', eager: true }),
);

const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const reading = { facts: { inlineThinkTags: true }, signer: 'openai-chat', turn: 1 };

/** A recording in which one place, found by walking at random, holds something else. */
const mutated: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom(...recordings), fc.array(fc.nat({ max: 30 }), { maxLength: 8 }), anything)
  .map(([recording, path, value]) => mutate(recording, path, value));

function mutate(value: Json, [step, ...rest]: readonly number[], replacement: Json): Json {
  if (step === undefined) return replacement;
  if (Array.isArray(value) && value.length > 0)
    return value.map((item: Json, index) => (index === step % value.length ? mutate(item, rest, replacement) : item));
  if (!isObject(value) || Object.keys(value).length === 0) return replacement;
  const keys = Object.keys(value);
  const key = keys[step % keys.length] ?? '';
  return { ...value, [key]: mutate(value[key] ?? null, rest, replacement) };
}

test('requests and replies of any shape throw nothing but Failure', () => {
  fc.assert(
    fc.property(fc.oneof(anything, mutated), (value) => {
      const body = isObject(value) ? value : { messages: value, choices: value, tools: value };
      onlyFailures(() => {
        const conversation = openaiChat.decodeRequest(body, {
          glance: { model: 'm', streaming: true },
          headers: {},
          report: () => undefined,
        });
        const context = { facts: {}, signer: 'openai-chat', report: () => undefined };
        const encoded = openaiChat.encodeRequest(conversation, context).body;
        expect(openaiChat.encodeRequest(conversation, context).body).toEqual(encoded);
      });
      onlyFailures(() => openaiChat.decodeReply(body, reading));
    }),
    { numRuns: 2000 },
  );
});

test('streams of anything never throw, and end once', () => {
  const data = fc.oneof(
    fc.string(),
    fc.json(),
    mutated.map((value) => JSON.stringify(value)),
    fc.constant('[DONE]'),
  );
  fc.assert(
    fc.property(fc.array(data, { maxLength: 6 }), (frames) => {
      const decoder = openaiChat.decodeStream(reading);
      const events = [...frames.flatMap((frame) => decoder.push({ data: frame })), ...decoder.end()];
      const ends = events.filter(({ type }) => type === 'reply-end' || type === 'failure');
      expect(ends).toHaveLength(1);
      expect(events.at(-1)).toBe(ends[0]);
      expect(decoder.end()).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('recorded streams with one event changed never throw', () => {
  const changed = fc.tuple(
    fc.constantFrom(...streams),
    fc.nat(),
    fc.array(fc.nat({ max: 30 }), { maxLength: 8 }),
    anything,
  );
  fc.assert(
    fc.property(changed, ([stream, at, path, value]) => {
      const reader = openaiChat.framing.reader();
      const frames = [...reader.push(new TextEncoder().encode(stream)), ...reader.end()];
      const decoder = openaiChat.decodeStream(reading);
      frames.forEach(({ data }, index) => {
        const altered = index === at % frames.length && data !== '[DONE]';
        decoder.push({ data: altered ? JSON.stringify(mutate(JSON.parse(data) as Json, path, value)) : data });
      });
      decoder.end();
    }),
    { numRuns: 1000 },
  );
});

test('errors of any shape become a Failure', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 599 }), fc.oneof(anything, mutated, fc.string()), (status, body) => {
      expect(openaiChat.decodeError(status, body, {})).toBeInstanceOf(Failure);
    }),
  );
});

function onlyFailures(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}
