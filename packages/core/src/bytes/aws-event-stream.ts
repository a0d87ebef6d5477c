import crc32 from 'crc-32';
import { defaultMaxFrameBytes, FramingError } from './framing.ts';
import type { Frame, FrameReader, ReplyFraming } from './framing.ts';

/**
 * AWS's binary event stream. A message is two lengths, their checksum, headers, a payload and a checksum over all of it;
 * lengths are believed only once their checksum holds. Written by ourselves because AWS's codec (@smithy/core) brings node:
 * modules along outside of a bundler; the tests hold this reader to it.
 */
export const awsEventStream: ReplyFraming = {
  contentType: 'application/vnd.amazon.eventstream',
  reader: ({ maxFrameBytes = defaultMaxFrameBytes } = {}) => messageReader(maxFrameBytes),
};

/** Total length, headers' length, and the checksum over both. */
const preludeBytes = 12;
const checksumBytes = 4;
const leastMessageBytes = preludeBytes + checksumBytes;

function messageReader(maxFrameBytes: number): FrameReader {
  /** The beginning of a message whose rest has not come yet; the first `held` bytes of `buffer`. */
  let buffer = new Uint8Array(256);
  let held = 0;
  /** Once something was wrong no later byte can be trusted to begin a message. */
  let broken: FramingError | undefined;

  function read(bytes: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (held === 0) {
        const length = messageLength(bytes.subarray(at), maxFrameBytes);
        if (length !== undefined && at + length <= bytes.length) {
          frames.push(frameOf(bytes.subarray(at, at + length)));
          at += length;
          continue;
        }
      }
      at += hold(bytes.subarray(at));
      const length = messageLength(buffer.subarray(0, held), maxFrameBytes);
      if (held !== length) continue;
      frames.push(frameOf(buffer.subarray(0, held)));
      held = 0;
    }
    return frames;
  }

  /** Keeps as much as belongs to the unfinished message, and says how much that was. */
  function hold(bytes: Uint8Array): number {
    const wanted = messageLength(buffer.subarray(0, held), maxFrameBytes) ?? preludeBytes;
    const taken = Math.min(wanted - held, bytes.length);
    if (held + taken > buffer.length) {
      // Doubled, not made as long as announced: a length costs its sender nothing.
      const larger = new Uint8Array(Math.max(held + taken, 2 * buffer.length));
      larger.set(buffer.subarray(0, held));
      buffer = larger;
    }
    buffer.set(bytes.subarray(0, taken), held);
    held += taken;
    return taken;
  }

  function guarded<T>(run: () => T): T {
    if (broken) throw broken;
    try {
      return run();
    } catch (error) {
      broken = error instanceof FramingError ? error : new FramingError('A message of the stream cannot be read.');
      throw broken;
    }
  }

  return {
    push: (bytes) => guarded(() => read(bytes)),
    end: () =>
      guarded(() => {
        if (held > 0) throw new FramingError('The stream breaks off within a message.');
        return [];
      }),
  };
}

/** As the prelude says, once it is all there. @throws FramingError when it is damaged or nothing we would read. */
function messageLength(message: Uint8Array, maxFrameBytes: number): number | undefined {
  if (message.length < preludeBytes) return undefined;
  const view = viewOf(message);
  if (view.getUint32(8) !== crc32.buf(message.subarray(0, 8)) >>> 0)
    throw new FramingError('The checksum of a message’s lengths does not fit them.');
  const length = view.getUint32(0);
  if (length < leastMessageBytes || view.getUint32(4) > length - leastMessageBytes)
    throw new FramingError('A message of the stream has impossible lengths.');
  if (length > maxFrameBytes) throw new FramingError(`A message of the stream is larger than ${maxFrameBytes} bytes.`);
  return length;
}

function frameOf(message: Uint8Array): Frame {
  const view = viewOf(message);
  const end = message.length - checksumBytes;
  if (view.getUint32(end) !== crc32.buf(message.subarray(0, end)) >>> 0)
    throw new FramingError('The checksum of a message does not fit it.');
  const payloadStart = preludeBytes + view.getUint32(4);
  const headers = textHeaders(message.subarray(preludeBytes, payloadStart));
  const data = decoder.decode(message.subarray(payloadStart, end));
  switch (headers.get(':message-type')) {
    case 'event':
      return { event: headers.get(':event-type') ?? '', data };
    case 'exception':
      return { event: headers.get(':exception-type') ?? '', data, exception: true };
    case 'error': {
      const message = headers.get(':error-message') ?? '';
      return { event: headers.get(':error-code') ?? '', data: JSON.stringify({ message }), exception: true };
    }
    default:
      throw new FramingError('A message of the stream is neither event nor exception nor error.');
  }
}

/** Bytes that a header's value takes, by its type; the types of varying length say it in two bytes ahead of the value. */
const valueBytes: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
const bytesType = 6;
const textType = 7;

/** The headers that are texts; all that tell messages apart are. */
function textHeaders(bytes: Uint8Array): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const view = viewOf(bytes);
  let at = 0;
  const take = (length: number) => {
    if (at + length > bytes.length) throw new FramingError('A header of a message breaks off.');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const name = decoder.decode(take(take(1)[0] ?? 0));
    const type = take(1)[0] ?? 0;
    if (type === bytesType || type === textType) {
      take(2);
      const value = take(view.getUint16(at - 2));
      if (type === textType) headers.set(name, decoder.decode(value));
      continue;
    }
    const length = valueBytes[type];
    if (length === undefined) throw new FramingError(`A header of a message has the unknown type ${type}.`);
    take(length);
  }
  return headers;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const decoder = new TextDecoder();
