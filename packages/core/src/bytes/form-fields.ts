import { joinBytes } from './join.ts';
import { createSearch } from './search.ts';

/** A form in multipart/form-data (RFC 7578, RFC 2046 §5.1), looked at while it passes. Nothing of a file is kept. */

export interface FormField {
  readonly name: string;
  readonly value: string;
  /** Where the value stands in the whole body, in bytes. */
  readonly start: number;
  readonly end: number;
}

export interface FormFields {
  /** The wanted fields that ended in these bytes. @throws FormError when the bytes cannot be a form. */
  push(bytes: Uint8Array): readonly FormField[];
  /** @throws FormError when the form broke off. */
  end(): void;
  /** Where the value of a wanted field begins whose end has not come yet; else how many bytes have come. */
  readonly passed: number;
}

/** The bytes are not a form, as far as its boundaries and the heads of its parts can tell. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

/** What stands between the parts, said by the content type; undefined when that is not a form's, or does not say it. */
export function formBoundary(contentType: string): string | undefined {
  if (!/^\s*multipart\/form-data\s*(;|$)/i.test(contentType)) return undefined;
  const boundary = parameterOf(contentType, 'boundary');
  // RFC 2046 allows 70 characters; nobody minds some more.
  return boundary !== undefined && /^[\x20-\x7e]{1,200}$/.test(boundary) ? boundary : undefined;
}

/** Finds the fields of these names. */
export function createFormFields(boundary: string, names: readonly string[]): FormFields {
  return new Scanner(boundary, names);
}

const lineBreak = '\r\n';
const maxHeadBytes = 16 * 1024;
const maxLineBytes = 256;
const maxValueBytes = 4096;

class Scanner implements FormFields {
  readonly #names: readonly string[];
  readonly #delimiterLength: number;
  readonly #findDelimiter: (bytes: Uint8Array, from?: number) => number;
  /** Within the content of a part (or what precedes the first), behind a delimiter, within a head, behind the last part. */
  #state: 'content' | 'line' | 'head' | 'over' = 'content';
  /** Bytes that may belong to something longer: the beginning of a delimiter, of a head, of a value. */
  #held: Uint8Array;
  /** Where #held begins in the body. */
  #at: number;
  /** The wanted field whose content this is. */
  #wanted: { readonly name: string; readonly start: number } | undefined;

  constructor(boundary: string, names: readonly string[]) {
    const delimiter = `${lineBreak}--${boundary}`;
    this.#names = names;
    this.#delimiterLength = delimiter.length;
    this.#findDelimiter = createSearch(delimiter);
    // The first delimiter may be the body's first line: as if a line break preceded it.
    this.#held = encoder.encode(lineBreak);
    this.#at = -this.#held.length;
  }

  get passed(): number {
    return this.#wanted?.start ?? this.#at + this.#held.length;
  }

  push(bytes: Uint8Array): readonly FormField[] {
    this.#skipHeld(bytes);
    const window = this.#held.length === 0 ? bytes : joinBytes([this.#held, bytes]);
    const fields: FormField[] = [];
    let from = 0;
    for (let next = this.#step(window, from, fields); next !== undefined; next = this.#step(window, from, fields))
      from = next;
    const kept = this.#keptFrom(window, from);
    this.#at += kept;
    this.#held = window.slice(kept);
    return fields;
  }

  end(): void {
    if (this.#state !== 'over') throw new FormError('The form breaks off: its closing boundary is missing.');
  }

  /** A chunk of a file need not be joined to what is held when no delimiter lies across the seam. */
  #skipHeld(bytes: Uint8Array): void {
    const reach = this.#delimiterLength - 1;
    if (this.#state !== 'content' || this.#wanted || bytes.length < reach) return;
    if (this.#findDelimiter(joinBytes([this.#held, bytes.subarray(0, reach)])) >= 0) return;
    this.#at += this.#held.length;
    this.#held = nothing;
  }

  /** One thing further, if it is whole in the window: the index behind it. */
  #step(window: Uint8Array, from: number, fields: FormField[]): number | undefined {
    switch (this.#state) {
      case 'content':
        return this.#content(window, from, fields);
      case 'line':
        return this.#line(window, from);
      case 'head':
        return this.#head(window, from);
      case 'over':
        return undefined;
    }
  }

  #content(window: Uint8Array, from: number, fields: FormField[]): number | undefined {
    const found = this.#findDelimiter(window, from);
    const wanted = this.#wanted;
    if (wanted && (found < 0 ? window.length : found) - from > maxValueBytes)
      throw new FormError(`The form's field "${wanted.name}" is longer than ${maxValueBytes} bytes.`);
    if (found < 0) return undefined;
    if (wanted) {
      const end = Math.max(wanted.start, this.#at + found);
      fields.push({ ...wanted, value: decoder.decode(window.subarray(wanted.start - this.#at, end - this.#at)), end });
    }
    this.#wanted = undefined;
    this.#state = 'line';
    return found + this.#delimiterLength;
  }

  /** The rest of a delimiter's line: empty, or the two hyphens of the last one. The line break belongs to the head. */
  #line(window: Uint8Array, from: number): number | undefined {
    const end = findLineBreak(window, from);
    const rest = decoder.decode(window.subarray(from, end < 0 ? window.length : end)).trim();
    if (rest.startsWith('--')) {
      this.#state = 'over';
      return window.length;
    }
    const unfinished = end < 0 && window.length - from <= maxLineBytes;
    if (rest !== '' && !(rest === '-' && unfinished))
      throw new FormError('Something follows a boundary of the form on its line.');
    if (unfinished) return undefined;
    if (end < 0) throw new FormError('The line of a boundary of the form does not end.');
    this.#state = 'head';
    return end;
  }

  /** From the line break before the first header to the one before the content, which may be a delimiter's. */
  #head(window: Uint8Array, from: number): number | undefined {
    const end = findHeadEnd(window, from);
    if ((end < 0 ? window.length : end) - from > maxHeadBytes)
      throw new FormError(`The head of a part of the form is longer than ${maxHeadBytes} bytes.`);
    if (end < 0) return undefined;
    const name = partName(decoder.decode(window.subarray(from, end)));
    const start = this.#at + end + 2 * lineBreak.length;
    if (name !== undefined && this.#names.includes(name)) this.#wanted = { name, start };
    this.#state = 'content';
    return end + lineBreak.length;
  }

  /** Where that begins which the next bytes may continue. */
  #keptFrom(window: Uint8Array, from: number): number {
    if (this.#state === 'over') return window.length;
    if (this.#state !== 'content' || this.#wanted) return from;
    return Math.max(from, window.length - (this.#delimiterLength - 1));
  }
}

/** The `name` in a part's content-disposition. */
function partName(head: string): string | undefined {
  const [disposition, ...more] = head.replace(/\r\n[ \t]+/g, ' ').matchAll(/\r\ncontent-disposition[ \t]*:([^\r]*)/gi);
  // Parsers differ in which one they believe.
  if (more.length > 0) throw new FormError('A part of the form has more than one content-disposition.');
  return parameterOf(disposition?.[1] ?? '', 'name');
}

/** One after another, so that nothing within a quoted file name is taken for a parameter. */
function parameterOf(header: string, wanted: string): string | undefined {
  for (const [, name = '', quoted, plain] of header.matchAll(
    /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]*))/g,
  ))
    if (name.toLowerCase() === wanted) return quoted?.replace(/\\(["\\])/g, '$1') ?? plain;
  return undefined;
}

const findLineBreak = createSearch(lineBreak);
const findHeadEnd = createSearch(lineBreak + lineBreak);
const nothing = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
