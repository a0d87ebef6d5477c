import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSearch } from './search.ts';

test('finds where indexOf finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(
      text,
      text.filter((needle) => needle !== ''),
      fc.nat(10),
      (hay, needle, from) => {
        expect(createSearch(needle)(new TextEncoder().encode(hay), from)).toBe(hay.indexOf(needle, from));
      },
    ),
  );
});

test('finds a mark at either end and in the middle of many bytes', () => {
  const found = createSearch('eyJAcHJveHkiOjEs');
  const noise = 'eyJAcHJveHkiOjE'.repeat(1000);
  for (const hay of [`${noise}s`, `eyJAcHJveHkiOjEs${noise}`, `${noise}eyJAcHJveHkiOjEs${noise}`])
    expect(found(new TextEncoder().encode(hay))).toBe(hay.indexOf('eyJAcHJveHkiOjEs'));
  expect(found(new TextEncoder().encode(noise))).toBe(-1);
});
