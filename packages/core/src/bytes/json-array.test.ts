import { expect, test } from 'vitest';
import { FramingError } from './framing.ts';
import { jsonArray } from './json-array.ts';

const encoder = new TextEncoder();

function read(text: string): string[] {
  const reader = jsonArray.reader();
  return [...reader.push(encoder.encode(text)), ...reader.end()].map((frame) => frame.data);
}

test.each<[string, string, string[]]>([
  ['the array as Gemini writes it', '[{"a":1}\n,\r\n{"b":2}\n]\n', ['{"a":1}', '{"b":2}']],
  ['white space inside elements, kept', '[{\n  "a": [ 1 ]\n}\n]', ['{\n  "a": [ 1 ]\n}']],
  ['brackets and quotes inside strings', '[{"a":"]}\\"[{","b\\\\":{}}]', ['{"a":"]}\\"[{","b\\\\":{}}']],
  ['an empty array', ' [ \t] ', []],
  ['a lone object, which is an error', '{"error":{"code":400}}\n', ['{"error":{"code":400}}']],
])('X5 reads %s', (_what, text, elements) => {
  expect(read(text)).toEqual(elements);
});

test('X5 an element is a frame as soon as its last brace is there', () => {
  const reader = jsonArray.reader();
  expect(reader.push(encoder.encode('[{"a":'))).toEqual([]);
  expect(reader.push(encoder.encode('1}'))).toEqual([{ data: '{"a":1}' }]);
  expect(reader.push(encoder.encode(',{}'))).toEqual([{ data: '{}' }]);
});

test.each(['', '[', '[{"a":1}', '[{"a":1},', '[{"a":1},{"b":', '[{"a":"', '[{"a":"\\', '{"error":'])(
  'X3 the array breaks off: %j',
  (text) => {
    const reader = jsonArray.reader();
    reader.push(encoder.encode(text));
    expect(() => reader.end()).toThrow(new FramingError('The JSON array breaks off before its end.'));
  },
);

test.each([
  'data: {}\n\n',
  '<html>',
  '"text"',
  '1',
  'null',
  '[1]',
  '["a"]',
  '[{}{}]',
  '[,{}]',
  '[{},]',
  '[[]]',
  '[]]',
  '{}{}',
  '[] x',
])('is not an array of objects: %j', (text) => {
  expect(() => read(text)).toThrow(/^The body is not a JSON array of objects/);
});

test('X5 writes the array as Gemini does, empty when nothing came', () => {
  const writer = jsonArray.writer();
  expect([
    writer.write([{ data: '{"a":1}' }]),
    writer.write([]),
    writer.write([{ data: '{}' }, { data: '{}' }]),
    writer.end(),
  ]).toEqual(['[{"a":1}', '', ',\r\n{},\r\n{}', ']']);
  expect(jsonArray.writer().end()).toBe('[]');
  expect(jsonArray.writer().idle).toBe('');
});
