import { EventStreamCodec } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { awsEventStream } from './aws-event-stream.ts';
import { FramingError, type Frame } from './framing.ts';
import { joinBytes } from './join.ts';

/** AWS's own codec writes what ours must read. */
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => new TextEncoder().encode(text),
);

type Headers = Parameters<EventStreamCodec['encode']>[0]['headers'];

const text = (value: string) => ({ type: 'string' as const, value });

function message(headers: Readonly<Record<string, string>>, payload = '', others: Headers = {}): Uint8Array {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, text(value)]));
  return codec.encode({ headers: { ...others, ...texts }, body: new TextEncoder().encode(payload) });
}

const event = (name: string, payload: string) => message({ ':message-type': 'event', ':event-type': name }, payload);

function read(pieces: readonly Uint8Array[], maxFrameBytes?: number): readonly Frame[] {
  const reader = awsEventStream.reader(maxFrameBytes === undefined ? {} : { maxFrameBytes });
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

const bytewise = (bytes: Uint8Array) => [...bytes].map((_, at) => bytes.subarray(at, at + 1));

const three = joinBytes([
  event('messageStart', '{"role":"assistant"}'),
  event('contentBlockDelta', '{"delta":{"text":"né 😀"},"p":"abcd"}'),
  event('messageStop', '{"stopReason":"end_turn"}'),
]);

describe('X8 the AWS event stream', () => {
  test('is cut into events however its bytes come', () => {
    const whole = read([three]);
    expect(whole).toEqual([
      { event: 'messageStart', data: '{"role":"assistant"}' },
      { event: 'contentBlockDelta', data: '{"delta":{"text":"né 😀"},"p":"abcd"}' },
      { event: 'messageStop', data: '{"stopReason":"end_turn"}' },
    ]);
    expect(read(bytewise(three))).toEqual(whole);
    for (let cut = 1; cut < three.length; cut++)
      expect(read([three.subarray(0, cut), three.subarray(cut)])).toEqual(whole);
  });

  test('every message that AWS’s codec writes is read, in pieces of any sizes', () => {
    const header = fc.oneof(
      fc.boolean().map((value) => ({ type: 'boolean' as const, value })),
      fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 'byte' as const, value })),
      fc.integer({ min: -32768, max: 32767 }).map((value) => ({ type: 'short' as const, value })),
      fc.integer().map((value) => ({ type: 'integer' as const, value })),
      fc.uint8Array({ maxLength: 300 }).map((value) => ({ type: 'binary' as const, value })),
      fc.date({ noInvalidDate: true }).map((value) => ({ type: 'timestamp' as const, value })),
      fc.uuid().map((value) => ({ type: 'uuid' as const, value })),
      fc.string({ maxLength: 300 }).map(text),
    );
    const name = fc.string({ minLength: 1, maxLength: 40 }).filter((one) => !one.startsWith(':'));
    const one = fc.record({
      event: fc.string({ unit: 'grapheme' }),
      data: fc.string({ unit: 'grapheme', maxLength: 2000 }),
      others: fc.dictionary(name, header),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 4 }), fc.array(fc.integer({ min: 1, max: 900 })), (messages, sizes) => {
        const bytes = joinBytes([
          new Uint8Array(),
          ...messages.map(({ event, data, others }) =>
            message({ ':message-type': 'event', ':event-type': event }, data, others),
          ),
        ]);
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)));
        pieces.push(bytes.subarray(at));
        expect(read(pieces)).toEqual(messages.map(({ event, data }) => ({ event, data })));
      }),
    );
  });

  test('exceptions and errors are told from events, at whichever byte they are cut', () => {
    const exception = { ':message-type': 'exception', ':exception-type': 'throttlingException' };
    const error = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'It "broke".' };
    const both = joinBytes([message(exception, '{"message":"Slow down"}'), message(error)]);
    const told = [
      { event: 'throttlingException', data: '{"message":"Slow down"}', exception: true },
      { event: 'InternalError', data: '{"message":"It \\"broke\\"."}', exception: true },
    ];
    for (let cut = 0; cut < both.length; cut++) expect(read([both.subarray(0, cut), both.subarray(cut)])).toEqual(told);
    expect(read(bytewise(both))).toEqual(told);
    expect(() => read([message({ ':message-type': 'wonder' })])).toThrow(FramingError);
    expect(() => read([message({ ':event-type': 'x' })])).toThrow(FramingError);
  });

  test('a flipped bit anywhere is never taken for a message', () => {
    const one = event('contentBlockDelta', '{"delta":{"text":"hi"}}');
    for (let bit = 0; bit < one.length * 8; bit++) {
      const damaged = one.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => read([damaged])).toThrow(FramingError);
      expect(() => read(bytewise(damaged))).toThrow(FramingError);
    }
  });

  test('a message that breaks off is an error, at whichever byte; a stream of whole ones is none', () => {
    for (let length = 1; length < three.length; length++) {
      const reader = awsEventStream.reader();
      const frames = reader.push(three.subarray(0, length));
      if (length === joinBytes([event('messageStart', '{"role":"assistant"}')]).length || frames.length === 2) continue;
      expect(() => reader.end()).toThrow('breaks off');
    }
    expect(read([])).toEqual([]);
  });

  test('impossible and hostile lengths are refused with the prelude, before anything is kept', () => {
    const prelude = (total: number, headers: number) => {
      const bytes = new Uint8Array(12);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, total);
      view.setUint32(4, headers);
      view.setUint32(8, checksum(bytes.subarray(0, 8)));
      return bytes;
    };
    const refused = [
      [0, 0],
      [15, 0],
      [16, 1],
      [100, 85],
      [100, 0xffff_ffff],
      [0xffff_ffff, 0],
      [64 * 1024 * 1024 + 1, 0],
    ] as const;
    for (const [total, headers] of refused) {
      expect(() => awsEventStream.reader().push(prelude(total, headers)), `${total} ${headers}`).toThrow(FramingError);
      const reader = awsEventStream.reader();
      expect(() => bytewise(prelude(total, headers)).forEach((byte) => reader.push(byte))).toThrow(FramingError);
    }
    expect(() => read([event('x', 'y'.repeat(2000))], 1000)).toThrow('larger than 1000 bytes');
    expect(read([event('x', 'y'.repeat(800))], 1000)).toHaveLength(1);
  });

  test('headers that claim more than there is are refused', () => {
    const good = event('x', '');
    // The last header’s text, one byte longer than the headers are.
    const forged = good.slice();
    const view = new DataView(forged.buffer);
    const lengthAt = forged.length - 4 - 'x'.length - 2;
    view.setUint16(lengthAt, 2);
    view.setUint32(forged.length - 4, checksum(forged.subarray(0, forged.length - 4)));
    expect(() => read([forged])).toThrow('header of a message breaks off');
    forged[lengthAt - 1] = 77;
    view.setUint32(forged.length - 4, checksum(forged.subarray(0, forged.length - 4)));
    expect(() => read([forged])).toThrow('unknown type 77');
  });

  test('after something wrong nothing is believed any longer', () => {
    const reader = awsEventStream.reader();
    expect(() => reader.push(new Uint8Array(12))).toThrow(FramingError);
    expect(() => reader.push(three)).toThrow(FramingError);
    expect(() => reader.end()).toThrow(FramingError);
  });

  test('rubbish is a FramingError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        expect(() => read([bytes])).toThrow(FramingError);
      }),
    );
  });
});

/** CRC-32 bit by bit, from its definition (ISO 3309): independent of the library that the reader uses. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
