import type { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { withoutVendorIds } from '../translate/vendor-ids.ts';
import type { HttpAnswer } from './http.ts';

/** A failure as an answer in the caller's own language; one of ours says so (row F16). */
export function refuse(dialect: Dialect, failure: Failure, requestId: string): HttpAnswer {
  const { page } = failure.details;
  if (page !== undefined) return pageOf(failure.status, page);
  const { status, headers, body } = dialect.encodeError(failure, { requestId });
  return {
    status,
    headers: { ...headers, ...ownError(failure), 'content-type': 'application/json' },
    body: withoutVendorIds(JSON.stringify(body)),
  };
}

function ownError({ kind, details }: Failure): Readonly<Record<string, string>> {
  return details.told ? {} : { 'x-proxy-error': kind };
}

/** The same where no language is known: most clients can read it. */
export function plainRefusal(failure: Failure): HttpAnswer {
  const { kind, message, status, details } = failure;
  const { page, retryAfterSeconds, code } = details;
  if (page !== undefined) return pageOf(status, page);
  const type = code ?? kind.replaceAll('-', '_');
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...ownError(failure),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
    },
    body: JSON.stringify({ error: { type, message } }),
  };
}

function pageOf(status: number, body: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
