/** The JSON object is looked at only one level deep: values are skipped undecoded until somebody asks for one. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Top-level members of a JSON object, found without parsing the rest. */
interface TopLevel {
  /** The member's value; of several members of that name the last one's, as with JSON.parse. @throws SpliceError when the body is malformed. */
  get(name: string): Json | undefined;
}

/** The bytes are not a JSON object, as far as a look at its top level can tell. */
export class SpliceError extends Error {
  override readonly name = 'SpliceError';
}

/** Reads single members of a JSON object; the body is scanned at the first `get`. */
export function topLevel(body: Uint8Array): TopLevel {
  let members: readonly Member[] | undefined;
  return {
    get(name) {
      members ??= scan(body).members;
      for (let at = members.length - 1; at >= 0; at--) {
        const member = members[at];
        if (member && isNamed(body, member, name))
          return (member.value ??= valueAt(body, member.valueStart, member.valueEnd));
      }
      return undefined;
    },
  };
}

/**
 * The JSON texts of the first elements of the array `name`; the whole value when it is no array; none when it is missing.
 * @throws SpliceError when the body is not a JSON object.
 */
export function elementsOf(body: Uint8Array, name: string, most: number): readonly Uint8Array[] {
  const member = scan(body).members.findLast((candidate) => isNamed(body, candidate, name));
  if (member === undefined) return [];
  if (body[member.valueStart] !== openBracket) return [body.subarray(member.valueStart, member.valueEnd)];
  const elements: Uint8Array[] = [];
  let at = skipSpace(body, member.valueStart + 1);
  while (body[at] !== closeBracket && elements.length < most) {
    const end = skipValue(body, at);
    elements.push(body.subarray(at, end));
    at = skipSpace(body, end);
    if (body[at] !== comma) break;
    at = skipSpace(body, at + 1);
  }
  return elements;
}

/** The same bytes but for the value of `name`, which becomes the JSON text `json`; a missing member is added at the front. */
export function replaceMember(body: Uint8Array, name: string, json: string): Uint8Array {
  return splice(body, [[name, json]], []);
}

/** The same bytes without the member `name` and one comma beside it. */
export function removeMember(body: Uint8Array, name: string): Uint8Array {
  return splice(body, [], [name]);
}

/**
 * Sets members to JSON texts and removes others, in one pass; all other bytes stay as they are. `set` wins over `remove`.
 * Where a name occurs several times every occurrence is changed, since parsers differ in which one they believe.
 * @throws SpliceError when the body is not a JSON object.
 */
export function spliceMembers(
  body: Uint8Array,
  change: { readonly set?: Readonly<Record<string, string>>; readonly remove?: readonly string[] },
): Uint8Array {
  return splice(body, Object.entries(change.set ?? {}), change.remove ?? []);
}

function splice(body: Uint8Array, set: readonly (readonly [string, string])[], remove: readonly string[]): Uint8Array {
  const { contentStart, members } = scan(body);
  const setting = (member: Member) => set.find(([name]) => isNamed(body, member, name));
  const removing = (member: Member) =>
    remove.some((name) => isNamed(body, member, name)) && setting(member) === undefined;

  const kept = members.findLastIndex((member) => !removing(member));
  const edits: Edit[] = [];
  const added = new Set(set);
  members.forEach((member, index) => {
    const entry = setting(member);
    const next = members[index + 1];
    if (entry !== undefined) {
      added.delete(entry);
      edits.push({ start: member.valueStart, end: member.valueEnd, text: entry[1] });
    } else if (index < kept && next && removing(member)) edits.push({ start: member.start, end: next.start, text: '' });
  });
  // Members removed from the end take the comma before them along.
  const last = members.at(-1);
  const first = members[kept + 1];
  if (last && first) edits.push({ start: members[kept]?.valueEnd ?? first.start, end: last.valueEnd, text: '' });

  if (added.size > 0) {
    const text = [...added].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',');
    edits.unshift({ start: contentStart, end: contentStart, text: kept >= 0 ? `${text},` : text });
  }
  return edits.length === 0 ? body : applied(body, edits);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function applied(body: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const edit of edits) {
    pieces.push(body.subarray(from, edit.start));
    if (edit.text !== '') pieces.push(encoder.encode(edit.text));
    from = edit.end;
  }
  pieces.push(body.subarray(from));
  const out = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

interface Member {
  /** Index of the name's opening quote. */
  readonly start: number;
  /** Index after the name's closing quote. */
  readonly nameEnd: number;
  readonly valueStart: number;
  /** Index after the value's last byte. */
  readonly valueEnd: number;
  /** Once somebody has asked for it. */
  value?: Json;
}

/** Finds the members of the object in `body`, and where its content begins. */
function scan(body: Uint8Array): { contentStart: number; members: readonly Member[] } {
  const marked = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  const opening = skipSpace(body, marked ? 3 : 0);
  expect(body, opening, openBrace, 'The body is not a JSON object');
  const members: Member[] = [];
  let at = skipSpace(body, opening + 1);
  if (body[at] === closeBrace) at++;
  else {
    for (;;) {
      const start = at;
      expect(body, start, doubleQuote, 'A member name is missing');
      const nameEnd = skipString(body, start);
      at = skipSpace(body, nameEnd);
      expect(body, at, colon, 'A colon is missing');
      const valueStart = skipSpace(body, at + 1);
      const valueEnd = skipValue(body, valueStart);
      members.push({ start, nameEnd, valueStart, valueEnd });
      at = skipSpace(body, valueEnd);
      if (body[at] === closeBrace) break;
      expect(body, at, comma, 'A comma or the closing brace is missing');
      at = skipSpace(body, at + 1);
    }
    at++;
  }
  at = skipSpace(body, at);
  if (at < body.length) throw new SpliceError(`Something follows the JSON object, at byte ${at}.`);
  return { contentStart: opening + 1, members };
}

function expect(body: Uint8Array, at: number, byte: number, otherwise: string): void {
  if (body[at] !== byte) throw new SpliceError(`${otherwise}, at byte ${at}.`);
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/** The index after the value that begins at `start`. Nested brackets are counted, not matched. */
function skipValue(body: Uint8Array, start: number): number {
  const first = body[start];
  if (first === doubleQuote) return skipString(body, start);
  if (first !== openBrace && first !== openBracket) return skipScalar(body, start);
  let depth = 0;
  let at = start;
  while (at < body.length) {
    const byte = body[at];
    if (byte === doubleQuote) at = skipString(body, at);
    else {
      at++;
      if (byte === openBrace || byte === openBracket) depth++;
      else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return at;
    }
  }
  throw new SpliceError('The JSON object breaks off inside a value.');
}

/** The index after the string whose opening quote is at `start`. */
function skipString(body: Uint8Array, start: number): number {
  let from = start + 1;
  while (from < body.length) {
    // Most strings are short, and long ones often dense with quotes: few bytes are looked at sooner than indexOf is called.
    const near = Math.min(from + 48, body.length);
    let at = from;
    while (at < near) {
      const byte = body[at];
      if (byte === doubleQuote) return at + 1;
      at += byte === backslash ? 2 : 1;
    }
    const quote = body.indexOf(doubleQuote, at);
    if (quote < 0) break;
    let run = quote;
    while (run > at && body[run - 1] === backslash) run--;
    // An even number of backslashes escape each other and leave the quote alone.
    if ((quote - run) % 2 === 0) return quote + 1;
    from = quote + 1;
  }
  throw new SpliceError('The JSON object breaks off inside a string.');
}

function skipScalar(body: Uint8Array, start: number): number {
  let at = start;
  while (isScalarByte(body[at])) at++;
  if (at === start) throw new SpliceError(`A value is missing, at byte ${start}.`);
  return at;
}

/** Digits, letters, and `+`, `-`, `.`: enough for numbers, true, false and null. */
function isScalarByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (lower >= 0x61 && lower <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}

function isNamed(body: Uint8Array, { start, nameEnd }: Member, name: string): boolean {
  const length = nameEnd - start - 2;
  for (let index = 0; index < length; index++) {
    const byte = body[start + 1 + index] ?? 0;
    if (byte === backslash || byte >= 0x80) return parse(body, start, nameEnd) === name;
    if (byte !== name.charCodeAt(index)) return false;
  }
  return length === name.length;
}

function valueAt(body: Uint8Array, start: number, end: number): Json {
  return shortText(body, start, end) ?? (parse(body, start, end) as Json); // what JSON.parse returns is Json
}

/** A model's name, say: decoding and parsing one costs several times what reading it byte by byte does. */
function shortText(body: Uint8Array, start: number, end: number): string | undefined {
  if (body[start] !== doubleQuote || end - start > maxShortText) return undefined;
  let text = '';
  for (let at = start + 1; at < end - 1; at++) {
    const byte = body[at] ?? 0;
    if (byte < 0x20 || byte >= 0x7f || byte === backslash) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

const maxShortText = 64;

function parse(body: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(decoder.decode(body.subarray(start, end)));
  } catch (error) {
    throw new SpliceError(`The value from byte ${start} to ${end} is not JSON.`, { cause: error });
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const doubleQuote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
