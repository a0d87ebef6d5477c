import type { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { HttpAnswer } from './http.ts';

/** A failure as an answer in the caller's own language. */
export function refuse(dialect: Dialect, failure: Failure, requestId: string): HttpAnswer {
  const { status, headers, body } = dialect.encodeError(failure, { requestId });
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** No door, so no language to answer in: a plain 404 that most clients can read. */
export function unknownDoor(method: string, url: string, paths: readonly string[]): HttpAnswer {
  const [path = ''] = url.split('?');
  const message = `Nothing is served at ${method} ${path}. Served: ${paths.join(', ')}.`;
  return {
    status: 404,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { type: 'not_found', message } }),
  };
}
