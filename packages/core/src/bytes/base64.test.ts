import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64OfBytes, bytesOfBase64, isBase64 } from './base64.ts';

test('bytes survive the way there and back, over several slices as well', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(1, 700), (few, times) => {
      const bytes = Uint8Array.from(Array.from({ length: times }, () => [...few]).flat());
      const text = base64OfBytes(bytes);
      expect(isBase64(text)).toBe(true);
      expect(bytesOfBase64(text)).toEqual(bytes);
    }),
  );
});

test.each([
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
])('RFC 4648 §10: %j is %j', (plain, encoded) => {
  expect(base64OfBytes(new TextEncoder().encode(plain))).toBe(encoded);
  expect(new TextDecoder().decode(bytesOfBase64(encoded))).toBe(plain);
});

test.each([
  'Zg',
  'Zg=',
  'Zg===',
  '=',
  '====',
  'Zm9v\n',
  'Zm 9',
  'Zm9-',
  'Zm9_',
  'Z=9v',
  'Zg==Zg==',
  'Zmé=',
  'data:image/png;base64,Zm9v',
  'Zm9vY',
])('is not base64: %j', (text) => {
  expect(isBase64(text)).toBe(false);
  expect(() => bytesOfBase64(text)).toThrow(SyntaxError);
});

test('isBase64 agrees with atob on padded texts without white space', () => {
  const letters = fc.string({ unit: fc.constantFrom('A', 'z', '0', '+', '/', '=', '-', 'é'), maxLength: 12 });
  fc.assert(
    fc.property(letters, (text) => {
      let taken = true;
      try {
        atob(text);
      } catch {
        taken = false;
      }
      expect(isBase64(text)).toBe(taken && text.length % 4 === 0);
    }),
    { numRuns: 2000 },
  );
});

test('unused bits of the last character are ignored', () => {
  expect(bytesOfBase64('Zh==')).toEqual(bytesOfBase64('Zg=='));
});
