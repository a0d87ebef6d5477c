import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sse } from '../../bytes/sse.ts';
import { Failure } from '../../conversation/failure.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import { cases } from '../../testing/cases.ts';
import { openaiResponses } from './index.ts';
import { conversation, decode, encode, read, reading } from '../../testing/openai-responses.ts';

const own = cases.filter(({ dialect }) => dialect === openaiResponses);
const some = <T>(values: readonly T[]) => fc.constantFrom(...values);

/** The recording with one of its values replaced by rubbish, or taken away. */
function mutated(recorded: JsonObject): fc.Arbitrary<JsonObject> {
  const paths = pathsOf(recorded);
  return fc
    .tuple(some(paths), fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }))
    .map(([path, rubbish]) => replaced(recorded, path, rubbish as Json | undefined) as JsonObject); // its root is never the path
}

function pathsOf(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  const inside = isArray(value)
    ? value.flatMap((entry, index) => pathsOf(entry, [...path, String(index)]))
    : isObject(value)
      ? Object.entries(value).flatMap(([name, entry]) => pathsOf(entry, [...path, name]))
      : [];
  return path.length === 0 ? inside : [path, ...inside];
}

function replaced(value: Json, [name, ...rest]: readonly string[], rubbish: Json | undefined): Json {
  const change = (entry: Json) => (rest.length === 0 ? rubbish : replaced(entry, rest, rubbish));
  if (isArray(value))
    return value.flatMap((entry, index) => {
      const changed = String(index) === name ? change(entry) : entry;
      return changed === undefined ? [] : [changed];
    });
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, key === name ? change(entry) : entry] as const);
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined)) as JsonObject; // the undefined are out
}

/** Runs it, and lets nothing but a Failure through. */
function onlyFailures<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const anyObject = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => value as JsonObject); // of JSON values
const requests = own.flatMap(({ request }) => (request ? [request] : []));
const replies = own.flatMap(({ reply }) => (reply ? [reply] : []));
const streams = own.flatMap(({ stream }) => {
  if (!stream) return [];
  const reader = sse.reader();
  const frames = [...reader.push(stream), ...reader.end()].filter(({ data }) => data !== '[DONE]');
  return [frames.map(({ data }) => JSON.parse(data) as JsonObject)]; // our recordings
});

describe('rubbish', () => {
  test('a request is read or refused, and what was read can be written', () => {
    const body = fc.oneof(
      anyObject,
      some(requests).chain(mutated),
      fc
        .record({ input: fc.jsonValue(), tools: fc.jsonValue(), tool_choice: fc.jsonValue() })
        .map((value) => value as JsonObject), // of JSON values
    );
    fc.assert(
      fc.property(body, (body) => {
        const asked = onlyFailures(() => decode(body));
        if (asked) onlyFailures(() => JSON.stringify(encode(asked).body));
      }),
      { numRuns: 2000 },
    );
  });
  test('a reply is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(anyObject, some(replies).chain(mutated)), (body) => {
        onlyFailures(() => openaiResponses.decodeReply(body, reading));
      }),
      { numRuns: 2000 },
    );
  });
  test('a stream never throws, and keeps the grammar of events', () => {
    const events = some(streams).chain((recorded) =>
      fc.tuple(fc.nat(recorded.length - 1), fc.boolean()).chain(([at, drop]) => {
        const event = recorded[at] ?? {};
        if (drop) return fc.constant(recorded.filter((_, index) => index !== at));
        return mutated(event).map((changed) => recorded.map((one, index) => (index === at ? changed : one)));
      }),
    );
    fc.assert(
      fc.property(fc.oneof(events, fc.array(anyObject)), (wire) => {
        expectGrammar(read(wire));
      }),
      { numRuns: 1500 },
    );
  });
  test('an error never throws', () => {
    fc.assert(
      fc.property(fc.integer(), fc.jsonValue(), (status, body) => {
        expect(openaiResponses.decodeError(status, body as Json, {})).toBeInstanceOf(Failure);
      }),
    );
  });
});

test('P4 a grown conversation keeps its translated prefix', () => {
  for (const request of requests) {
    const asked = onlyFailures(() => decode(request));
    if (!asked) continue;
    const before = encode(asked).body.input;
    const after = encode({ ...asked, messages: [...asked.messages, ...conversation({}).messages] }).body.input;
    expect((after as Json[]).slice(0, (before as Json[]).length)).toEqual(before); // encodeRequest writes a list
  }
});

/** Start first, parts open once and close once, nothing after the end. */
function expectGrammar(events: ReturnType<typeof read>): void {
  const open = new Set<number>();
  const used = new Set<number>();
  events.forEach((event, index) => {
    const last = index === events.length - 1;
    if (event.type === 'reply-end' || event.type === 'failure') expect(last).toBe(true);
    if (event.type === 'reply-start') expect(index).toBe(0);
    if (event.type === 'candidate-end') expect(open.size).toBe(0);
    if (!('part' in event)) return;
    if (/-start$|^part$/.test(event.type)) {
      expect(used.has(event.part)).toBe(false);
      used.add(event.part);
      if (event.type !== 'part') open.add(event.part);
    } else {
      expect(open.has(event.part)).toBe(true);
      if (event.type.endsWith('-end')) open.delete(event.part);
    }
  });
  expect(['reply-end', 'failure']).toContain(events.at(-1)?.type);
}
