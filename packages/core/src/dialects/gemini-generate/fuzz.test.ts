import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sse } from '../../bytes/sse.ts';
import { Failure } from '../../conversation/failure.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import { cases } from '../../testing/cases.ts';
import type { DecodeReplyContext, DecodeRequestContext } from '../dialect.ts';
import { geminiGenerate } from './index.ts';

const own = cases.filter((one) => one.dialect === geminiGenerate);
const reading: DecodeReplyContext = { facts: {}, signer: geminiGenerate.name, turn: 1 };
const asking: DecodeRequestContext = { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined };

/** JSON made of the words of this wire, so that it gets past the first look. */
const words = [
  ...[
    'contents',
    'parts',
    'role',
    'text',
    'thought',
    'thoughtSignature',
    'functionCall',
    'functionResponse',
    'name',
    'id',
  ],
  ...['args', 'response', 'inlineData', 'fileData', 'mimeType', 'data', 'fileUri', 'tools', 'functionDeclarations'],
  ...[
    'parameters',
    'type',
    'properties',
    'googleSearch',
    'toolConfig',
    'functionCallingConfig',
    'mode',
    'generationConfig',
  ],
  ...['thinkingConfig', 'responseSchema', 'responseMimeType', 'candidates', 'content', 'finishReason', 'index'],
  ...[
    'usageMetadata',
    'promptFeedback',
    'blockReason',
    'groundingMetadata',
    'groundingSupports',
    'groundingChunks',
    'segment',
  ],
  ...[
    'webSearchQueries',
    'error',
    'code',
    'message',
    'details',
    'partialArgs',
    'jsonPath',
    'willContinue',
    'systemInstruction',
  ],
];
const leaf = fc.constantFrom<Json>(
  'STOP',
  'model',
  'user',
  '',
  'x',
  'eyJAcHJveHkiOjEs',
  0,
  -1,
  7,
  1.5,
  true,
  false,
  null,
  'ANY',
  'OBJECT',
  '$.a[0].b',
);
const { value: wireLike } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 5 }),
  ),
}));
const wireObject = fc.dictionary(fc.constantFrom(...words), wireLike, { maxKeys: 6 });

/** One place of a recording, replaced. */
function mutated(recordings: readonly JsonObject[]): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(fc.constantFrom(...recordings), fc.nat(), fc.oneof(leaf, wireLike))
    .map(([recording, place, value]) => {
      const state = { left: place % countPlaces(recording) };
      const changed = replace(recording, state, value);
      return isObject(changed) ? changed : {};
    });
}

function countPlaces(value: Json): number {
  if (isArray(value)) return value.reduce((sum: number, item) => sum + countPlaces(item), 1);
  return isObject(value) ? Object.values(value).reduce((sum: number, item) => sum + countPlaces(item), 1) : 1;
}

function replace(value: Json, state: { left: number }, by: Json): Json {
  if (state.left-- === 0) return by;
  if (isArray(value)) return value.map((item) => replace(item, state, by));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replace(item, state, by)]));
}

/** Runs it; anything it throws must be a Failure. */
function orFailure<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return undefined;
  }
}

describe('rubbish is a Failure, never a crash', () => {
  const requests = own.flatMap<JsonObject>((one) => one.request ?? []);
  test('requests', () => {
    fc.assert(
      fc.property(fc.oneof(wireObject, mutated(requests)), (body) => {
        const conversation = orFailure(() => geminiGenerate.decodeRequest(body, asking));
        if (!conversation) return;
        for (const facts of [
          {},
          { thinkingControl: 'level', callIds: true, jsonSchema: true, thoughtSignatures: true } as const,
        ]) {
          const encoded = orFailure(() =>
            geminiGenerate.encodeRequest(conversation, { facts, signer: geminiGenerate.name, report: () => undefined }),
          );
          if (encoded) expect(() => JSON.stringify(encoded.body)).not.toThrow();
        }
      }),
      { numRuns: 1500 },
    );
  });

  const replies = own.flatMap<JsonObject>((one) => one.reply ?? []);
  test('replies', () => {
    fc.assert(
      fc.property(fc.oneof(wireObject, mutated(replies)), (body) => {
        const reply = orFailure(() => geminiGenerate.decodeReply(body, reading));
        if (!reply) return;
        const context = { model: reply.model, created: 1, newId: (prefix: string) => prefix, report: () => undefined };
        const again = geminiGenerate.decodeReply(geminiGenerate.encodeReply(reply, context), reading);
        expect(again.candidates.map(({ finish }) => finish.reason)).toEqual(
          reply.candidates.map(({ finish }) => finish.reason),
        );
      }),
      { numRuns: 1500 },
    );
  });

  const chunks = own.flatMap<JsonObject>((one) => {
    const reader = sse.reader();
    const frames = one.stream ? [...reader.push(one.stream), ...reader.end()] : [];
    return frames.flatMap<JsonObject>(({ data }) => {
      try {
        return JSON.parse(data) as JsonObject; // our own recordings
      } catch {
        return [];
      }
    });
  });
  test('streams never throw at all, and always come to an end', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(wireObject, mutated(chunks), fc.string()), { maxLength: 6 }), (frames) => {
        const decoder = geminiGenerate.decodeStream(reading);
        const events = frames.flatMap((frame) =>
          decoder.push({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) }),
        );
        events.push(...decoder.end());
        expect(['reply-end', 'failure']).toContain(events.at(-1)?.type);
        expect(events.filter(({ type }) => type === 'reply-end' || type === 'failure')).toHaveLength(1);
        const open = new Set<string>();
        for (const event of events) {
          const key = 'part' in event ? `${event.candidate ?? 0}.${event.part}` : '';
          if (event.type.endsWith('-start') && key) open.add(key);
          else if (event.type === 'candidate-end')
            expect([...open].filter((at) => at.startsWith(`${event.candidate ?? 0}.`))).toEqual([]);
          else if (event.type.endsWith('-end') && key) open.delete(key);
          else if (key && event.type !== 'part') expect(open.has(key), event.type).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('what a relay looks at', () => {
    fc.assert(
      fc.property(fc.oneof(wireObject, fc.string()), (frame) => {
        expect(() =>
          geminiGenerate.watch.frame({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) }),
        ).not.toThrow();
        if (typeof frame !== 'string')
          expect(() => geminiGenerate.watch.whole({ get: (name) => frame[name] })).not.toThrow();
      }),
    );
  });
});
