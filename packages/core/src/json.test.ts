import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, isObject, parseJson, textLengthOfJson, tryParseJson } from './json.ts';

describe('parseJson', () => {
  test('T9 integers too long for a double survive a round trip digit for digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.string(), (big, text) => {
        const source = `{"id":${big},"text":${JSON.stringify(text)},"list":[${big}]}`;
        expect(JSON.stringify(parseJson(source))).toBe(source);
      }),
    );
  });

  test('everything else is what JSON.parse says', () => {
    fc.assert(
      fc.property(fc.json(), (source) => {
        expect(JSON.stringify(parseJson(source))).toBe(JSON.stringify(JSON.parse(source)));
      }),
    );
  });

  test('long digits inside text and fractions are left alone', () => {
    const source = '{"a":"12345678901234567890","b":0.12345678901234567890}';
    expect(parseJson(source)).toEqual({ a: '12345678901234567890', b: 0.12345678901234568 });
  });

  test('what is not JSON is a SyntaxError, or undefined where that was asked for', () => {
    expect(() => parseJson('{')).toThrow(SyntaxError);
    expect(tryParseJson('{')).toBeUndefined();
  });
});

test('compact leaves out what is undefined, and nothing else', () => {
  expect(Object.keys(compact({ a: undefined, b: null, c: 0, d: '' }))).toEqual(['b', 'c', 'd']);
  expect(isObject([])).toBe(false);
});

test('the length of a text is told from its JSON', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (text) => {
      expect(textLengthOfJson(JSON.stringify(text))).toBe(text.length);
    }),
  );
});
