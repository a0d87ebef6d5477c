import { expect, test } from 'vitest';
import { errorWithout, mayBeSecret, secretsSent } from './unsaid.ts';

const aws = 'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG:us-east-1';

test.each([
  ['a key, shown as it is', secretsSent('sk-1', { authorization: 'Bearer sk-1' }, {}), ['sk-1']],
  ['a token for a secret', secretsSent('{file}', { authorization: 'Bearer ya29' }, {}), ['{file}', 'ya29']],
  ['what the caller sent', secretsSent('sk-1', { authorization: 'x' }, { authorization: 'x' }), ['sk-1']],
  ['long parts', secretsSent(aws, {}, {}), [aws, 'wJalrXUtnFEMI/K7MDENG', 'AKIAIOSFODNN7EXAMPLE']],
  ['no key', secretsSent('', {}, {}), []],
  ['a configured header', secretsSent('', {}, {}, { 'x-auth': 'Basic YTpi', 'x-app': 'ours' }), ['Basic YTpi', 'YTpi']],
])('what may come back of %s', (_what, found, expected) => {
  expect(found).toEqual(expected);
});

test.each([
  ['x-api-key', 'a', true],
  ['cf-access-client-id', 'f3a91b02c7de4a11.access', true],
  ['x-team', 'search', false],
  ['x-team', 'the-team-of-the-search', false],
  ['anthropic-beta', 'context-1m-2025-08-07', false],
  ['x-trace', 'words with 1 space in them', false],
])('%s: %s may be a secret: %s', (name, value, expected) => {
  expect(mayBeSecret(name, value)).toBe(expected);
});

test('an error is told without them, however short they are', () => {
  const body = new TextEncoder().encode('Incorrect key: abc. Key: abc!');
  expect(new TextDecoder().decode(errorWithout(body, ['abc']))).toBe('Incorrect key: ***. Key: ***!');
  expect(errorWithout(body, ['xyz'])).toBe(body);
});
