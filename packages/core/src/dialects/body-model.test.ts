import { describe, expect, test } from 'vitest';
import { topLevel } from '../bytes/splice.ts';
import { Failure } from '../conversation/failure.ts';
import { glanceBody, renameBody } from './body-model.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const glance = (text: string) => glanceBody(topLevel(encode(text)));

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

test.each<[string, boolean]>([
  ['{"model":"gpt-5"}', false],
  ['{"model":"gpt-5","stream":null}', false],
  ['{"model":"gpt-5","stream":false}', false],
  ['{"stream":true,"model":"gpt-5"}', true],
])('glances at %s', (text, streaming) => {
  expect(glance(text)).toEqual({ model: 'gpt-5', streaming });
});

describe('refuses with a Failure naming the field', () => {
  test.each(['{}', '{"model":""}', '{"model":null}', '{"model":5}', '{"model":["gpt-5"]}'])('model: %s', (text) => {
    const failure = failureOf(() => glance(text));
    expect([failure.kind, failure.details.field]).toEqual(['bad-request', 'model']);
    expect(failure.message).toMatch(/^Missing "model": /);
  });

  test.each(['"true"', '1', '{}'])('stream: %s', (stream) => {
    const failure = failureOf(() => glance(`{"model":"gpt-5","stream":${stream}}`));
    expect([failure.kind, failure.details.field]).toEqual(['bad-request', 'stream']);
  });

  test.each(['', '[]', 'null', '{"model":"gpt-5"', '{"model":gpt}'])('the body: %j', (text) => {
    const failure = failureOf(() => glance(text));
    expect(failure.kind).toBe('bad-request');
    expect(failure.message).toMatch(/^The body must be a JSON object\. /);
  });
});

test('renames and touches nothing else', () => {
  const renamed = renameBody(encode('{ "stream" : true, "model":\t"a" }'), 'vendor/"b"');
  expect(new TextDecoder().decode(renamed)).toBe('{ "stream" : true, "model":\t"vendor/\\"b\\"" }');
});

test('renames only JSON objects', () => {
  expect(failureOf(() => renameBody(encode('[1]'), 'x')).kind).toBe('bad-request');
});
