import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure, failureKinds, type FailureKind } from '../../conversation/failure.ts';
import type { Json } from '../../json.ts';
import { decodeError, encodeError } from './errors.ts';

const encode = (failure: Failure) => encodeError(failure, {});
const error = (code: number, status: string, message = 'x', details: Json[] = []) => ({
  error: { code, message, status, details },
});

describe('reading', () => {
  test.each<[number, string, FailureKind]>([
    [400, 'INVALID_ARGUMENT', 'bad-request'],
    [400, 'FAILED_PRECONDITION', 'bad-request'],
    [401, 'UNAUTHENTICATED', 'unauthenticated'],
    [403, 'PERMISSION_DENIED', 'forbidden'],
    [404, 'NOT_FOUND', 'not-found'],
    [409, 'ABORTED', 'conflict'],
    [413, 'INVALID_ARGUMENT', 'too-large'],
    [429, 'RESOURCE_EXHAUSTED', 'rate-limited'],
    [499, 'CANCELLED', 'client-gone'],
    [500, 'INTERNAL', 'server'],
    [503, 'UNAVAILABLE', 'overloaded'],
    [504, 'DEADLINE_EXCEEDED', 'timeout'],
    [400, 'NEWER_THAN_US', 'bad-request'],
  ])('E2 %i %s is %s', (status, word, kind) => {
    expect(decodeError(status, error(status, word), {}).kind).toBe(kind);
  });

  test('E2 a bad key is a 400 here, and unauthenticated', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
    expect(decodeError(400, error(400, 'INVALID_ARGUMENT', 'x', details), {})).toMatchObject({
      kind: 'unauthenticated',
      status: 401,
    });
    expect(
      decodeError(400, error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'), {}).kind,
    ).toBe('unauthenticated');
  });

  test.each([
    [
      'The input token count (1200345) exceeds the maximum number of tokens allowed (1048576).',
      { used: 1_200_345, maximum: 1_048_576 },
    ],
    ['The input token count exceeds the maximum number of tokens allowed (1,048,576).', { maximum: 1_048_576 }],
    ['The input token count exceeds the maximum number of tokens allowed 1048576.', { maximum: 1_048_576 }],
    [
      'Unable to submit request because the input token count is 40000 but model only supports up to 32768. Reduce the input token count and try again.',
      { used: 40_000, maximum: 32_768 },
    ],
  ])('E3 %s', (message, tokens) => {
    const failure = decodeError(400, error(400, 'INVALID_ARGUMENT', message), {});
    expect(failure.kind).toBe('context-too-long');
    expect(failure.details.tokens).toMatchObject(tokens);
  });

  test('E7 RetryInfo says how long to wait; the header does where it is missing', () => {
    const wait = (retryDelay: Json) =>
      decodeError(
        429,
        error(429, 'RESOURCE_EXHAUSTED', 'x', [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }]),
        { 'retry-after': '9' },
      ).details.retryAfterSeconds;
    expect(wait('1.5s')).toBe(1.5);
    expect(wait({ seconds: '2', nanos: 500_000_000 })).toBe(2.5);
    expect(wait('soon')).toBe(9);
    const dated = { date: 'Sat, 21 Nov 2026 09:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 09:01:30 GMT' };
    expect(decodeError(503, '', dated).details.retryAfterSeconds).toBe(90);
    expect(decodeError(503, '', { 'retry-after': '' }).details.retryAfterSeconds).toBeUndefined();
  });

  test('the field at fault, the code and the request are told', () => {
    const details = [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'contents[0].parts', description: 'x' }],
      },
      { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'q1' },
    ];
    expect(decodeError(400, error(400, 'INVALID_ARGUMENT', 'x', details), {}).details).toEqual({
      told: true,
      code: 'INVALID_ARGUMENT',
      field: 'contents[0].parts',
      requestId: 'q1',
    });
  });

  test('X5 an error within an array, a bare string and a page of HTML are read', () => {
    expect(decodeError(503, [error(503, 'UNAVAILABLE', 'Busy.')], {})).toMatchObject({
      kind: 'overloaded',
      message: 'Busy.',
    });
    expect(decodeError(502, '<html>', {})).toMatchObject({ kind: 'bad-upstream', message: '<html>' });
    expect(decodeError(418, { error: 'teapot' }, {})).toMatchObject({
      kind: 'bad-request',
      message: 'teapot',
      status: 418,
    });
    expect(decodeError(500, null, {}).message).toBe('The upstream answered 500.');
  });

  test('anything at all is read without throwing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700 }), fc.jsonValue(), (status, body) => {
        expect(decodeError(status, { error: body as Json }, {})).toBeInstanceOf(Failure); // jsonValue is Json by another name
        expect(decodeError(status, body as Json, {})).toBeInstanceOf(Failure); // as above
      }),
    );
  });
});

describe('writing', () => {
  const kinds = Object.keys(failureKinds) as FailureKind[]; // the keys of a table of kinds
  test.each(kinds)('E1 E2 %s is written as Google would and read again as itself', (kind) => {
    const { status, body, headers } = encode(new Failure(kind, 'Something is wrong.'));
    expect(body).toMatchObject({ error: { code: status, status: expect.stringMatching(/^[A-Z_]+$/) as string } }); // matchers are typed any
    expect(decodeError(status, body, headers).kind).toBe(kind);
  });

  test('E3 an overflow has the words that clients look for', () => {
    const failure = new Failure('context-too-long', 'prompt is too long: 9 tokens > 5 maximum', {
      tokens: { used: 9, maximum: 5 },
    });
    expect(encode(failure).body).toMatchObject({
      error: {
        code: 400,
        message:
          'The input token count (9) exceeds the maximum number of tokens allowed (5). prompt is too long: 9 tokens > 5 maximum',
      },
    });
  });

  test("E7 529 is only Anthropic's", () => {
    expect(encode(new Failure('overloaded', 'x', { status: 529 })).status).toBe(503);
  });

  test('E7 a wait is told in the body and in whole seconds in the header', () => {
    const { headers, body } = encode(new Failure('rate-limited', 'x', { retryAfterSeconds: 1.5 }));
    expect(headers).toEqual({ 'retry-after': '2' });
    expect(body).toMatchObject({
      error: { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }] },
    });
  });

  test('the field and the request are told', () => {
    const { body } = encodeError(new Failure('bad-request', 'No.', { field: 'contents' }), { requestId: 'q1' });
    expect(body).toMatchObject({
      error: { details: [{ fieldViolations: [{ field: 'contents', description: 'No.' }] }, { requestId: 'q1' }] },
    });
  });
});
