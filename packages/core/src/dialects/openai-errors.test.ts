import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure, failureKinds, type FailureKind } from '../conversation/failure.ts';
import type { Json } from '../json.ts';
import { decodeOpenaiError, encodeOpenaiError } from './openai-errors.ts';

const error = (message: string, code: Json = null, type: Json = null) => ({
  error: { message, type, param: null, code },
});

describe('reading', () => {
  test.each<[string, number, Json, FailureKind]>([
    ['E2 an ordinary 400', 400, error('Bad.', null, 'invalid_request_error'), 'bad-request'],
    ['E3 an overflow by its code', 400, error('Too long.', 'context_length_exceeded'), 'context-too-long'],
    [
      'E3 an overflow by its words',
      400,
      error("This model's maximum context length is 8192 tokens."),
      'context-too-long',
    ],
    [
      'E3 an overflow of llama.cpp',
      400,
      { error: { code: 400, message: 'x', type: 'exceed_context_size_error' } },
      'context-too-long',
    ],
    ['E2 a bad key', 401, error('Incorrect API key.', 'invalid_api_key', 'invalid_request_error'), 'unauthenticated'],
    ['E2 no quota left, though 429', 429, error('x', 'insufficient_quota', 'insufficient_quota'), 'billing'],
    ['E2 no quota left, by its words', 429, error('You exceeded your current quota, please check.'), 'billing'],
    ['E2 a rate limit', 429, error('x', 'rate_limit_exceeded', 'requests'), 'rate-limited'],
    ['E2 an unknown model', 404, error('x', 'model_not_found', 'invalid_request_error'), 'not-found'],
    ['E2 an overload', 503, error('x', 'slow_down', 'server_error'), 'overloaded'],
    ['E2 a plain 500', 500, error('x', null, 'server_error'), 'server'],
    ['E2 a server_error with 503', 503, error('x', null, 'server_error'), 'overloaded'],
    ["B7 Azure's filter", 400, error('x', 'content_filter'), 'content-filtered'],
    ["B7 Azure's filter by its words", 400, error("… Azure OpenAI's content management policy."), 'content-filtered'],
    ['E1 a numeric code in a 200', 200, { error: { code: 429, message: 'x' } }, 'rate-limited'],
    ['E1 a numeric code beside its status', 404, { error: { code: 404, message: 'x' } }, 'not-found'],
    ['E1 an error that is a string', 400, { error: 'x' }, 'bad-request'],
    ['E1 an error in an array', 400, [error('x', null)], 'bad-request'],
    ["E1 FastAPI's detail", 422, { detail: [{ loc: ['body', 'model'], msg: 'field required' }] }, 'unprocessable'],
    ['E1 no body', 502, null, 'bad-upstream'],
    ['E1 a page of HTML', 504, '<html><title>504 Gateway Time-out</title></html>', 'timeout'],
    ['E1 a list of nothing', 500, [], 'server'],
    ['E1 a code that objects inherit', 400, error('x', 'constructor'), 'bad-request'],
  ])('%s', (_, status, body, kind) => {
    expect(decodeOpenaiError(status, body, {}).kind).toBe(kind);
  });
  test('E1 an error that is a JSON string inside a message is unwrapped', () => {
    const inner = JSON.stringify(error('Unsupported parameter.', 'unsupported_parameter', 'invalid_request_error'));
    expect(decodeOpenaiError(400, error(inner), {})).toMatchObject({
      kind: 'bad-request',
      message: 'Unsupported parameter.',
      details: { code: 'unsupported_parameter' },
    });
  });
  test('E1 messages come from wherever they are', () => {
    const messageOf = (body: Json) => decodeOpenaiError(500, body, {}).message;
    expect(messageOf('<html><title>502 Bad Gateway</title></html>')).toBe('502 Bad Gateway');
    expect(messageOf({ detail: [{ loc: ['body', 'x'], msg: 'wrong' }] })).toBe('body.x: wrong');
    expect(messageOf({ message: 'flat' })).toBe('flat');
    expect(messageOf({})).toBe('The upstream answered 500 without an explanation.');
  });
  test('E3 the numbers of an overflow are read', () => {
    const text =
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130502 tokens.";
    expect(decodeOpenaiError(400, error(text, 'context_length_exceeded'), {}).details.tokens).toEqual({
      used: 130502,
      maximum: 128000,
    });
  });
  test('E7 a wait is read from headers in seconds, milliseconds or a date, and else from the words', () => {
    const wait = (headers: Record<string, string>, message = 'x') =>
      decodeOpenaiError(429, error(message), headers).details.retryAfterSeconds;
    expect(wait({ 'retry-after': '7' })).toBe(7);
    expect(wait({ 'retry-after': '7', 'retry-after-ms': '6500' })).toBe(6.5);
    expect(wait({ 'retry-after': 'Fri, 20 Nov 2026 10:00:09 GMT', date: 'Fri, 20 Nov 2026 10:00:00 GMT' })).toBe(9);
    expect(wait({}, 'Please try again in 1.5s.')).toBe(1.5);
    expect(wait({}, 'Please try again in 20ms.')).toBe(0.02);
    expect(wait({}, 'Please try again in 1m30s.')).toBe(90);
    expect(wait({}, 'Please try again in an hour.')).toBeUndefined();
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined();
  });
  test('a status that only its vendor knows is kept for the two catch-all kinds', () => {
    expect(encodeOpenaiError(decodeOpenaiError(418, error('teapot'), {})).status).toBe(418);
    expect(encodeOpenaiError(decodeOpenaiError(520, error('cloud'), {})).status).toBe(520);
  });
  test('no body and no status makes it throw', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 700 }), fc.jsonValue(), (status, body) => {
        expect(decodeOpenaiError(status, body as Json, {})).toBeInstanceOf(Failure);
      }),
    );
  });
});

describe('writing', () => {
  const kinds = Object.keys(failureKinds) as FailureKind[]; // the keys of that table are its kinds
  test.each(kinds)('E2 %s comes back as itself', (kind) => {
    const { status, headers, body } = encodeOpenaiError(new Failure(kind, 'x'), { requestId: 'req_1' });
    expect(decodeOpenaiError(status, body, headers)).toMatchObject({ kind, details: { requestId: 'req_1' } });
  });
  test('E7 CX7 an overload is 503 and never 529; billing is 429 with insufficient_quota', () => {
    expect(encodeOpenaiError(new Failure('overloaded', 'x', { status: 529 })).status).toBe(503);
    expect(encodeOpenaiError(new Failure('billing', 'x'))).toMatchObject({
      status: 429,
      body: { error: { code: 'insufficient_quota' } },
    });
  });
  test('E1 the envelope has its four members, the field in param', () => {
    expect(encodeOpenaiError(new Failure('bad-request', 'Wrong.', { field: 'input[0]' })).body).toEqual({
      error: { message: 'Wrong.', type: 'invalid_request_error', param: 'input[0]', code: null },
    });
  });
  test("E1 codes of OpenAI's own are kept, those of other vendors are not", () => {
    const code = (kind: FailureKind, given: string) =>
      (encodeOpenaiError(new Failure(kind, 'x', { code: given })).body.error as { code: unknown }).code; // as just written
    expect(code('bad-request', 'unsupported_parameter')).toBe('unsupported_parameter');
    expect(code('bad-request', 'INVALID_ARGUMENT')).toBe(null);
    expect(code('overloaded', 'overloaded_error')).toBe(null);
    expect(code('context-too-long', 'whatever')).toBe('context_length_exceeded');
  });
  test('E7 a wait is told in whole seconds, and exactly beside them', () => {
    expect(encodeOpenaiError(new Failure('rate-limited', 'x', { retryAfterSeconds: 1.5 })).headers).toEqual({
      'retry-after': '2',
      'retry-after-ms': '1500',
    });
  });
});
