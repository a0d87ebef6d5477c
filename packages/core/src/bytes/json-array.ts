import { defaultMaxFrameBytes, FramingError } from './framing.ts';
import type { Frame, FrameReader, Framing, FrameWriter } from './framing.ts';
import { utf8Reader } from './utf8.ts';

/**
 * A JSON array of objects that arrives piece by piece, each element a frame: Gemini's stream without `alt=sse` (X5).
 * One object in place of the array, which is how errors come, is one frame.
 */
export const jsonArray: Framing = {
  contentType: 'application/json',
  reader: (options = {}) => jsonArrayReader(options.maxFrameBytes ?? defaultMaxFrameBytes),
  writer: jsonArrayWriter,
};

/** What may come next, white space aside. */
type Place = 'start' | 'first element or end' | 'element' | 'comma or end' | 'inside element' | 'done';

function jsonArrayReader(maxFrameBytes: number): FrameReader {
  const decoder = utf8Reader();
  let place: Place = 'start';
  let lone = false;
  /** Of the unfinished element: its text so far, how many brackets are open, whether a string is, and a backslash in it. */
  let pieces: string[] = [];
  let piecesLength = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;

  function scan(text: string): readonly Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < text.length) {
      if (place !== 'inside element') {
        enter(text.charCodeAt(at));
        // The bracket that opens an element belongs to it, and is left for `elementEnd` to count.
        if (!elementBegins()) at++;
        continue;
      }
      const end = elementEnd(text, at);
      const piece = end < 0 ? text.slice(at) : text.slice(at, end);
      piecesLength += piece.length;
      if (piecesLength > maxFrameBytes)
        throw new FramingError(`An element of the JSON array is larger than ${maxFrameBytes} bytes.`);
      pieces.push(piece);
      if (end < 0) break;
      frames.push({ data: pieces.length === 1 ? piece : pieces.join('') });
      pieces = [];
      piecesLength = 0;
      place = lone ? 'done' : 'comma or end';
      at = end;
    }
    return frames;
  }

  const elementBegins = () => place === 'inside element';

  /** Moves `place` over one character between elements. */
  function enter(code: number): void {
    if (isSpace(code) || (place === 'start' && code === byteOrderMark)) return;
    if (code === openBrace && (place === 'start' || place === 'element' || place === 'first element or end')) {
      lone = place === 'start';
      place = 'inside element';
    } else if (code === openBracket && place === 'start') place = 'first element or end';
    else if (code === comma && place === 'comma or end') place = 'element';
    else if (code === closeBracket && (place === 'comma or end' || place === 'first element or end')) place = 'done';
    else
      throw new FramingError(
        `The body is not a JSON array of objects: ${JSON.stringify(String.fromCharCode(code))} is out of place.`,
      );
  }

  /** The index after the unfinished element's last bracket, or -1 when it goes on after `text`. */
  function elementEnd(text: string, from: number): number {
    // Searched once and then again only when passed, so that a text without backslashes is not searched for each string.
    let nextBackslash = -2;
    let at = from;
    while (at < text.length) {
      if (escaped) {
        escaped = false;
        at++;
      } else if (inString) {
        if (nextBackslash !== -1 && nextBackslash < at) nextBackslash = text.indexOf('\\', at);
        const quote = text.indexOf('"', at);
        if (nextBackslash >= 0 && (quote < 0 || nextBackslash < quote)) {
          escaped = true;
          at = nextBackslash + 1;
        } else if (quote < 0) return -1;
        else {
          inString = false;
          at = quote + 1;
        }
      } else {
        const code = text.charCodeAt(at++);
        if (code === doubleQuote) inString = true;
        else if (code === openBrace || code === openBracket) depth++;
        else if ((code === closeBrace || code === closeBracket) && --depth === 0) return at;
      }
    }
    return -1;
  }

  return {
    push: (bytes) => scan(decoder.push(bytes)),
    end() {
      const frames = scan(decoder.end());
      if (place !== 'done') throw new FramingError('The JSON array breaks off before its end.');
      return frames;
    },
    get joint() {
      return joints[place];
    },
  };
}

const opening = '[';
const between = ',\r\n';

/** A cut element can be made whole by nobody. */
const joints: Readonly<Record<Place, string>> = {
  start: opening,
  'first element or end': '',
  element: '',
  'comma or end': between,
  'inside element': between,
  done: between,
};

function jsonArrayWriter(behind?: FrameReader): FrameWriter {
  let joint = behind?.joint ?? opening;
  return {
    write(frames) {
      let out = '';
      for (const { data } of frames) {
        out += joint + data;
        joint = between;
      }
      return out;
    },
    end: () => (joint === opening ? '[]' : ']'),
    idle: '',
  };
}

const byteOrderMark = 0xfeff;
const doubleQuote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
