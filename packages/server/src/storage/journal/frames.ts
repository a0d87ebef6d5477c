import { crc32 } from 'node:zlib';

/**
 * A frame is a text behind its length and its CRC-32, each of four bytes, little-endian. A process that dies in the middle of one
 * leaves a torn tail, which no longer fits its head.
 */
const headBytes = 8;
/** A record is cut to less (call-row.ts): a longer one is rubbish where a head should be. */
const maxFrameBytes = 16 * 1024 * 1024;

/** UTF-8 takes at most three bytes for each UTF-16 unit. */
const widestUnit = 3;

/** Frames one behind the other, to be written at once. */
export class FrameBuffer {
  #buffer = Buffer.allocUnsafe(16 * 1024);
  #length = 0;

  /**
   * Where the text's frame ends, from the beginning of all.
   * @throws RangeError when it would be too long to be read again
   */
  add(text: string): number {
    const head = this.#length;
    const start = head + headBytes;
    this.#makeRoom(start + text.length * widestUnit);
    const buffer = this.#buffer;
    const length = buffer.write(text, start);
    if (length > maxFrameBytes) throw new RangeError(`A record of ${length} bytes is too long for the journal.`);
    const end = start + length;
    buffer.writeUInt32LE(length, head);
    buffer.writeUInt32LE(crc32(buffer.subarray(start, end)), head + 4);
    this.#length = end;
    return end;
  }

  /** All of them; to be used before the next is added, which takes their place. */
  take(): Buffer {
    const length = this.#length;
    this.#length = 0;
    return this.#buffer.subarray(0, length);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(bytes * 2);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

export interface Frame {
  readonly text: string;
  /** Where the next one begins. */
  readonly end: number;
}

/** Every whole frame from `start` on; it ends at the first that is not. */
export function* framesIn(bytes: Buffer, start: number): Generator<Frame> {
  for (let at = start; at + headBytes <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    const end = at + headBytes + length;
    if (length > maxFrameBytes || end > bytes.length) return;
    const content = bytes.subarray(at + headBytes, end);
    if (crc32(content) !== bytes.readUInt32LE(at + 4)) return;
    yield { text: content.toString(), end };
    at = end;
  }
}

/** Whether what is left from `start` on is the beginning of a frame, rather than a frame that was changed. */
export function isTorn(bytes: Buffer, start: number): boolean {
  const rest = bytes.length - start;
  return rest < headBytes || bytes.readUInt32LE(start) > rest - headBytes;
}
