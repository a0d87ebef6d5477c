/** Any JSON value, as data that nobody changes in place. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value if it is a string, else undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value if it is a finite number, else undefined. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The value if it is a boolean, else undefined. */
export function boolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** The value if it is an object, else undefined. */
export function object(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The value if it is an array, else an empty one. */
export function list(value: unknown): readonly Json[] {
  return isArray(value) ? value : [];
}

/** The table's own entry for a word off the wire; `__proto__` and `constructor` are entries of no table. */
export function lookUp<T>(table: Readonly<Record<string, T>>, word: string | undefined): T | undefined {
  return word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

/** A shallow copy without the members whose value is undefined: absent is absent on every wire. */
export function compact<T extends Record<string, unknown>>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const out: Record<string, unknown> = {};
  for (const key in value) if (value[key] !== undefined) out[key] = value[key];
  return out as { [K in keyof T]: Exclude<T[K], undefined> }; // every undefined member was left out above
}

type RawJson = { rawJSON(text: string): Json };
const exactNumbers = typeof (JSON as unknown as Partial<RawJson>).rawJSON === 'function';

/**
 * JSON.parse, but integers too long for a double survive: they stay opaque values that JSON.stringify writes back
 * digit for digit (tool arguments carry 64-bit ids). Where the runtime lacks JSON.rawJSON they are rounded.
 * @throws SyntaxError when `source` is not JSON.
 */
export function parseJson(source: string): Json {
  if (!exactNumbers || !hasLongInteger(source)) return JSON.parse(source) as Json;
  return JSON.parse(source, function (this: unknown, _key, value: Json, context?: { source?: string }) {
    const written = context?.source;
    if (typeof value !== 'number' || written === undefined || String(value) === written) return value;
    return /^-?\d{16,}$/.test(written) ? (JSON as unknown as RawJson).rawJSON(written) : value;
  } as (key: string, value: Json) => Json) as Json;
}

/** Sixteen digits in a row, looked for at every sixteenth character: a regular expression would cost half of the parsing. */
function hasLongInteger(source: string): boolean {
  for (let at = 15; at < source.length; at += 16) {
    if (!isDigit(source, at)) continue;
    let from = at;
    let to = at;
    while (isDigit(source, from - 1)) from -= 1;
    while (isDigit(source, to + 1)) to += 1;
    if (to - from >= 15) return true;
  }
  return false;
}

function isDigit(source: string, at: number): boolean {
  const code = source.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** What a JSON string, quotes included, says. @throws SyntaxError when it is none. */
export function textOfJson(json: string): string {
  return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1); // a string's JSON
}

/** How many UTF-16 units that is, as JSON.stringify wrote it, without making it. */
export function textLengthOfJson(json: string): number {
  let length = json.length - 2;
  for (let at = json.indexOf('\\'); at >= 0; at = json.indexOf('\\', at + 2)) length -= json[at + 1] === 'u' ? 5 : 1;
  return length;
}

/** The parsed value, or undefined when `source` is not JSON. */
export function tryParseJson(source: string): Json | undefined {
  try {
    return parseJson(source);
  } catch {
    return undefined;
  }
}
