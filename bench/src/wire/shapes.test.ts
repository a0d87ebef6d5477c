import { describe, expect, test } from 'vitest';
import { readStream } from './read-stream.ts';
import { dialectOfPath } from './shape.ts';
import type { Shape } from './shape.ts';
import { dialectNames, shapes } from './shapes.ts';
import { mark, piece, replyText, wholeText } from './text.ts';

const bytes = (text: string) => Buffer.byteLength(text);
const occurrences = (text: string, part: string) => text.split(part).length - 1;

function streamOf(shape: Shape, deltas: number): string {
  const middle = Array.from({ length: deltas }, (_, index) => shape.delta(piece(shape, index), index));
  return shape.opening() + middle.join('') + shape.closing(wholeText(shape, deltas), deltas);
}

describe.each(dialectNames)('%s', (name) => {
  const shape: Shape = shapes[name];

  test('a delta is one event of about 300 bytes, as the vendors send', () => {
    for (let index = 0; index < 200; index++) {
      const event = shape.delta(piece(shape, index), index);
      expect(bytes(event)).toBeGreaterThan(240);
      expect(bytes(event)).toBeLessThan(420);
      expect(readStream(shape, event)).toEqual({ text: piece(shape, index), finished: false, events: 1 });
    }
  });

  test('each delta carries the mark once, and nothing else before the finish does', () => {
    expect(occurrences(shape.opening(), mark)).toBe(0);
    for (let index = 0; index < 200; index++)
      expect(occurrences(shape.delta(piece(shape, index), index), mark)).toBe(1);
    expect(occurrences(shape.closing('', 5), mark)).toBe(0);
    expect(shape.reply(replyText)).not.toContain(mark);
  });

  test('only numbered deltas differ when their text is the same', () => {
    expect(piece(shape, 7)).toBe(piece(shape, 107));
    expect(shape.delta(piece(shape, 7), 7) === shape.delta(piece(shape, 107), 107)).toBe(shape.numbered !== true);
  });

  test('a stream says its whole text and its finish', () => {
    const { text, finished } = readStream(shape, streamOf(shape, 150));
    expect(text).toBe(wholeText(shape, 150));
    expect(finished).toBe(true);
  });

  test('a stream that breaks off has no finish', () => {
    const whole = streamOf(shape, 5);
    expect(readStream(shape, whole.slice(0, -shape.closing(wholeText(shape, 5), 5).length)).finished).toBe(false);
  });

  test('a reply says its text', () => {
    expect(shape.textOfReply(JSON.parse(shape.reply(replyText)))).toBe(replyText);
    expect(shape.textOfReply({ error: { message: 'no' } })).toBe(undefined);
  });

  test('the mock knows its requests by their path', () => {
    expect(dialectOfPath(shape.path('some-model', false))?.dialect).toBe(name);
    expect(dialectOfPath(shape.path('some-model', true))?.dialect).toBe(name);
  });

  test('a streaming request is known by its path or its body', () => {
    const asks = (streaming: boolean) =>
      dialectOfPath(shape.path('m', streaming))?.streaming === true ||
      shape.request('m', streaming).includes('"stream":true');
    expect([asks(true), asks(false)]).toEqual([true, false]);
  });

  test('a picture is in the request whole', () => {
    const image = 'QUJD'.repeat(1000);
    const request = shape.request('m', false, image);
    expect(request).toContain(image);
    expect(() => JSON.parse(request) as unknown).not.toThrow();
  });
});

test('other paths are nobody’s', () => {
  expect(dialectOfPath('/v1/models')).toBe(undefined);
});
