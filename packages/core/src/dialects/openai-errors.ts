import { failureKinds, kindOfStatus, Failure, type FailureDetails, type FailureKind } from '../conversation/failure.ts';
import { isArray, isObject, number, object, text, tryParseJson, type Json, type JsonObject } from '../json.ts';
import type { EncodedError, EncodeErrorContext, HeaderMap } from './dialect.ts';
import { openaiQuotaHeaders } from './quota-headers.ts';
import { retryAfter } from './retry-after.ts';

/** Reads an error of either OpenAI dialect, in the forms that OpenAI, Azure and compatible vendors give it. Never throws. */
export function decodeOpenaiError(status: number, body: Json, headers: HeaderMap = {}): Failure {
  const error = findError(body);
  const message = error.message || `The upstream answered ${status} without an explanation.`;
  const kind = kindOf(status, error, message);
  const retryAfterSeconds = retryAfter(headers) ?? retryAfterInWords(message);
  const details: Mutable<FailureDetails> = { told: true };
  if (kindOfStatus(status) === kind && failureKinds[kind].status !== status && status >= 400) details.status = status;
  if (error.param !== undefined) details.field = error.param;
  if (error.code !== undefined) details.code = error.code;
  if (retryAfterSeconds !== undefined) details.retryAfterSeconds = retryAfterSeconds;
  const tokens = kind === 'context-too-long' ? tokensIn(message) : undefined;
  if (tokens) details.tokens = tokens;
  const requestId = headers['x-request-id'] ?? headers['apim-request-id'];
  if (requestId !== undefined) details.requestId = requestId;
  return new Failure(kind, message, details);
}

/** Writes a failure as OpenAI's `{error: {message, type, param, code}}` with the status of table a6. */
export function encodeOpenaiError(failure: Failure, context: EncodeErrorContext = {}): EncodedError {
  const { retryAfterSeconds, shouldRetry } = failure.details;
  const headers: Record<string, string> = { ...openaiQuotaHeaders(failure) };
  if (retryAfterSeconds !== undefined) {
    // RFC 9110 §10.2.3 knows whole seconds only; OpenAI's SDKs read retry-after-ms first.
    headers['retry-after'] = String(Math.ceil(retryAfterSeconds));
    if (!Number.isInteger(retryAfterSeconds)) headers['retry-after-ms'] = String(Math.round(retryAfterSeconds * 1000));
  }
  // OpenAI's SDKs read it before they look at the status.
  if (shouldRetry !== undefined) headers['x-should-retry'] = String(shouldRetry);
  if (context.requestId !== undefined) headers['x-request-id'] = context.requestId;
  return { status: statusOf(failure), headers, body: { error: openaiErrorMembers(failure) } };
}

/** The error object alone: Chat streams send it as an event of its own. */
export function openaiErrorMembers(failure: Failure): JsonObject {
  return {
    message: failure.message,
    type: rows[failure.kind].type,
    param: failure.details.field ?? null,
    code: codeOf(failure),
    ...(failure.details.quota && { info: { ...failure.details.quota } }),
  };
}

interface Row {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

/** Catalogue table a6, the Chat/Resp column. */
const rows = {
  'bad-request': { status: 400, type: 'invalid_request_error', code: null },
  'context-too-long': { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  'content-filtered': { status: 400, type: 'invalid_request_error', code: 'content_filter' },
  unauthenticated: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  billing: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  forbidden: { status: 403, type: 'permission_error', code: null },
  'not-found': { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error', code: null },
  conflict: { status: 409, type: 'invalid_request_error', code: null },
  'too-large': { status: 413, type: 'invalid_request_error', code: null },
  'unsupported-media': { status: 415, type: 'invalid_request_error', code: null },
  unprocessable: { status: 422, type: 'invalid_request_error', code: null },
  'rate-limited': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  'client-gone': { status: 499, type: 'invalid_request_error', code: null },
  server: { status: 500, type: 'server_error', code: null },
  'bad-upstream': { status: 502, type: 'server_error', code: null },
  overloaded: { status: 503, type: 'server_error', code: null },
  timeout: { status: 504, type: 'server_error', code: null },
} as const satisfies Record<FailureKind, Row>;

/** What a code means, whatever the status beside it. Codes in lower case. */
const kindsOfCodes: Readonly<Record<string, FailureKind>> = {
  context_length_exceeded: 'context-too-long',
  context_window_exceeded: 'context-too-long',
  model_context_window_exceeded: 'context-too-long',
  exceed_context_size_error: 'context-too-long',
  content_filter: 'content-filtered',
  content_policy_violation: 'content-filtered',
  image_content_policy_violation: 'content-filtered',
  misalignment_policy_violation: 'content-filtered',
  bio_policy: 'content-filtered',
  responsibleaipolicyviolation: 'content-filtered',
  moderation_blocked: 'content-filtered',
  insufficient_quota: 'billing',
  billing_hard_limit_reached: 'billing',
  billing_not_active: 'billing',
  usage_not_included: 'billing',
  billing_error: 'billing',
  invalid_api_key: 'unauthenticated',
  invalid_authentication: 'unauthenticated',
  authentication_error: 'unauthenticated',
  account_deactivated: 'unauthenticated',
  unsupported_country_region_territory: 'forbidden',
  permission_error: 'forbidden',
  permission_denied: 'forbidden',
  data_residency_mismatch: 'forbidden',
  model_not_found: 'not-found',
  deploymentnotfound: 'not-found',
  not_found_error: 'not-found',
  rate_limit_exceeded: 'rate-limited',
  rate_limit_error: 'rate-limited',
  proxy_rate_limited: 'rate-limited',
  proxy_quota_exceeded: 'rate-limited',
  too_many_requests: 'rate-limited',
  server_is_overloaded: 'overloaded',
  engine_overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  overloaded: 'overloaded',
  slow_down: 'overloaded',
  invalid_prompt: 'bad-request',
  timeout_error: 'timeout',
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface FoundError {
  readonly message: string;
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** A status the body claims: OpenRouter and vLLM write it as `code`. */
  readonly status?: number;
}

function statusOf(failure: Failure): number {
  // Only the two catch-all kinds keep a vendor's own status: 529 and 402 have another meaning or none to OpenAI clients (E7).
  const catchAll = failure.kind === 'bad-request' || failure.kind === 'server';
  return catchAll && failure.details.status !== undefined ? failure.details.status : rows[failure.kind].status;
}

function codeOf(failure: Failure): string | null {
  const own = rows[failure.kind].code;
  const { code } = failure.details;
  // Gemini's codes are in upper case and Anthropic's end in _error: neither means anything to an OpenAI client.
  if (code === undefined || !/^[a-z0-9_]+$/.test(code) || code.endsWith('_error')) return own;
  return own === null || kindOfCode(code) === failure.kind ? code : own;
}

function kindOf(status: number, error: FoundError, message: string): FailureKind {
  const byCode = kindOfCode(error.code) ?? kindOfCode(error.type);
  if (byCode && byCode !== 'rate-limited' && byCode !== 'bad-request') return byCode;
  const known = status >= 400 ? status : (error.status ?? statusOfType(error));
  const byStatus = byCode ?? kindOfStatus(known);
  if (byStatus === 'rate-limited' && /exceeded your current quota|insufficient[_ ]quota/i.test(message))
    return 'billing';
  const generic = byStatus === 'bad-request' || byStatus === 'too-large' || byStatus === 'unprocessable';
  if (generic && contextWords.test(message)) return 'context-too-long';
  if (byStatus === 'bad-request' && /content management policy/i.test(message)) return 'content-filtered';
  return byStatus;
}

function kindOfCode(code: string | undefined): FailureKind | undefined {
  const known = code?.toLowerCase() ?? '';
  return Object.hasOwn(kindsOfCodes, known) ? kindsOfCodes[known] : undefined;
}

/** Vendors without codes tell an overflow in words only (E3). */
const contextWords =
  /maximum context length|context length (?:exceeded|is only)|exceeds? the (?:model'?s? )?(?:maximum )?context (?:window|length|size)|(?:prompt|input) is too long|input token count.{0,40}exceeds|context_length_exceeded/i;

function statusOfType(error: FoundError): number {
  return error.type === 'invalid_request_error' ? 400 : 500;
}

/** Finds message, type, code and param wherever compatible vendors put them. */
function findError(body: Json, depth = 0): FoundError {
  if (typeof body === 'string') return errorInText(body, depth);
  // Google's compatibility layer wraps the error object in an array.
  if (isArray(body)) return body[0] === undefined ? { message: '' } : findError(body[0], depth);
  if (!isObject(body)) return { message: '' };
  if (isObject(body.error)) return errorInObject(body.error, depth);
  if (typeof body.error === 'string') return { ...errorInObject(body, depth), ...errorInText(body.error, depth) };
  return errorInObject(body, depth);
}

function errorInObject(error: JsonObject, depth: number): FoundError {
  const message = text(error.message) ?? fromDetail(error.detail) ?? text(object(error.metadata)?.raw) ?? '';
  // Some gateways put a whole JSON error into the message as a string (E1).
  const nested = depth < 3 && /^\s*[{[]/.test(message) ? tryParseJson(message) : undefined;
  const inner = nested === undefined ? undefined : findError(nested, depth + 1);
  const code = text(error.code);
  const type = text(error.type);
  const param = text(error.param);
  const status = number(error.code) ?? number(error.status);
  return {
    message,
    ...(type !== undefined && { type }),
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
    ...(status !== undefined && status >= 400 && status < 600 && { status }),
    ...(inner && inner.message !== '' && inner),
  };
}

function errorInText(source: string, depth: number): FoundError {
  const parsed = depth < 3 && /^\s*[{[]/.test(source) ? tryParseJson(source) : undefined;
  if (parsed !== undefined) {
    const found = findError(parsed, depth + 1);
    if (found.message !== '') return found;
  }
  const title = /<title>([^<]*)<\/title>/i.exec(source)?.[1];
  return { message: (title ?? source).trim().slice(0, maxTextMessage) };
}

/** A proxy's HTML page is not worth more than this in a message. */
const maxTextMessage = 1000;

/** FastAPI servers (vLLM, many gateways): `detail` is a text or a list of {loc, msg}. */
function fromDetail(detail: Json | undefined): string | undefined {
  if (typeof detail === 'string') return detail;
  if (!isArray(detail)) return undefined;
  const lines = detail.flatMap((entry) => {
    const message = isObject(entry) ? text(entry.msg) : text(entry);
    if (message === undefined) return [];
    const at = isObject(entry) && isArray(entry.loc) ? entry.loc.join('.') : '';
    return [at === '' ? message : `${at}: ${message}`];
  });
  return lines.length > 0 ? lines.join('; ') : undefined;
}

/** OpenAI's rate limits say when to come back in words only when they arrive inside a stream (R7). */
function retryAfterInWords(message: string): number | undefined {
  const found = /try again in (?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)(ms|s))?/i.exec(message);
  if (!found || (found[1] === undefined && found[2] === undefined)) return undefined;
  const rest = Number(found[2] ?? 0) / (found[3] === 'ms' ? 1000 : 1);
  return Number(found[1] ?? 0) * 60 + rest;
}

function tokensIn(message: string): { used?: number; maximum?: number } | undefined {
  const anthropic = /(\d+) tokens > (\d+) maximum/.exec(message);
  if (anthropic) return { used: Number(anthropic[1]), maximum: Number(anthropic[2]) };
  const maximum = /context (?:length|window|size)[^\d]{0,20}(\d+)/i.exec(message)?.[1];
  const used = /(?:resulted in|requested|contains?(?: at least)?|has) (\d+) (?:input )?tokens/i.exec(message)?.[1];
  if (maximum === undefined && used === undefined) return undefined;
  return {
    ...(used !== undefined && { used: Number(used) }),
    ...(maximum !== undefined && { maximum: Number(maximum) }),
  };
}
