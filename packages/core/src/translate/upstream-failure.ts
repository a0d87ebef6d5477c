import { Failure } from '../conversation/failure.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import { tryParseJson } from '../json.ts';
import type { Destination } from './translation.ts';

/** What an upstream's refusal means, read as the place writes errors: in its own way, or in the dialect's. */
export function failureOf(
  { dialect, binding }: Pick<Destination, 'dialect' | 'binding'>,
  status: number,
  body: Uint8Array,
  headers: HeaderMap,
): Failure {
  const text = new TextDecoder().decode(body);
  const error = tryParseJson(text) ?? text;
  return binding?.decodeError?.(status, error, headers) ?? dialect.decodeError(status, error, headers);
}

/** Any thrown thing as a Failure: bugs and broken connections included. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('bad-upstream', `The upstream's reply broke off: ${why}`, { cause: thrown });
}

/** Of a stream that was closed as if it were whole. */
export function truncated(): Failure {
  return new Failure('bad-upstream', 'The upstream ended its stream before it had finished.');
}
