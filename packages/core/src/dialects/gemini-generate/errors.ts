import {
  Failure,
  failureKinds,
  kindOfStatus,
  type FailureDetails,
  type FailureKind,
} from '../../conversation/failure.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import type { EncodedError, EncodeErrorContext, HeaderMap } from '../dialect.ts';
import { retryAfter } from '../retry-after.ts';
import { readList, readNumber, readObject, readText } from './members.ts';
import type { ErrorBody } from './wire.ts';

/** Google's canonical codes by kind (table a6), and the reason that tells kinds of one code apart. */
const statuses = {
  'bad-request': { status: 'INVALID_ARGUMENT' },
  'context-too-long': { status: 'INVALID_ARGUMENT' },
  'content-filtered': { status: 'INVALID_ARGUMENT', reason: 'PROHIBITED_CONTENT' },
  unauthenticated: { status: 'UNAUTHENTICATED' },
  billing: { status: 'RESOURCE_EXHAUSTED', reason: 'BILLING_DISABLED', code: 429 },
  forbidden: { status: 'PERMISSION_DENIED' },
  'not-found': { status: 'NOT_FOUND' },
  'method-not-allowed': { status: 'UNIMPLEMENTED' },
  conflict: { status: 'ABORTED' },
  'too-large': { status: 'INVALID_ARGUMENT' },
  'unsupported-media': { status: 'INVALID_ARGUMENT' },
  unprocessable: { status: 'INVALID_ARGUMENT' },
  'rate-limited': { status: 'RESOURCE_EXHAUSTED' },
  'client-gone': { status: 'CANCELLED' },
  server: { status: 'INTERNAL' },
  'bad-upstream': { status: 'INTERNAL' },
  overloaded: { status: 'UNAVAILABLE' },
  timeout: { status: 'DEADLINE_EXCEEDED' },
} as const satisfies Record<FailureKind, { status: string; reason?: string; code?: number }>;

const kindsByReason: Readonly<Record<string, FailureKind>> = {
  // https://cloud.google.com/apis/design/errors: a wrong key is an INVALID_ARGUMENT of status 400.
  API_KEY_INVALID: 'unauthenticated',
  API_KEY_EXPIRED: 'unauthenticated',
  ACCESS_TOKEN_EXPIRED: 'unauthenticated',
  CREDENTIALS_MISSING: 'unauthenticated',
  API_KEY_SERVICE_BLOCKED: 'forbidden',
  SERVICE_DISABLED: 'forbidden',
  CONSUMER_INVALID: 'forbidden',
  BILLING_DISABLED: 'billing',
  PROHIBITED_CONTENT: 'content-filtered',
  RATE_LIMIT_EXCEEDED: 'rate-limited',
  MODEL_CAPACITY_EXHAUSTED: 'overloaded',
};

const kindsByStatus: Readonly<Record<string, FailureKind>> = {
  INVALID_ARGUMENT: 'bad-request',
  FAILED_PRECONDITION: 'bad-request',
  OUT_OF_RANGE: 'bad-request',
  UNAUTHENTICATED: 'unauthenticated',
  PERMISSION_DENIED: 'forbidden',
  NOT_FOUND: 'not-found',
  UNIMPLEMENTED: 'method-not-allowed',
  ABORTED: 'conflict',
  ALREADY_EXISTS: 'conflict',
  RESOURCE_EXHAUSTED: 'rate-limited',
  CANCELLED: 'client-gone',
  INTERNAL: 'server',
  UNKNOWN: 'server',
  DATA_LOSS: 'server',
  UNAVAILABLE: 'overloaded',
  DEADLINE_EXCEEDED: 'timeout',
};

/** The status within an error; some places write it as text. */
export function codeOf(error: JsonObject): number | undefined {
  const { code } = error;
  if (typeof code !== 'number' && typeof code !== 'string') return undefined;
  return Number(code) || undefined;
}

/** An upstream's error; `body` may be anything. Never throws. */
export function decodeError(status: number, body: Json, headers: HeaderMap): Failure {
  // Without alt=sse an error comes as the only element of the array (X5).
  const whole = isArray(body) ? body[0] : body;
  const error = isObject(whole) ? (readObject(whole, 'error') ?? whole) : undefined;
  const said = error && (readText(error, 'message') ?? (isObject(whole) ? readText(whole, 'error') : undefined));
  const message =
    said ||
    (typeof body === 'string' && body.trim() !== '' ? body.trim().slice(0, 2000) : `The upstream answered ${status}.`);
  const details = (error ? readList(error, 'details') : []).filter(isObject);
  const word = error && readText(error, 'status');
  const reason = details.map((detail) => readText(detail, 'reason')).find((found) => found !== undefined);
  const kind = kindOf(status, word, reason, message);
  return new Failure(kind, message, failureDetails(kind, status, message, details, reason ?? word, headers));
}

function kindOf(status: number, word: string | undefined, reason: string | undefined, message: string): FailureKind {
  if (reason !== undefined && Object.hasOwn(kindsByReason, reason)) return kindsByReason[reason] ?? 'server';
  if (/\bAPI key not valid\b|\bAPI key expired\b/i.test(message)) return 'unauthenticated';
  if ((status === 400 || status === 413) && overflow(message)) return 'context-too-long';
  if (
    status === 429 &&
    /\bbilling\b.*\b(disabled|not enabled|depleted)\b|\bprepayment credits are depleted\b/i.test(message)
  )
    return 'billing';
  const byWord = word !== undefined && Object.hasOwn(kindsByStatus, word) ? kindsByStatus[word] : undefined;
  const byStatus = kindOfStatus(status);
  // The HTTP status is the finer of the two where they agree (413, 415, 422, 502), and the word where the status is plain.
  const plain = status === 400 || status === 500 || status < 400;
  return plain ? (byWord ?? (status < 400 ? 'bad-upstream' : byStatus)) : byStatus;
}

/** "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)." (E3) */
function overflow(message: string): RegExpExecArray | null {
  return (
    /input token count is (\d+) but model only supports up to (\d+)/i.exec(message) ??
    /input token count\D*([\d,]+)?.*?(?:exceeds|maximum)\D*([\d,]+)?/is.exec(message) ??
    /(?:exceeds|exceeded) the (?:maximum number of tokens|maximum context length|model'?s? context)()()/i.exec(message)
  );
}

function failureDetails(
  kind: FailureKind,
  status: number,
  message: string,
  details: readonly JsonObject[],
  code: string | undefined,
  headers: HeaderMap,
): FailureDetails {
  const retry = waitIn(details, headers);
  const field = fieldOf(details);
  const found = kind === 'context-too-long' ? overflow(message) : null;
  const used = count(found?.[1]);
  const maximum = count(found?.[2]);
  const requestId = details.map((detail) => readText(detail, 'requestId')).find((id) => id !== undefined);
  return {
    told: true,
    // Only a status that says more than the kind: a wrong key is a 400 here, and a 401 everywhere else.
    ...(kindOfStatus(status) === kind &&
      status >= 400 &&
      status <= 599 &&
      status !== failureKinds[kind].status && { status }),
    ...(code !== undefined && { code }),
    ...(field !== undefined && { field }),
    ...(retry !== undefined && { retryAfterSeconds: retry }),
    ...(found && { tokens: { ...(used !== undefined && { used }), ...(maximum !== undefined && { maximum }) } }),
    ...(requestId !== undefined && { requestId }),
  };
}

function count(digits: string | undefined): number | undefined {
  return digits ? Number(digits.replaceAll(',', '')) : undefined;
}

function fieldOf(details: readonly JsonObject[]): string | undefined {
  for (const detail of details)
    for (const violation of readList(detail, 'fieldViolations')) {
      const field = isObject(violation) ? readText(violation, 'field') : undefined;
      if (field) return field;
    }
  return undefined;
}

/** E7: RetryInfo says "1.5s"; some places add the header. */
function waitIn(details: readonly JsonObject[], headers: HeaderMap): number | undefined {
  for (const detail of details) {
    const delay = readText(detail, 'retryDelay');
    const seconds = delay === undefined ? Number.NaN : Number(/^([\d.]+)s$/.exec(delay)?.[1]);
    if (Number.isFinite(seconds)) return seconds;
    const parts = readObject(detail, 'retryDelay');
    if (parts) return (readNumber(parts, 'seconds') ?? 0) + (readNumber(parts, 'nanos') ?? 0) / 1e9;
  }
  return retryAfter(headers);
}

/** A failure as Google would say it. */
export function encodeError(failure: Failure, context: EncodeErrorContext): EncodedError {
  const body = encodeErrorBody(failure, context.requestId);
  const { retryAfterSeconds } = failure.details;
  return {
    status: body.error.code,
    // RFC 9110 §10.2.3: whole seconds.
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
    body,
  };
}

export function encodeErrorBody(failure: Failure, requestId?: string): ErrorBody {
  const row: { status: string; reason?: string; code?: number } = statuses[failure.kind];
  const details = encodeDetails(failure, row.reason, requestId);
  return {
    error: {
      code: failure.details.status === 529 ? 503 : (row.code ?? failure.status),
      message: messageOf(failure),
      status: row.status,
      ...(details.length > 0 && { details }),
    },
  };
}

function encodeDetails(
  { details: { field, retryAfterSeconds, quota }, message }: Failure,
  reason: string | undefined,
  requestId: string | undefined,
) {
  const details: JsonObject[] = [];
  const type = (name: string) => `type.googleapis.com/google.rpc.${name}`;
  if (reason !== undefined) details.push({ '@type': type('ErrorInfo'), reason });
  if (field !== undefined)
    details.push({ '@type': type('BadRequest'), fieldViolations: [{ field, description: message }] });
  if (quota) details.push({ '@type': type('QuotaFailure'), violations: [{ subject: quota.of, description: message }] });
  if (retryAfterSeconds !== undefined)
    details.push({ '@type': type('RetryInfo'), retryDelay: `${retryAfterSeconds}s` });
  if (requestId !== undefined) details.push({ '@type': type('RequestInfo'), requestId });
  return details;
}

/** E3: clients know an overflow by these words. */
function messageOf({ kind, message, details: { tokens } }: Failure): string {
  if (kind !== 'context-too-long' || overflow(message)) return message;
  const { used, maximum } = tokens ?? {};
  const counted = used === undefined ? '' : ` (${used})`;
  const allowed = maximum === undefined ? '' : ` (${maximum})`;
  return `The input token count${counted} exceeds the maximum number of tokens allowed${allowed}. ${message}`;
}
