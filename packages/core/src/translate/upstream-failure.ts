import { Failure } from '../conversation/failure.ts';
import type { Dialect, HeaderMap } from '../dialects/dialect.ts';
import { tryParseJson } from '../json.ts';

/** What an upstream's refusal means, read in the upstream's dialect. */
export function failureOf(dialect: Dialect, status: number, body: Uint8Array, headers: HeaderMap): Failure {
  const text = new TextDecoder().decode(body);
  return dialect.decodeError(status, tryParseJson(text) ?? text, headers);
}

/** Any thrown thing as a Failure: bugs and broken connections included. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('bad-upstream', `The upstream's reply broke off: ${why}`, { cause: thrown });
}
