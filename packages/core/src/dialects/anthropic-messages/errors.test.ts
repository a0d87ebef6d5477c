import { describe, expect, test } from 'vitest';
import { Failure, failureKinds, type FailureDetails, type FailureKind } from '../../conversation/failure.ts';
import type { Json } from '../../json.ts';
import { anthropicMessages } from './index.ts';

const encode = (kind: FailureKind, message = 'No.', details: FailureDetails = {}) =>
  anthropicMessages.encodeError(new Failure(kind, message, details), { requestId: 'req_1' });
const decode = (status: number, body: Json, headers = {}) => anthropicMessages.decodeError(status, body, headers);

describe('table a6', () => {
  const rows: readonly (readonly [FailureKind, number, string])[] = [
    ['bad-request', 400, 'invalid_request_error'],
    ['context-too-long', 400, 'invalid_request_error'],
    ['unauthenticated', 401, 'authentication_error'],
    ['billing', 402, 'billing_error'],
    ['forbidden', 403, 'permission_error'],
    ['not-found', 404, 'not_found_error'],
    ['conflict', 409, 'conflict_error'],
    ['too-large', 413, 'request_too_large'],
    ['rate-limited', 429, 'rate_limit_error'],
    ['server', 500, 'api_error'],
    ['bad-upstream', 502, 'api_error'],
    ['timeout', 504, 'timeout_error'],
    ['overloaded', 529, 'overloaded_error'],
  ];
  test.each(rows)('E2 %s is %i %s', (kind, status, type) => {
    expect(encode(kind)).toMatchObject({ status, body: { type: 'error', error: { type }, request_id: 'req_1' } });
  });
  test.each(Object.keys(failureKinds) as FailureKind[])('E1 %s comes back as itself', (kind) => {
    const { status, body, headers } = encode(kind);
    expect(decode(status, body, headers).kind).toBe(kind);
  }); // the keys of the table are its kinds
});

test('E3 a full context is told in the words Claude Code reads, both ways', () => {
  const failure = decode(400, {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
  });
  expect(failure).toMatchObject({ kind: 'context-too-long', details: { tokens: { used: 210_000, maximum: 200_000 } } });
  const foreign = encode('context-too-long', 'This model’s maximum context length is 8192 tokens.', {
    tokens: { used: 9000, maximum: 8192 },
  });
  expect(foreign.body.error).toEqual({
    type: 'invalid_request_error',
    message: 'prompt is too long: 9000 tokens > 8192 maximum',
  });
  expect(encode('context-too-long', 'Too much.').body.error).toMatchObject({
    message: 'prompt is too long: Too much.',
  });
});
test('E7 retry hints go both ways', () => {
  const hints = { 'retry-after': '7', 'retry-after-ms': '6500', 'x-should-retry': 'false' };
  const failure = decode(429, { error: { type: 'rate_limit_error', message: 'Slow.' } }, hints);
  expect(failure.details).toMatchObject({ retryAfterSeconds: 6.5, shouldRetry: false });
  expect(encode('rate-limited', 'Slow.', failure.details).headers).toEqual({ ...hints, 'request-id': 'req_1' });
  expect(encode('overloaded', 'Busy.', { retryAfterSeconds: 3 }).headers).toMatchObject({ 'retry-after': '3' });
});
test('E7 a date in retry-after counts from the answer’s own', () => {
  const headers = { date: 'Sat, 21 Nov 2026 09:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 09:01:30 GMT' };
  expect(decode(503, '', headers).details.retryAfterSeconds).toBe(90);
  expect(decode(503, '', { 'retry-after': 'Sat, 21 Nov 2026 09:01:30 GMT' }).details.retryAfterSeconds).toBeUndefined();
  expect(decode(503, '', { 'retry-after': 'soon' }).details.retryAfterSeconds).toBeUndefined();
});
test('E7 an overload is a 529 here, whatever status it had elsewhere', () => {
  expect(encode('overloaded', 'Busy.', { status: 503 }).status).toBe(529);
  expect(encode('bad-request', 'Teapot.', { status: 418 }).status).toBe(418);
  expect(encode('context-too-long', 'Long.', { status: 413 }).status).toBe(400);
});
test('a thread that is not kept is refused in the very words the SDK’s runner reads', () => {
  const decodeThread = () =>
    anthropicMessages.decodeRequest(
      { model: 'm', messages: [], thread: { type: 'create' } },
      { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined },
    );
  let failure: unknown;
  try {
    decodeThread();
  } catch (error) {
    failure = error;
  }
  expect(anthropicMessages.encodeError(failure as Failure, {})).toMatchObject({
    status: 400,
    body: {
      error: { type: 'invalid_request_error', details: { error_code: 'thread_unsupported_request', unsupported: [] } },
    },
  }); // checked by what it is made into
});
test.each([
  ['', 503, 'overloaded'],
  ['<html>Bad Gateway</html>', 502, 'bad-upstream'],
  [{ error: { message: 'x', type: 'invalid_request_error', code: 'y' } }, 401, 'unauthenticated'],
  [{ message: 'Too many requests' }, 429, 'rate-limited'],
  [{ error: 'plain' }, 500, 'server'],
  [null, 418, 'bad-request'],
  [[1], 404, 'not-found'],
] as const)('a body of no known form, %j, is a failure by its status', (body, status, kind) => {
  const failure = decode(status, body);
  expect(failure.kind).toBe(kind);
  expect(failure.message).not.toBe('');
});
test('old words for an empty account and for the content filter are understood', () => {
  const message = (text: string) => decode(400, { error: { type: 'invalid_request_error', message: text } }).kind;
  expect(message('Your credit balance is too low to access the Anthropic API.')).toBe('billing');
  expect(message('Output blocked by content filtering policy')).toBe('content-filtered');
});
