import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../conversation/failure.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import { cases } from '../../testing/cases.ts';
import { anthropicMessages } from './index.ts';

const own = cases.filter((one) => one.dialect === anthropicMessages);
const requests = own.flatMap((one) => (one.request ? [one.request] : []));
const replies = own.flatMap((one) => (one.reply ? [one.reply] : []));
const events = own.flatMap((one) => {
  if (!one.stream) return [];
  const reader = anthropicMessages.framing.reader();
  return [[...reader.push(one.stream), ...reader.end()].map(({ data }) => JSON.parse(data) as JsonObject)]; // our own recordings
});

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => value as Json); // JSON by construction
const object = fc.dictionary(fc.string(), json).map((value) => value as JsonObject); // the same

/** A recording with one of its values, however deep, replaced by something else or taken out. */
function mutated<T extends Json>(recordings: readonly T[]): fc.Arbitrary<T> {
  return fc
    .record({ recording: fc.constantFrom(...recordings), place: fc.nat(), value: fc.option(json, { nil: undefined }) })
    .map(({ recording, place, value }) => {
      const count = { left: place % Math.max(1, size(recording)) };
      return mutate(recording, count, value) as T; // a place at the root keeps its kind, see mutate
    });
}

function size(value: Json): number {
  const inner: readonly Json[] = isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return inner.reduce<number>((sum, item) => sum + 1 + size(item), 0);
}

function mutate(value: Json, count: { left: number }, replacement: Json | undefined): Json {
  const visit = (item: Json): Json | undefined => {
    if (count.left-- === 0) return replacement;
    return mutate(item, count, replacement);
  };
  if (isArray(value)) return value.map(visit).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, visit(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as JsonObject; // no member is undefined now
}

/** Runs it; anything thrown must be a Failure that names a field or says what the upstream did. */
function onlyFailures(run: () => void): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
}

const models = ['claude-opus-5-5', 'claude-sonnet-4-5', 'claude-3-opus', 'x'];
const reading = { facts: {}, signer: 'anthropic-messages', turn: 1 };

describe('rubbish in, a Failure out', () => {
  const decodeAndEncode = (body: JsonObject, model: string) => {
    const conversation = anthropicMessages.decodeRequest(body, {
      glance: { model, streaming: false },
      headers: {},
      report: () => undefined,
    });
    anthropicMessages.encodeRequest(conversation, {
      facts: factsOf(model),
      signer: 'anthropic-messages',
      report: () => undefined,
    });
  };
  test('requests', () => {
    fc.assert(
      fc.property(fc.oneof(object, mutated(requests)), fc.constantFrom(...models), (body, model) => {
        onlyFailures(() => decodeAndEncode(body, model));
      }),
      { numRuns: 1500 },
    );
  });
  test('replies, which are also written again', () => {
    fc.assert(
      fc.property(fc.oneof(object, mutated(replies)), (body) => {
        onlyFailures(() => {
          const reply = anthropicMessages.decodeReply(body, reading);
          anthropicMessages.encodeReply(reply, {
            model: 'm',
            created: 0,
            newId: (prefix) => prefix,
            report: () => undefined,
          });
        });
      }),
      { numRuns: 1000 },
    );
  });
  test('streams never throw, and always end in an end or a failure', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(json), mutated(events)), fc.boolean(), (wire, end) => {
        const decoder = anthropicMessages.decodeStream(reading);
        const encoder = anthropicMessages.encodeStream({
          model: 'm',
          created: 0,
          newId: (prefix) => prefix,
          report: () => undefined,
        });
        const out = [...wire.flatMap((event) => decoder.push({ data: JSON.stringify(event) })), ...decoder.end()];
        expect(['reply-end', 'failure']).toContain(out.at(-1)?.type);
        if (out[0]?.type !== 'failure') expect(out[0]?.type).toBe('reply-start');
        const frames = out.flatMap((event) => encoder.push(event));
        expect(['message_stop', 'error']).toContain(frames.at(-1)?.event);
        if (end) expect(decoder.end()).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });
  test('frames that are not JSON', () => {
    fc.assert(
      fc.property(fc.string(), (data) => {
        const events = anthropicMessages.decodeStream(reading).push({ data });
        for (const event of events) expect(event.type).toBe('failure');
        anthropicMessages.watch.frame({ data });
      }),
    );
  });
  test('errors never throw', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        json,
        fc.dictionary(fc.string(), fc.string()),
        (status, body, headers) => {
          const failure = anthropicMessages.decodeError(status, body, headers);
          expect(failure.message).not.toBe('');
          expect(anthropicMessages.encodeError(failure, {}).status).toBeGreaterThanOrEqual(400);
        },
      ),
    );
  });
});
