import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSearch } from './search.ts';

test('finds what includes finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(
      text,
      text.filter((needle) => needle !== ''),
      (hay, needle) => {
        expect(createSearch(needle)(new TextEncoder().encode(hay))).toBe(hay.includes(needle));
      },
    ),
  );
});

test('finds a mark at either end and in the middle of many bytes', () => {
  const found = createSearch('eyJAcHJveHkiOjEs');
  const noise = 'eyJAcHJveHkiOjE'.repeat(1000);
  for (const hay of [`${noise}s`, `eyJAcHJveHkiOjEs${noise}`, `${noise}eyJAcHJveHkiOjEs${noise}`])
    expect(found(new TextEncoder().encode(hay))).toBe(true);
  expect(found(new TextEncoder().encode(noise))).toBe(false);
});
