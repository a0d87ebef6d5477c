import { Failure } from '../../conversation/failure.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { decodeOpenaiError } from '../openai-errors.ts';
import { streamErrorCodes } from './vocabulary.ts';

export { decodeOpenaiError as decodeError, encodeOpenaiError as encodeError } from '../openai-errors.ts';

/** `response.error` of a failed response: no HTTP status tells its kind, so the code must (R7, table a6). */
export function responseError(failure: Failure): JsonObject {
  return { code: streamErrorCodes[failure.kind], message: withRetryHint(failure) };
}

/** Codex reads how long to wait from the words. */
function withRetryHint(failure: Failure): string {
  const wait = failure.details.retryAfterSeconds;
  if (failure.kind !== 'rate-limited' || wait === undefined || /try again in/i.test(failure.message))
    return failure.message;
  return `${failure.message} Please try again in ${wait}s.`;
}

/** The failure of a response whose status is failed or cancelled, or of an `error` event. */
export function failureOfResponse(response: JsonObject): Failure {
  const { error } = response;
  if (isObject(error) || typeof error === 'string') return decodeOpenaiError(0, { error }, {});
  if (response.status === 'cancelled')
    return new Failure('bad-upstream', 'The upstream cancelled the response.', { told: true });
  return new Failure('bad-upstream', 'The upstream failed to answer and did not say why.', { told: true });
}

/** OpenAI nests the error of an `error` event, its published schema does not. */
export function failureOfEvent(event: JsonObject): Failure {
  if (event.error !== undefined && event.error !== null) return failureOfResponse({ error: event.error });
  const { type: _, sequence_number: __, ...error } = event;
  return failureOfResponse({ error });
}
