import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Reader } from './utf8.ts';

/** Bytes that begin, continue, end and break characters of every length. */
const awkward = fc.array(
  fc.oneof(
    fc.constantFrom(0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff),
    fc.integer({ min: 0, max: 255 }),
  ),
  { maxLength: 24 },
);

test('X1 text in pieces is the same text, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.array(awkward, { maxLength: 6 }), (pieces) => {
      const reader = utf8Reader();
      const text = pieces.map((piece) => reader.push(Uint8Array.from(piece))).join('') + reader.end();
      expect(text).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(pieces.flat())));
    }),
    { numRuns: 5000 },
  );
});

test('X1 a character is given once its last byte is there', () => {
  const reader = utf8Reader();
  expect(Array.from(new TextEncoder().encode('aé€🦜'), (byte) => reader.push(Uint8Array.of(byte)))).toEqual([
    'a',
    '',
    'é',
    '',
    '',
    '€',
    '',
    '',
    '',
    '🦜',
  ]);
});
