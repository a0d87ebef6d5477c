import { joinBytes } from './join.ts';

/** A JSON text in which each long file in base64 is a short stand-in, so that parsing and writing it costs little. */
export interface Lifted {
  readonly text: string;
  /** The JSON text, in whatever order the stand-ins are by now, with the files in their places. */
  restore(json: string): Uint8Array;
}

/** Shorter files are not worth the looking. */
const minFileBytes = 64 * 1024;
/** Looked at every so many bytes: a file that is long enough cannot lie between two looks. */
const stride = minFileBytes / 2;

/**
 * Takes images and PDFs in base64 out of a JSON body, byte for byte. A megabyte of base64 made a string, parsed, joined to a
 * data URL, written and encoded again cost eight times what sending it does. Undefined: there are none, and nothing was gained.
 * What a stand-in replaces has no quote, no backslash and nothing but visible ASCII in it, so the text is JSON exactly when the
 * body is. A stand-in is base64 of the same kind of file (it keeps the first bytes), but never UTF-8.
 * @throws TypeError when the rest of the body is not UTF-8.
 */
export function liftFiles(body: Uint8Array): Lifted | undefined {
  if (body.length < minFileBytes) return undefined;
  const files = longFiles(body).filter(({ start, end }) => isPlain(body.subarray(start, end)));
  if (files.length === 0 || files.length >= 10 ** numeralLength) return undefined;
  const mark = crypto.randomUUID().replaceAll('-', '');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let from = 0;
  files.forEach(({ start, end }, index) => {
    text += decoder.decode(body.subarray(from, start + keptHead)) + notText + mark + numeral(index);
    from = end;
  });
  text += decoder.decode(body.subarray(from));
  return { text, restore: (json) => restore(json, mark, body, files) };
}

/** Where a file in base64 stands in a JSON body. */
interface File {
  readonly start: number;
  readonly end: number;
}

/** So many characters of a file are kept, for whoever looks at what kind it is: whole groups of four. */
const keptHead = 16;
/** Base64 of three bytes 0xFF, which stand in no UTF-8: nobody takes a stand-in for a text. */
const notText = '////';
const numeralLength = 4;

function numeral(index: number): string {
  return String(index).padStart(numeralLength, '0');
}

function restore(json: string, mark: string, body: Uint8Array, files: readonly File[]): Uint8Array {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = json.indexOf(mark); at >= 0; at = json.indexOf(mark, from)) {
    const to = at + mark.length + numeralLength;
    const file = files[Number(json.slice(at + mark.length, to))];
    if (!file) throw new Error('A stand-in has lost its number.');
    pieces.push(encoder.encode(json.slice(from, at - notText.length - keptHead)), body.subarray(file.start, file.end));
    from = to;
  }
  pieces.push(encoder.encode(json.slice(from)));
  return joinBytes(pieces);
}

/**
 * The long strings of a JSON body that hold nothing but an image or a PDF in base64, or a data URL of one; without the URL's
 * head. Only their first bytes are looked at.
 */
export function longFiles(body: Uint8Array): readonly File[] {
  const files: File[] = [];
  for (let at = stride; at < body.length; at += stride) {
    const end = body.indexOf(doubleQuote, at);
    if (end < 0) break;
    const open = body.lastIndexOf(doubleQuote, at - 1);
    const start = end - open > minFileBytes ? fileStart(body, open + 1, end) : undefined;
    if (start !== undefined) files.push({ start, end });
    // No other string of that length begins before this one's end.
    at = Math.max(at, end);
  }
  return files;
}

/** Where the file begins in the string between these two; undefined when it is not one. */
function fileStart(body: Uint8Array, from: number, to: number): number | undefined {
  // An escaped quote is no opening one.
  if (from < 2 || body[from - 2] === backslash) return undefined;
  const head = String.fromCharCode(...body.subarray(from, Math.min(to, from + maxUrlHead)));
  const url = /^data:[\w.+/-]*(?:;[\w.=-]*)*;base64,/i.exec(head)?.[0].length ?? 0;
  return fileHeads.some((start) => head.startsWith(start, url)) ? from + url : undefined;
}

const maxUrlHead = 200;
/** How base64 of PNG, JPEG, GIF, WebP or WAV, and PDF begins. */
const fileHeads = ['iVBORw0KGg', '/9j/', 'R0lGOD', 'UklGR', 'JVBERi0'];

/** Nothing but ASCII from the blank to DEL, and no escape: four bytes are looked at in one step. */
function isPlain(bytes: Uint8Array): boolean {
  if (bytes.indexOf(backslash) >= 0) return false;
  const { buffer, byteOffset, length } = bytes;
  const aligned = Math.min((4 - (byteOffset % 4)) % 4, length);
  const words = new Uint32Array(buffer, byteOffset + aligned, (length - aligned) >> 2);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? 0;
    // A byte below 0x20 borrows into its highest bit, one from 0x80 on has it.
    if (((word - 0x20202020) | word) & 0x80808080) return false;
  }
  const rest = [...bytes.subarray(0, aligned), ...bytes.subarray(aligned + words.length * 4)];
  return rest.every((byte) => byte >= 0x20 && byte < 0x80);
}

const doubleQuote = 0x22;
const backslash = 0x5c;
