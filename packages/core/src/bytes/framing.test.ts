import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramingError } from './framing.ts';
import type { Frame, Framing } from './framing.ts';
import { jsonArray } from './json-array.ts';
import { sse } from './sse.ts';

const encoder = new TextEncoder();

function read(framing: Framing, pieces: readonly Uint8Array[], maxFrameBytes?: number): Frame[] {
  const reader = framing.reader(maxFrameBytes === undefined ? {} : { maxFrameBytes });
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

/** What reading gives, be it frames or a FramingError; anything else thrown fails the test. */
function outcome(framing: Framing, pieces: readonly Uint8Array[]): readonly Frame[] | string {
  try {
    return read(framing, pieces);
  } catch (error) {
    if (error instanceof FramingError) return 'FramingError';
    throw error;
  }
}

const jsonText = fc.json({ maxDepth: 3, stringUnit: 'grapheme' });
const frames: Record<string, fc.Arbitrary<Frame>> = {
  sse: fc.oneof(
    fc.record({ data: jsonText }),
    fc.record({ event: fc.constantFrom('message_start', 'response.output_text.delta'), data: jsonText }),
    fc.record({ data: fc.constantFrom('[DONE]', 'two\nlines', '\n', ' leading space', 'naïve 🦜 text') }),
  ),
  jsonArray: fc
    .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }))
    .map((value) => ({ data: JSON.stringify(value) })),
};

/** Streams as vendors send them, with everything in them that has broken readers. */
const recordings: Record<string, readonly string[]> = {
  sse: [
    '\uFEFFevent: message_start\ndata: {"a":"é🦜"}\n\nevent: ping\ndata: {}\n\n',
    'data:{"crlf":1}\r\n\r\n: OPENROUTER PROCESSING\r\n\r\ndata: two\r\ndata: lines\r\n\r\ndata: [DONE]\r\n\r\n',
    'data: cr\r\rdata: {"x":"\u2028"}\r\revent: e\rdata\rdata: \r\r',
    'id: 1\nretry: 10\nfoo: bar\nnonsense\ndata: {"last":"without blank line 🦜"}',
    'data: mixed\n\r\ndata: ends\r\n\ndata: oddly\r',
  ],
  jsonArray: [
    '[{"candidates":[{"content":{"parts":[{"text":"é🦜"}]}}]}\n,\r\n{"a":"}]\\\\\\"{["}\n]\n',
    '\uFEFF \r\n[ {"a":{"b":[[],{}]}} , {} ] ',
    '[]',
    '{\n  "error": {"code": 400, "message": "no \\"such\\" model"}\n}\n',
    '[{"cut": "here',
    '[{"a":1},]',
  ],
};

describe.each([
  ['sse', sse],
  ['jsonArray', jsonArray],
] as const)('%s', (name, framing) => {
  test.each(recordings[name] ?? [])('X1 cut at every two byte positions, the frames are the same: %j', (recording) => {
    const bytes = encoder.encode(recording);
    const whole = outcome(framing, [bytes]);
    for (let first = 0; first <= bytes.length; first++)
      for (let second = first; second <= bytes.length; second++)
        expect(
          outcome(framing, [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]),
          `cut at ${first} and ${second}`,
        ).toEqual(whole);
    expect(
      outcome(
        framing,
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
      ),
      'byte by byte',
    ).toEqual(whole);
  });

  test('what the writer wrote, the reader reads, cut anywhere', () => {
    const some = fc.array(frames[name] ?? fc.constant({ data: '{}' }), { maxLength: 8 });
    fc.assert(
      fc.property(some, fc.array(fc.nat()), fc.nat(8), (written, cuts, split) => {
        const writer = framing.writer();
        const text =
          writer.write(written.slice(0, split)) + writer.idle + writer.write(written.slice(split)) + writer.end();
        const bytes = encoder.encode(text);
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        expect(
          read(
            framing,
            places.slice(1).map((place, index) => bytes.subarray(places[index], place)),
          ),
        ).toEqual(written);
      }),
    );
  });

  test('a reader may be given the same buffer again and again', () => {
    const bytes = encoder.encode(recordings[name]?.[0]);
    const reader = framing.reader();
    const buffer = new Uint8Array(1);
    const found: Frame[] = [];
    for (const byte of bytes) {
      buffer[0] = byte;
      found.push(...reader.push(buffer));
    }
    expect([...found, ...reader.end()]).toEqual(read(framing, [bytes]));
  });

  test('rubbish gives frames or a FramingError, nothing else', () => {
    const rubbish = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', ' ', '\n', '\r', ':', 'data', '1', 'é', '\uFEFF'))
        .map((marks) => encoder.encode(marks.join(''))),
    );
    fc.assert(
      fc.property(fc.array(rubbish, { maxLength: 6 }), (pieces) => {
        outcome(framing, pieces);
      }),
      { numRuns: 1000 },
    );
  });

  test('rubbish too is read alike however it is cut', () => {
    const marks = fc.constantFrom('[{', '}', '{}', ',', '"', '\\', ']', '\n', '\r', 'data:', ':', 'event: e', ' ', 'é');
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 20 }), fc.nat(), (parts, cut) => {
        const bytes = encoder.encode(parts.join(''));
        const at = cut % (bytes.length + 1);
        expect(outcome(framing, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(outcome(framing, [bytes]));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([64, 1000])('maxFrameBytes: a frame of more than %i bytes is refused in one piece and in many', (bound) => {
    const writer = framing.writer();
    const bytes = encoder.encode(writer.write([{ data: `{"a":"${'x'.repeat(bound)}"}` }]) + writer.end());
    expect(() => read(framing, [bytes], bound)).toThrow(FramingError);
    expect(() =>
      read(
        framing,
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
        bound,
      ),
    ).toThrow(FramingError);
    expect(read(framing, [bytes], 2 * bound)).toHaveLength(1);
  });

  test('maxFrameBytes bounds a frame, not the stream', () => {
    const reader = framing.reader({ maxFrameBytes: 100 });
    const writer = framing.writer();
    let count = 0;
    for (let index = 0; index < 1000; index++)
      count += reader.push(encoder.encode(writer.write([{ data: '{"a":1}' }]))).length;
    expect(count).toBe(1000);
  });

  test('after a FramingError the reader goes on refusing', () => {
    const reader = framing.reader({ maxFrameBytes: 64 });
    const long = encoder.encode(`${framing === sse ? 'data: ' : '['}{"a":"${'x'.repeat(100)}`);
    expect(() => reader.push(long)).toThrow(FramingError);
    expect(() => reader.push(encoder.encode('x'))).toThrow(FramingError);
  });

  test('X1 an event of 8 MB in pieces of 1 KB takes linear time', () => {
    const writer = framing.writer();
    const image = `{"image":"${'A'.repeat(8 << 20)}"}`;
    const bytes = encoder.encode(writer.write([{ data: image }]) + writer.end());
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 1024) pieces.push(bytes.subarray(at, at + 1024));
    const started = performance.now();
    const found = read(framing, pieces);
    // Quadratic copying would move 32 GB.
    expect(performance.now() - started).toBeLessThan(3000);
    expect(found).toHaveLength(1);
    expect(found[0]?.data === image).toBe(true);
  });
});
