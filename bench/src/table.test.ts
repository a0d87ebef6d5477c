import { expect, test } from 'vitest';
import { table } from './table.ts';

test('columns are as wide as their widest cell', () => {
  expect(
    table(
      ['name', 'µs'],
      [
        ['relay-json', '49.0'],
        ['x', '100000'],
      ],
    ),
  ).toBe(
    ['| name       |     µs |', '| ---------- | -----: |', '| relay-json |   49.0 |', '| x          | 100000 |'].join(
      '\n',
    ),
  );
});
