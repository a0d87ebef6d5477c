import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liftFiles } from './lift.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (source: string) => new TextEncoder().encode(source);
const png = 'iVBORw0KGgoAAAANSUhEUgAA';

/** A file in base64 of so many characters. */
function file(length: number, head = png): string {
  return head + 'Qk+/'.repeat(Math.ceil((length - head.length) / 4)).slice(0, length - head.length);
}

describe('files', () => {
  test.each([
    ['bare', file(100_000)],
    ['of a data URL', `data:image/png;base64,${file(100_000)}`],
    ['of a data URL with parameters', `data:image/png;name=a.b;base64,${file(100_000)}`],
    ['JPEG', file(100_000, '/9j/4AAQ')],
    ['PDF', file(100_000, 'JVBERi0xLjcK')],
  ])('%s are lifted, and come back wherever they are put', (_, data) => {
    const body = bytes(JSON.stringify({ before: 'né', data, after: [1] }));
    const lifted = liftFiles(body);
    expect(lifted?.text.length).toBeLessThan(300);
    const parsed = JSON.parse(lifted?.text ?? '') as { readonly data: string };
    const moved = JSON.stringify({ url: `>${parsed.data}<`, again: JSON.stringify({ deep: parsed.data }) });
    expect(text(lifted?.restore(moved) ?? body)).toBe(
      JSON.stringify({ url: `>${data}<`, again: JSON.stringify({ deep: data }) }),
    );
  });

  test('a stand-in is base64 that begins as the file does, and no UTF-8', () => {
    const parsed = JSON.parse(liftFiles(bytes(JSON.stringify([file(100_000)])))?.text ?? '') as readonly [string];
    expect(parsed[0].startsWith(png.slice(0, 16))).toBe(true);
    const decoded = Uint8Array.from(atob(parsed[0]), (character) => character.charCodeAt(0));
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(decoded)).toThrow();
  });

  test.each([
    ['short ones', JSON.stringify([file(60_000)])],
    ['long texts', JSON.stringify(['word '.repeat(40_000)])],
    ['base64 of anything else, which may be a text or a seal', JSON.stringify([file(100_000, 'eyJAcHJveHki')])],
    ['what holds an escape', `["${file(100_000)}\\n${png}"]`],
    ['what is no JSON string', `["${file(100_000)}\n"]`],
    ['what is not ASCII', `["${file(100_000)}é"]`],
    ['a file within a string that is JSON itself', JSON.stringify([JSON.stringify([file(100_000)])])],
  ])('%s are left where they are', (_, body) => {
    expect(liftFiles(bytes(body))).toBeUndefined();
  });
});

test('whatever the body, what is lifted comes back byte for byte', () => {
  const member = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer({ min: 60_000, max: 150_000 }).map((length) => file(length)),
    fc.integer({ min: 60_000, max: 150_000 }).map((length) => `data:image/jpeg;base64,${file(length, '/9j/')}`),
    fc.integer({ min: 60_000, max: 150_000 }).map((length) => `"${file(length)}`),
  );
  fc.assert(
    fc.property(fc.array(member, { maxLength: 5 }), fc.nat({ max: 40_000 }), (members, shift) => {
      const value = { shift: ' '.repeat(shift), members };
      const body = bytes(JSON.stringify(value));
      const lifted = liftFiles(body);
      const liftable = members.some((one) => one.length > 65_600 && !one.startsWith('"'));
      expect(lifted !== undefined).toBe(liftable);
      if (lifted) expect(text(lifted.restore(JSON.stringify(JSON.parse(lifted.text))))).toBe(text(body));
    }),
    { numRuns: 60 },
  );
});
