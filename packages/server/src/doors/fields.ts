import { Failure } from '@proxy/core';

/** A JSON object of a stranger's. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members of an object, or none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** @throws Failure `bad-request` unless the bytes are JSON in UTF-8 through and through. */
export function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('bad-request', `The request body is not valid JSON: ${why}`, { cause });
  }
}

/** What becomes of a request's body, which must be an object. */
export function rewording(reword: (body: Fields) => Fields): (body: Uint8Array) => Uint8Array {
  return (bytes) => {
    const body = parsed(bytes);
    if (!isFields(body)) throw new Failure('bad-request', 'The request body must be a JSON object.');
    const words = reword(body);
    return words === body ? bytes : new TextEncoder().encode(JSON.stringify(words));
  };
}
