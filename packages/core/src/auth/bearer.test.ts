import { expect, test } from 'vitest';
import { bearerToken } from './bearer.ts';

test.each([
  ['Bearer sk-1', 'sk-1'],
  ['bearer sk-1', 'sk-1'],
  ['Bearer  sk-1', 'sk-1'],
  ['Bearer sk-1 ', 'sk-1'],
  ['Bearer', undefined],
  ['Bearer ', undefined],
  ['Bearer sk-1 sk-2', undefined],
  ['Basic c2s=', undefined],
  ['Bearersk-1', undefined],
])('the token of "%s" is %s', (authorization, token) => {
  expect(bearerToken({ authorization })).toBe(token);
  expect(bearerToken({})).toBeUndefined();
});
