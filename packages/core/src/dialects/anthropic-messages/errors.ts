import {
  Failure,
  failureKinds,
  kindOfStatus,
  type FailureDetails,
  type FailureKind,
} from '../../conversation/failure.ts';
import { lookUp, isObject, object, text, type Json, type JsonObject } from '../../json.ts';
import type { EncodedError, EncodeErrorContext, HeaderMap } from '../dialect.ts';
import { anthropicQuotaHeaders } from '../quota-headers.ts';
import { retryAfter } from '../retry-after.ts';
import type { WireError, WireErrorType } from './wire.ts';

/** Table a6: what each kind is called here, and the status it has. */
const errorTypes = {
  'bad-request': { status: 400, type: 'invalid_request_error' },
  'context-too-long': { status: 400, type: 'invalid_request_error' },
  'content-filtered': { status: 400, type: 'invalid_request_error' },
  unauthenticated: { status: 401, type: 'authentication_error' },
  billing: { status: 402, type: 'billing_error' },
  forbidden: { status: 403, type: 'permission_error' },
  'not-found': { status: 404, type: 'not_found_error' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error' },
  conflict: { status: 409, type: 'conflict_error' },
  'too-large': { status: 413, type: 'request_too_large' },
  'unsupported-media': { status: 415, type: 'invalid_request_error' },
  unprocessable: { status: 422, type: 'invalid_request_error' },
  'rate-limited': { status: 429, type: 'rate_limit_error' },
  'client-gone': { status: 499, type: 'api_error' },
  server: { status: 500, type: 'api_error' },
  'bad-upstream': { status: 502, type: 'api_error' },
  // Only here: everywhere else an overload is a 503 (E7).
  overloaded: { status: 529, type: 'overloaded_error' },
  timeout: { status: 504, type: 'timeout_error' },
} as const satisfies Record<FailureKind, { status: number; type: WireErrorType }>;

/** Types that say more than a status does. */
const kindsOfType: Readonly<Record<string, FailureKind>> = {
  authentication_error: 'unauthenticated',
  billing_error: 'billing',
  permission_error: 'forbidden',
  not_found_error: 'not-found',
  conflict_error: 'conflict',
  request_too_large: 'too-large',
  rate_limit_error: 'rate-limited',
  timeout_error: 'timeout',
  overloaded_error: 'overloaded',
};

export function decodeError(status: number, body: Json, headers: HeaderMap): Failure {
  return decodeErrorBody(status, body, headers);
}

/** `status` is absent for an error inside a stream or a reply that began well. */
export function decodeErrorBody(status: number | undefined, body: Json, headers: HeaderMap): Failure {
  const error = isObject(body) ? (object(body.error) ?? body) : {};
  const message = messageOf(body, error) ?? `The upstream answered ${status ?? 'an error'} without a message.`;
  const details = object(error.details);
  const code = text(details?.error_code);
  const kind = kindOf(status, text(error.type), message, code);
  const requestId = (isObject(body) ? text(body.request_id) : undefined) ?? headers['request-id'];
  const retryAfterSeconds = retryAfter(headers);
  const shouldRetry = headers['x-should-retry'];
  const tokens = kind === 'context-too-long' ? tokensIn(message) : undefined;
  const known: FailureDetails = {
    told: true,
    ...(status !== undefined && status >= 400 && status !== failureKinds[kind].status && { status }),
    ...(code !== undefined && { code }),
    ...(details && { details }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...((shouldRetry === 'true' || shouldRetry === 'false') && { shouldRetry: shouldRetry === 'true' }),
    ...(tokens && { tokens }),
  };
  return new Failure(kind, message, known);
}

function messageOf(body: Json, error: JsonObject): string | undefined {
  const told = text(error.message) ?? (isObject(body) ? (text(body.error) ?? text(body.Message)) : text(body)?.trim());
  return told === '' ? undefined : told?.slice(0, maxMessage);
}

/** An HTML page from some proxy is not worth more. */
const maxMessage = 2000;

const tooLong = /prompt is too long|input is too long|exceeds? (the )?(model's )?context (limit|window)/i;
const ownWords = /prompt is too long|exceed context limit: \d+ \+ \d+ > \d+/i;
const noCredit = /credit balance is too low/i;
const filtered = /content filtering policy/i;
/** How our own errors tell this kind from other bad requests, which Anthropic itself does by its words. */
const filteredCode = 'content_filtered';

function kindOf(
  status: number | undefined,
  type: string | undefined,
  message: string,
  code: string | undefined,
): FailureKind {
  const named = lookUp(kindsOfType, type);
  if (named) return named;
  const byStatus = status === undefined ? kindOfGeneralType(type) : kindOfStatus(status);
  if (byStatus !== 'bad-request') return byStatus;
  if (tooLong.test(message)) return 'context-too-long';
  if (noCredit.test(message)) return 'billing';
  return code === filteredCode || filtered.test(message) ? 'content-filtered' : 'bad-request';
}

function kindOfGeneralType(type: string | undefined): FailureKind {
  return type === 'invalid_request_error' ? 'bad-request' : 'server';
}

/** E3: "prompt is too long: N tokens > M maximum", or "input length and `max_tokens` exceed context limit: A + B > M". */
function tokensIn(message: string): FailureDetails['tokens'] {
  const prompt = /(\d+) tokens? > (\d+)/.exec(message);
  if (prompt) return { used: Number(prompt[1]), maximum: Number(prompt[2]) };
  const sum = /(\d+) \+ (\d+) > (\d+)/.exec(message);
  return sum ? { used: Number(sum[1]) + Number(sum[2]), maximum: Number(sum[3]) } : undefined;
}

export function encodeError(failure: Failure, context: EncodeErrorContext): EncodedError {
  const { retryAfterSeconds, shouldRetry } = failure.details;
  const headers: Record<string, string> = { ...anthropicQuotaHeaders(failure) };
  if (retryAfterSeconds !== undefined) {
    headers['retry-after'] = String(Math.ceil(retryAfterSeconds));
    if (!Number.isInteger(retryAfterSeconds)) headers['retry-after-ms'] = String(Math.round(retryAfterSeconds * 1000));
  }
  if (shouldRetry !== undefined) headers['x-should-retry'] = String(shouldRetry);
  if (context.requestId !== undefined) headers['request-id'] = context.requestId;
  return { status: statusOf(failure), headers, body: errorBody(failure, context.requestId) };
}

/** A vendor's odd status is kept where no other says more (a 418 stays a 418). */
function statusOf(failure: Failure): number {
  const told = failure.details.status;
  const catchAll = failure.kind === 'bad-request' || failure.kind === 'server';
  return catchAll && told !== undefined && kindOfStatus(told) === failure.kind ? told : errorTypes[failure.kind].status;
}

export function errorBody(failure: Failure, requestId: string | undefined): WireError {
  const details =
    failure.details.details ??
    quotaDetails(failure) ??
    (failure.kind === 'content-filtered' ? { error_code: filteredCode } : undefined);
  return {
    type: 'error',
    error: { type: errorTypes[failure.kind].type, message: messageFor(failure), ...(details && { details }) },
    request_id: requestId ?? null,
  };
}

function quotaDetails({ details: { code, quota } }: Failure) {
  return quota && { ...quota, ...(code !== undefined && { error_code: code }) };
}

/** Claude Code knows a full context by Anthropic's own words, and reads the numbers (E3). */
function messageFor(failure: Failure): string {
  if (failure.kind !== 'context-too-long' || ownWords.test(failure.message)) return failure.message;
  const { used, maximum } = failure.details.tokens ?? {};
  if (used !== undefined && maximum !== undefined) return `prompt is too long: ${used} tokens > ${maximum} maximum`;
  return `prompt is too long: ${failure.message}`;
}
