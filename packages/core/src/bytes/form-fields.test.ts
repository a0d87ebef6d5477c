import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFormFields, formBoundary } from './form-fields.ts';

const encoder = new TextEncoder();

/** The wanted fields of a form that comes in pieces cut at these places. */
function fieldsOf(body: Uint8Array, boundary = 'B', cuts: readonly number[] = []) {
  const form = createFormFields(boundary, ['model', 'stream']);
  const places = [...cuts.map((cut) => cut % (body.length + 1)), 0, body.length].sort((a, b) => a - b);
  const found = places.slice(1).flatMap((end, index) => form.push(body.subarray(places[index], end)));
  form.end();
  expect(form.passed).toBe(body.length);
  return found;
}

const part = (head: string, content: string) => `--B\r\ncontent-disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
const named = (body: string, boundary?: string) =>
  fieldsOf(encoder.encode(body), boundary).map(({ name, value }) => [name, value]);

test('fields are found wherever the form is cut, at the bytes where they stand, and a file’s content is none', () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom('\r\n', '--B', '-', '\r', 'name="model"', '\r\n--', 'B', '\r\n\r\n'), { maxLength: 20 })
      .map((words) => `x${words.join('')}`)
      .filter((text) => !text.includes('\r\n--B'))
      .map((text) => encoder.encode(text)),
  );
  const file = fc.record({ name: fc.constantFrom('file', 'image[]', 'filename'), content });
  const field = fc.record({
    name: fc.constantFrom('model', 'stream', 'prompt'),
    content: fc.constantFrom('', 'm-1', 'ü'),
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(file, field), { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (parts, cuts) => {
        const pieces = parts.flatMap(({ name, content: value }) => [
          encoder.encode(`--B\r\nContent-Type: a/b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
          typeof value === 'string' ? encoder.encode(value) : value,
          encoder.encode('\r\n'),
        ]);
        const body = Uint8Array.from([...pieces, encoder.encode('--B--\r\n')].flatMap((piece) => [...piece]));
        const found = fieldsOf(body, 'B', cuts);
        const wanted = parts.filter(({ name }) => name === 'model' || name === 'stream');
        expect(found.map(({ name, value }) => [name, value])).toEqual(
          wanted.map(({ name, content: value }) => [name, value]),
        );
        for (const { value, start, end } of found) expect(body.slice(start, end)).toEqual(encoder.encode(value));
        expect(fieldsOf(body, 'B', [...body.keys()])).toEqual(found);
      },
    ),
  );
});

test.each([
  ['a word', 'name=model', ['model', 'm']],
  ['spaces and capitals', ' Name = "model" ; filename=x', ['model', 'm']],
  ['behind a file name with the same in it', 'filename="a; name=\\"stream\\".png"; name="model"', ['model', 'm']],
  ['another name', 'filename="x; name=model"; name="file"', undefined],
  ['no name', 'filename="model"', undefined],
])('a name written as %s', (_, head, expected) => {
  expect(named(`${part(head, 'm')}--B--`)).toEqual(expected ? [expected] : []);
});

test('text before the first boundary, folded headers, blanks behind a boundary, and what follows the last', () => {
  const form =
    'preamble\r\n--B  \r\nContent-Disposition: form-data;\r\n name="model"\r\n\r\nm\r\n--B--\r\n--B\r\n' +
    'content-disposition: form-data; name="model"\r\n\r\nother\r\n--B--';
  expect(named(form)).toEqual([['model', 'm']]);
});

test('a part without content, whose blank line the next boundary follows', () => {
  const form =
    '--B\r\ncontent-disposition: form-data; name="file"\r\n\r\n--B\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--B--';
  expect(named(form)).toEqual([['model', 'm']]);
  expect(named('--B\r\ncontent-disposition: form-data; name="model"\r\n\r\n--B--')).toEqual([['model', '']]);
});

test('while a wanted value comes in, its place is known and no byte of it has passed', () => {
  const form = createFormFields('B', ['model']);
  const head = '--B\r\ncontent-disposition: form-data; name="model"\r\n\r\n';
  form.push(encoder.encode(`${head}gpt-`));
  expect(form.passed).toBe(head.length);
  form.push(encoder.encode('x\r\n'));
  expect(form.passed).toBe(head.length);
  expect(form.push(encoder.encode('--B'))).toEqual([
    { name: 'model', value: 'gpt-x', start: head.length, end: head.length + 5 },
  ]);
  expect(form.passed).toBe(head.length + 10);
});

describe('no form', () => {
  test.each([
    ['nothing', '', /breaks off/],
    ['JSON', '{"model":"m"}', /breaks off/],
    ['another boundary', '--C\r\n\r\n\r\n--C--', /breaks off/],
    ['no last boundary', part('name="file"', 'x'), /breaks off/],
    ['a boundary that goes on', '--Bx\r\n', /follows a boundary/],
    ['a head without an end', `--B\r\n${'x: y\r\n'.repeat(5000)}`, /head of a part/],
    ['a boundary’s line without an end', `--B${' '.repeat(1000)}`, /does not end/],
    ['a long model', part('name="model"', 'x'.repeat(5000)), /"model" is longer/],
    [
      'a name twice',
      '--B\r\nContent-Disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="model"\r\n\r\n',
      /more than one/,
    ],
  ])('%s', (_, body, expected) => {
    expect(() => named(body)).toThrow(expected);
  });
});

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data;charset=utf-8; Boundary="a b;c"', 'a b;c'],
  ['multipart/form-data', undefined],
  ['multipart/form-data; boundary=', undefined],
  [`multipart/form-data; boundary=${'x'.repeat(300)}`, undefined],
  ['multipart/mixed; boundary=abc', undefined],
  ['application/json', undefined],
])('the boundary of %s', (contentType, expected) => {
  expect(formBoundary(contentType)).toBe(expected);
});
