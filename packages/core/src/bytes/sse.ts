import { createParser } from 'eventsource-parser';
import { defaultMaxFrameBytes, FramingError } from './framing.ts';
import type { Frame, FrameReader, FrameTaker, Framing, FrameWriter, ReaderOptions } from './framing.ts';
import { utf8Reader } from './utf8.ts';

/** Server-Sent Events, read as the WHATWG specification says and written as the vendors do. */
export const sse: Framing = {
  contentType: 'text/event-stream',
  reader: (options = {}) => sseReader(options.maxFrameBytes ?? defaultMaxFrameBytes, options.comment),
  writer: () => sseWriter,
  wrapping: (event) => [event === undefined ? 'data: ' : `event: ${event}\ndata: `, frameEnd],
};

const frameEnd = '\n\n';

function sseReader(maxFrameBytes: number, comment: ReaderOptions['comment']): FrameReader {
  const text = utf8Reader();
  /** Complete frames that nobody has taken yet. */
  let frames: Frame[] = [];
  let overflowed = false;
  /** The parser holds nothing back: a frame begins with the next character. */
  let atBorder = false;
  // The parser counts UTF-16 units, of which a text never has more than bytes: no frame within the bound is refused.
  const parser = createParser({
    maxBufferSize: maxFrameBytes,
    ...(comment && { onComment: comment }),
    onEvent({ event, data }) {
      if (data.length > maxFrameBytes) overflowed = true;
      else if (data !== '') frames.push(event === undefined ? { data } : { event, data });
    },
    onError(error) {
      // Everything else it reports (unknown fields, a bad `retry`) the specification tells readers to ignore.
      if (error.type === 'max-buffer-size-exceeded') overflowed = true;
    },
  });

  function feed(piece: string): readonly Frame[] {
    if (!overflowed) parser.feed(piece);
    if (overflowed) throw new FramingError(`An event of the stream is larger than ${maxFrameBytes} bytes.`);
    const taken = frames;
    frames = [];
    return taken;
  }

  function pass(bytes: Uint8Array, taker: FrameTaker): void {
    const piece = text.push(bytes);
    for (let at = 0; at < piece.length;) {
      const next = atBorder && taker.knows ? taker.known(piece, at) : at;
      if (next === at) at = parse(piece, at, taker);
      else at = next;
    }
  }

  /** To the end of the frame if those behind it may be known, else to the end. */
  function parse(piece: string, from: number, taker: FrameTaker): number {
    const border = taker.knows ? piece.indexOf(frameEnd, from) : -1;
    const end = border < 0 ? piece.length : border + frameEnd.length;
    atBorder = piece.endsWith(frameEnd, end);
    for (const frame of feed(piece.slice(from, end))) taker.frame(frame);
    return end;
  }

  return {
    pass,
    push: (bytes) => feed(text.push(bytes)),
    // X1: a last event without its blank line counts. Two line ends, because the first may close a line or a split CRLF.
    end: () => feed(`${text.end()}\n\n`),
  };
}

const sseWriter: FrameWriter = {
  write(frames) {
    let out = '';
    for (const { event, data } of frames) {
      const lines = data.indexOf('\n') < 0 && data.indexOf('\r') < 0 ? data : data.replace(/\r\n|\r|\n/g, '\ndata: ');
      out += event === undefined ? `data: ${lines}\n\n` : `event: ${event}\ndata: ${lines}\n\n`;
    }
    return out;
  },
  end: () => '',
  idle: ': keep-alive\n\n',
  comment: (text) => `: ${text}\n\n`,
};
