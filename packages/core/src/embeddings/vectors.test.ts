import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64OfVector, vectorOf } from './vectors.ts';

test('base64 holds what float32 holds', () => {
  const floats = fc.array(fc.float({ noNaN: true }), { maxLength: 3072 });
  fc.assert(
    fc.property(floats, (values) => {
      expect(vectorOf(base64OfVector(values))).toEqual(values);
    }),
  );
});

test('it is little-endian, as numpy and the SDKs of OpenAI read it', () => {
  expect(base64OfVector([1])).toBe('AACAPw==');
});

test.each([undefined, null, {}, 'AAA', 'AAAA', ['1'], [null]])('%j is no vector', (value) => {
  expect(() => vectorOf(value)).toThrow('neither numbers nor base64');
});
