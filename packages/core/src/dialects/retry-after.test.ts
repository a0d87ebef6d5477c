import { expect, test } from 'vitest';
import { retryAfter } from './retry-after.ts';

const date = 'Sat, 21 Nov 2026 09:00:00 GMT';

test.each([
  [{ 'retry-after': '7' }, 7],
  [{ 'retry-after': '7', 'retry-after-ms': '6500' }, 6.5],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': 'Sat, 21 Nov 2026 09:01:30 GMT', date }, 90],
  [{ 'retry-after': 'Sat, 21 Nov 2026 09:01:30 GMT' }, undefined],
  [{ 'retry-after': 'Sat, 21 Nov 2026 08:59:00 GMT', date }, undefined],
  [{ 'retry-after': '', 'retry-after-ms': ' ' }, undefined],
  [{ 'retry-after': '-5', date }, undefined],
  [{ 'retry-after': 'soon', 'retry-after-ms': '-1', date }, undefined],
  [{}, undefined],
])('%j asks for %s seconds', (headers, seconds) => {
  expect(retryAfter(headers)).toBe(seconds);
});
