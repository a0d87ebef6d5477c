import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonArray } from '../bytes/json-array.ts';
import { sse } from '../bytes/sse.ts';
import { Failure } from '../conversation/failure.ts';
import type { Sighting, Watch } from '../dialects/dialect.ts';
import { isObject, number, tryParseJson } from '../json.ts';
import { createTap } from './tap.ts';

const watch: Watch = {
  markers: ['"usage":{', '[DONE]'],
  frame({ data }) {
    if (data === '[DONE]') return { finished: true };
    const value = tryParseJson(data);
    if (!isObject(value)) return undefined;
    if (value.error !== undefined) return { failure: new Failure('server', 'no') };
    const total = isObject(value.usage) ? number(value.usage.total) : undefined;
    return total === undefined ? undefined : { usage: { outputTokens: total } };
  },
  whole: () => undefined,
};

function seen(text: string, size: number, framing = sse) {
  const sightings: { sighting: Sighting | undefined; first: boolean }[] = [];
  const tap = createTap(framing, watch, (sighting, opening) =>
    sightings.push({ sighting, first: opening !== undefined }),
  );
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) tap.push(bytes.subarray(at, at + size));
  tap.end();
  return sightings;
}

const stream =
  ': hello\r\n\r\ndata: {"text":"né \\"usage\\":{\\"total\\":1}"}\r\n\r\ndata: {"text":"😀"}\n\ndata:{"usage":{"total":7}}\n\ndata: [DONE]\n\n';

test('the first line is looked at, and of the last those that hold a marker, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (size) => {
      expect(seen(stream, size)).toEqual([
        { sighting: undefined, first: true },
        { sighting: { usage: { outputTokens: 7 } }, first: false },
        { sighting: { finished: true }, first: false },
      ]);
    }),
  );
});

test('a first frame that is an error is seen as such', () => {
  const [first] = seen('data: {"error":"x"}\n\n', 3);
  expect(first?.sighting?.failure).toBeInstanceOf(Failure);
});

test('a last line without its end is looked at when the stream is over', () => {
  expect(seen('data: {}\n\ndata: {"usage":{"total":3}}', 5).at(-1)?.sighting?.usage).toEqual({ outputTokens: 3 });
});

test('a long stream is kept in sight without being kept in memory', () => {
  const delta = 'data: {"text":"word"}\n\n';
  const long = delta.repeat(5000) + stream;
  for (const size of [delta.length, 100, 65536])
    expect(seen(long, size).slice(1)).toEqual([
      { sighting: { usage: { outputTokens: 7 } }, first: false },
      { sighting: { finished: true }, first: false },
    ]);
});

test('elements of a JSON array are cut as frames', () => {
  const array = '[{"text":"a"},\r\n{"usage":{"total":2}}]';
  for (const size of [1, 4, 100])
    expect(seen(array, size, jsonArray)).toEqual([
      { sighting: undefined, first: true },
      { sighting: { usage: { outputTokens: 2 } }, first: false },
    ]);
});
