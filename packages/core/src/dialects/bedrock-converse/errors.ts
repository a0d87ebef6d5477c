import {
  Failure,
  failureKinds,
  kindOfStatus,
  type FailureDetails,
  type FailureKind,
} from '../../conversation/failure.ts';
import { isObject, lookUp, text, tryParseJson, type Json } from '../../json.ts';
import type { EncodedError, HeaderMap } from '../dialect.ts';
import { retryAfter } from '../retry-after.ts';

/** Table a6: what each kind is called here, and the status it has; statuses are the SDK's. */
const exceptions = {
  'bad-request': { status: 400, type: 'ValidationException' },
  'context-too-long': { status: 400, type: 'ValidationException' },
  'content-filtered': { status: 400, type: 'ValidationException' },
  unauthenticated: { status: 403, type: 'UnrecognizedClientException' },
  billing: { status: 400, type: 'ServiceQuotaExceededException' },
  forbidden: { status: 403, type: 'AccessDeniedException' },
  'not-found': { status: 404, type: 'ResourceNotFoundException' },
  'method-not-allowed': { status: 405, type: 'ValidationException' },
  conflict: { status: 409, type: 'ConflictException' },
  'too-large': { status: 413, type: 'ValidationException' },
  'unsupported-media': { status: 415, type: 'ValidationException' },
  unprocessable: { status: 422, type: 'ValidationException' },
  'rate-limited': { status: 429, type: 'ThrottlingException' },
  'client-gone': { status: 499, type: 'ValidationException' },
  server: { status: 500, type: 'InternalServerException' },
  'bad-upstream': { status: 424, type: 'ModelStreamErrorException' },
  overloaded: { status: 503, type: 'ServiceUnavailableException' },
  timeout: { status: 408, type: 'ModelTimeoutException' },
} as const satisfies Record<FailureKind, { status: number; type: string }>;

/** Types that say more than a status does. */
const kindsOfType: Readonly<Record<string, FailureKind>> = {
  AccessDeniedException: 'forbidden',
  UnrecognizedClientException: 'unauthenticated',
  InvalidSignatureException: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  IncompleteSignatureException: 'unauthenticated',
  MissingAuthenticationTokenException: 'unauthenticated',
  InvalidClientTokenId: 'unauthenticated',
  ExpiredTokenException: 'unauthenticated',
  ServiceQuotaExceededException: 'billing',
  ResourceNotFoundException: 'not-found',
  ConflictException: 'conflict',
  ThrottlingException: 'rate-limited',
  TooManyRequestsException: 'rate-limited',
  InternalServerException: 'server',
  InternalFailure: 'server',
  ModelErrorException: 'server',
  ModelStreamErrorException: 'bad-upstream',
  ServiceUnavailableException: 'overloaded',
  ModelNotReadyException: 'overloaded',
  ModelTimeoutException: 'timeout',
};

/** An AWS error: its type is in a header or in the body, its words in the body. */
export function decodeError(status: number, body: Json, headers: HeaderMap): Failure {
  const type = typeName(
    headers['x-amzn-errortype'] ?? (isObject(body) ? (text(body.__type) ?? text(body.code)) : undefined),
  );
  const message =
    messageOf(body) ?? `Bedrock answered ${status}${type === undefined ? '' : ` ${type}`} without a message.`;
  return failureOf(type, message, status, headers);
}

/** An exception that came in a stream: there its type is the frame's, in lower case. */
export function decodeException(type: string, data: string): Failure {
  const name = typeName(type.charAt(0).toUpperCase() + type.slice(1));
  const message = messageOf(tryParseJson(data) ?? data) ?? `Bedrock broke off its stream: ${name ?? 'unknown reason'}.`;
  return failureOf(name, message, undefined, {});
}

/** `ValidationException:http://internal.amazon.com/…` and `com.amazonaws#ValidationException`. */
function typeName(written: string | undefined): string | undefined {
  const name = written?.split(':')[0]?.split('#').at(-1)?.trim();
  return name === '' ? undefined : name;
}

/** An HTML page from some proxy is not worth more. */
const maxMessage = 2000;

function messageOf(body: Json): string | undefined {
  const told = isObject(body) ? (text(body.message) ?? text(body.Message) ?? text(body.originalMessage)) : text(body);
  return told === undefined || told.trim() === '' ? undefined : told.trim().slice(0, maxMessage);
}

function failureOf(type: string | undefined, message: string, status: number | undefined, headers: HeaderMap): Failure {
  const kind = kindOf(type, message, status);
  const requestId = headers['x-amzn-requestid'];
  const retryAfterSeconds = retryAfter(headers);
  // AWS has its own statuses for some kinds, which would mislead callers of other dialects: 403 for a wrong key.
  const odd = lookUp(kindsOfType, type) === undefined && status !== undefined && status !== failureKinds[kind].status;
  const details: FailureDetails = {
    told: true,
    ...(odd && status >= 400 && { status }),
    ...(type !== undefined && { code: type }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return new Failure(kind, message, details);
}

const tooLong =
  /input is too long|prompt is too long|too many (?:input )?tokens|exceeds? (?:the )?(?:model's )?(?:maximum )?context/i;
const wrongKey = /security token|authentication failed|api key|bearer token/i;
const noModel = /model identifier is invalid|could not resolve the foundation model/i;
const filtered = /content filter|blocked by (?:the )?guardrail/i;

function kindOf(type: string | undefined, message: string, status: number | undefined): FailureKind {
  const named = lookUp(kindsOfType, type);
  if (named === 'forbidden' && wrongKey.test(message)) return 'unauthenticated';
  if (named) return named;
  const general =
    status === undefined ? (type === 'ValidationException' ? 'bad-request' : 'server') : kindOfStatus(status);
  if (general !== 'bad-request') return general;
  if (tooLong.test(message)) return 'context-too-long';
  if (noModel.test(message)) return 'not-found';
  return filtered.test(message) ? 'content-filtered' : 'bad-request';
}

export function encodeError(failure: Failure): EncodedError {
  const { status, type } = exceptions[failure.kind];
  const { retryAfterSeconds, requestId } = failure.details;
  return {
    status,
    headers: {
      'x-amzn-errortype': type,
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
      ...(requestId !== undefined && { 'x-amzn-requestid': requestId }),
    },
    body: { message: failure.kind === 'context-too-long' ? tooLongWords(failure.message) : failure.message },
  };
}

function tooLongWords(message: string): string {
  return tooLong.test(message) ? message : `Input is too long for requested model: ${message}`;
}

/** The name by which a stream breaks off for this reason. */
export function exceptionType({ kind }: Failure): string {
  const { type } = exceptions[kind];
  return type.charAt(0).toLowerCase() + type.slice(1);
}
