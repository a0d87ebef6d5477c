import { Failure } from '../../conversation/failure.ts';
import { isArray, isObject, text, type Json, type JsonObject } from '../../json.ts';

/** The name of this dialect: issuer of its seals, owner of its extras. */
export const geminiName = 'gemini-generate';

/**
 * A member under its camelCase or its snake_case name, null being absent: Gemini's servers read requests by the rules of
 * protobuf JSON, which allow all of that, and so do many clients write (S7, M6, U8).
 */
export function read(value: JsonObject, name: string): Json | undefined {
  return value[name] ?? value[snakeCase(name)] ?? undefined;
}

export function readText(value: JsonObject, name: string): string | undefined {
  return text(read(value, name));
}

export function readObject(value: JsonObject, name: string): JsonObject | undefined {
  const found = read(value, name);
  return isObject(found) ? found : undefined;
}

export function readList(value: JsonObject, name: string): readonly Json[] {
  const found = read(value, name);
  return isArray(found) ? found : [];
}

/** Protobuf JSON writes 64-bit numbers as strings and takes any number as one. */
export function readNumber(value: JsonObject, name: string): number | undefined {
  const found = read(value, name);
  const parsed = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
}

export function readBoolean(value: JsonObject, name: string): boolean | undefined {
  const found = read(value, name);
  return typeof found === 'boolean' ? found : undefined;
}

/** Both spellings of the members that a decoder understands, for `leftover`. */
export function members(...names: string[]): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [name, snakeCase(name)]));
}

/** What is left when the members that a decoder understands are taken out; undefined when that is nothing. */
export function leftover(value: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let entries: [string, Json][] | undefined;
  for (const name in value) {
    const member = value[name];
    if (!known.has(name) && member !== undefined && member !== null) (entries ??= []).push([name, member]);
  }
  return entries && Object.fromEntries(entries);
}

/** Extras of this dialect as the `extras` member of a hub value, or nothing to spread. */
export function extrasOf(own: JsonObject | undefined): { readonly extras?: { readonly [geminiName]: JsonObject } } {
  return own ? { extras: { [geminiName]: own } } : {};
}

export function malformed(field: string, mend: string): Failure {
  return new Failure('bad-request', `Malformed "${field}": ${mend}`, { field });
}

const snakeNames = new Map<string, string>();

function snakeCase(name: string): string {
  let snake = snakeNames.get(name);
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    snakeNames.set(name, snake);
  }
  return snake;
}
