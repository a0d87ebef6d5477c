import { defaultMaxFrameBytes, type Frame, type FrameReader, type Framing } from '../bytes/framing.ts';
import type { Sighting, Watch } from '../dialects/dialect.ts';

/**
 * Looks at bytes that pass by: at the first frame when it is there, and at the last ones when the stream is over; at the very
 * last two whatever they hold, since a stream that broke off may have told there what it has cost so far.
 */
interface Tap {
  push(bytes: Uint8Array): void;
  /** The stream is over, or its reader left: what is there to be seen has now been seen. The last payloads, as far as they are at hand. */
  end(): readonly string[];
  /** Whoever cuts the frames, where they are cut. */
  readonly reader?: FrameReader;
}

/** Told of every frame looked at; `opening` is the payload of the stream's first. */
type See = (sighting: Sighting | undefined, opening?: string) => void;

export function createTap(framing: Framing, watch: Watch, see: See): Tap {
  return framing.contentType === 'text/event-stream' ? new LineTap(watch, see) : frameTap(framing, watch, see);
}

/** Counts, the end and errors come with a stream's last frames, in every dialect; a few pings may come behind. */
const lastLines = 12;
/** A frame is at most an event line, a data line and a blank one. */
const lineBreaks = lastLines * 3;
/** Room for a few reads, since only what does not fit is searched for where its last lines begin. */
const tailBytes = 32 * 1024;
/** Tails of streams that are over: fresh memory costs more than all that is done with it. */
const idleTails: Uint8Array[] = [];
const maxIdleTails = 64;

/**
 * For SSE, whose payloads are single lines with every vendor. Between the first frame and the last ones nothing is even
 * searched: looking for a few words in each delta cost three times what passing it on does.
 */
class LineTap implements Tap {
  readonly #watch: Watch;
  readonly #see: See;
  #begun = false;
  /**
   * The last lines, copied: a read that is held on to is memory that the collector must look after and nobody can use again.
   * Until the first frame has been seen, everything.
   */
  #tail = idleTails.pop() ?? new Uint8Array(tailBytes);
  #length = 0;

  constructor(watch: Watch, see: See) {
    this.#watch = watch;
    this.#see = see;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#keep(bytes);
    if (!this.#begun) this.#begin();
  }

  end(): readonly string[] {
    const lines = this.#lastLines();
    const [first] = lines;
    const sightings = this.#last(this.#begun ? lines : lines.slice(1));
    if (!this.#begun && first !== undefined) this.#see(this.#watch.frame({ data: first }), first);
    this.#begun = true;
    for (const sighting of sightings) this.#see(sighting);
    return lines;
  }

  /** Gives the tail back. */
  #lastLines(): readonly string[] {
    const kept = this.#kept();
    const lines = dataLines(textOf(kept.subarray(lastLinesStart(kept)))).slice(-lastLines);
    if (this.#tail.length === tailBytes && idleTails.length < maxIdleTails) idleTails.push(this.#tail);
    this.#tail = noTail;
    this.#length = 0;
    return lines;
  }

  /** From the back, as far as it takes to know how the stream ended and what it cost; in the order of the stream. */
  #last(lines: readonly string[]): readonly (Sighting | undefined)[] {
    const sightings: (Sighting | undefined)[] = [];
    let finished = false;
    let told = false;
    for (let at = lines.length - 1; at >= 0 && !(finished && told); at -= 1) {
      const line = lines[at] ?? '';
      if (at < lines.length - 2 && !this.#watch.markers.some((marker) => line.includes(marker))) continue;
      const sighting = this.#watch.frame({ data: line });
      sightings.push(sighting);
      finished ||= sighting?.finished === true;
      told ||= sighting?.usage !== undefined && !sighting.early;
    }
    return sightings.reverse();
  }

  #begin(): void {
    const text = textOf(this.#kept());
    const [line] = dataLines(text.slice(0, text.lastIndexOf('\n') + 1));
    if (line === undefined) return;
    this.#begun = true;
    this.#see(this.#watch.frame({ data: line }), line);
  }

  #kept(): Uint8Array {
    return this.#tail.subarray(0, this.#length);
  }

  #keep(read: Uint8Array): void {
    let bytes = read;
    if (this.#length + bytes.length > this.#tail.length) {
      const start = this.#begun ? lastLinesStart(bytes) : 0;
      // What a read alone does not hold begins before it.
      if (start > 0) this.#length = 0;
      else if (this.#begun) this.#forget();
      bytes = bytes.subarray(start);
    }
    this.#makeRoom(bytes.length);
    this.#tail.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #forget(): void {
    const start = lastLinesStart(this.#kept());
    this.#tail.copyWithin(0, start, this.#length);
    this.#length -= start;
  }

  #makeRoom(bytes: number): void {
    // A line beyond any frame's size is no frame; forgetting it only loses sight of its usage.
    if (this.#length + bytes > defaultMaxFrameBytes) this.#length = 0;
    const needed = this.#length + bytes;
    if (needed <= this.#tail.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#tail.length));
    larger.set(this.#kept());
    this.#tail = larger;
  }
}

/** Where the last lines begin; 0 when there are not as many. */
function lastLinesStart(bytes: Uint8Array): number {
  let at = bytes.length;
  for (let count = 0; count <= lineBreaks && at > 0; count++) at = bytes.lastIndexOf(newline, at - 1);
  return Math.max(at, 0);
}

const noTail = new Uint8Array();
const newline = 10;

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The payloads of a piece of a stream. */
function dataLines(text: string): readonly string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r?\n|\r/)) {
    if (!line.startsWith('data:')) continue;
    const data = line.slice('data:'.length).trim();
    if (data !== '') lines.push(data);
  }
  return lines;
}

/** For other framings: frames are cut properly, and only the marked ones parsed. */
function frameTap(framing: Framing, watch: Watch, see: See): Tap {
  const reader = framing.reader();
  let first = true;
  let broken = false;

  function read(cut: () => readonly Frame[]): void {
    if (broken) return;
    try {
      for (const frame of cut()) {
        if (first || watch.markers.some((marker) => frame.data.includes(marker)))
          see(watch.frame(frame), first ? frame.data : undefined);
        first = false;
      }
    } catch {
      // The bytes are passed on all the same; the caller's own parser will say what is wrong with them.
      broken = true;
    }
  }

  return {
    push: (bytes) => read(() => reader.push(bytes)),
    end() {
      read(() => reader.end());
      return [];
    },
    reader,
  };
}
