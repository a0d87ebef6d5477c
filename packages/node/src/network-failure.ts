import { Failure } from '@proxy/core';

/** When in an exchange it happened. */
export type Moment = 'connecting' | 'waiting' | 'receiving';

const timeouts: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'No connection could be made in time',
  ETIMEDOUT: 'No connection could be made in time',
  UND_ERR_HEADERS_TIMEOUT: 'It did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'Its reply stood still for too long',
};

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name server does not answer',
  ECONNRESET: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  UND_ERR_PRX_TLS: "the proxy's certificate cannot be verified",
  UND_ERR_PRX_CONN: 'the proxy closed the connection',
  HTTPParserError: 'it does not speak HTTP',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'it sent more or less than it had announced',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate cannot be verified',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/**
 * An error of the network as a Failure that names host and code. Never the path or a header: keys may stand in both.
 * What is no error of the network was thrown by whoever took the bytes, and is returned as it is.
 */
export function networkFailure(host: string, moment: Moment, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof Failure || code === undefined) return error;
  const late = timeouts[code];
  if (late !== undefined) return new Failure('timeout', `${host}: ${late} (${code}).`, { cause: error });
  // undici refuses what cannot be sent before it connects: a line break in a key, a forbidden header.
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return unsendable(host, error);
  const reason = refusalOfProxy(error) ?? reasons[code] ?? 'the connection failed';
  const what = moment === 'receiving' ? `${host} broke off its reply` : `${host} cannot be reached`;
  return new Failure('bad-upstream', `${what}: ${reason} (${code}).`, { cause: error });
}

/** The request itself, as configured, is at fault. undici's messages name the header or argument, never its value. */
export function unsendable(host: string, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  return new Failure('server', `The request to ${host} cannot be sent: ${why}.`, { cause: error });
}

/** undici tells of a proxy that opens no tunnel in words alone. */
function refusalOfProxy(error: unknown): string | undefined {
  const status = error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined;
  if (status === undefined) return undefined;
  return status === '407' ? 'the proxy wants a user and a password (407)' : `the proxy answered ${status}`;
}

/** Node tries all addresses of a host and collects what each said. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error.name === 'HTTPParserError') return error.name;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}
