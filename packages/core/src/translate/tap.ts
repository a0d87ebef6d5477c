import { defaultMaxFrameBytes, type Framing } from '../bytes/framing.ts';
import { joinBytes } from '../bytes/join.ts';
import type { Sighting, Watch } from '../dialects/dialect.ts';

/** Looks at bytes that pass by: at the first frame when it is there, and at the last ones when the stream is over. */
interface Tap {
  push(bytes: Uint8Array): void;
  /** The stream is over, or its reader left: what is there to be seen has now been seen. */
  end(): void;
}

/** Told of every frame looked at; `first` is true for the first frame of the stream. */
type See = (sighting: Sighting | undefined, first: boolean) => void;

export function createTap(framing: Framing, watch: Watch, see: See): Tap {
  return framing.contentType === 'text/event-stream' ? new LineTap(watch, see) : frameTap(framing, watch, see);
}

/** Counts, the end and errors come with a stream's last frames, in every dialect; a few pings may come behind. */
const lastLines = 12;
/** So many reads are kept. Each holds on to memory that the collector must look after: 100 of them cost a fifth of a delta. */
const keptReads = 16;

/**
 * For SSE, whose payloads are single lines with every vendor. Between the first frame and the last ones nothing is even
 * searched: looking for a few words in each delta cost three times what passing it on does.
 */
class LineTap implements Tap {
  readonly #watch: Watch;
  readonly #see: See;
  #begun = false;
  /** The last reads that began a line, each with the reads that went on with it. */
  #reads: Uint8Array[][] = [];
  /** How long the last of them has become. */
  #bytes = 0;
  #atLineStart = true;

  constructor(watch: Watch, see: See) {
    this.#watch = watch;
    this.#see = see;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#atLineStart) this.#keep(bytes);
    else this.#goOn(bytes);
    this.#atLineStart = bytes[bytes.length - 1] === newline;
    if (!this.#begun) this.#begin();
  }

  end(): void {
    const lines = dataLines(textOf(this.#reads.flat()));
    this.#reads = [];
    for (const line of lines.slice(-lastLines)) {
      const marked = this.#watch.markers.some((marker) => line.includes(marker));
      const first = !this.#begun;
      this.#begun = true;
      if (first || marked) this.#see(this.#watch.frame({ data: line }), first);
    }
  }

  #begin(): void {
    const text = textOf(this.#reads.flat());
    const [line] = dataLines(text.slice(0, text.lastIndexOf('\n') + 1));
    if (line === undefined) return;
    this.#begun = true;
    this.#see(this.#watch.frame({ data: line }), true);
  }

  #keep(bytes: Uint8Array): void {
    if (this.#begun && this.#reads.length >= keptReads) this.#reads.shift();
    this.#reads.push([bytes]);
    this.#bytes = bytes.length;
  }

  #goOn(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    // A line beyond any frame's size is no frame; forgetting it only loses sight of its usage.
    if (this.#bytes > defaultMaxFrameBytes) this.#reads = [];
    else this.#reads.at(-1)?.push(bytes);
  }
}

const newline = 10;

function textOf(reads: readonly Uint8Array[]): string {
  return new TextDecoder().decode(joinBytes(reads));
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

  function read(cut: () => readonly { readonly data: string }[]): void {
    if (broken) return;
    try {
      for (const frame of cut()) {
        if (first || watch.markers.some((marker) => frame.data.includes(marker))) see(watch.frame(frame), first);
        first = false;
      }
    } catch {
      // The bytes are passed on all the same; the caller's own parser will say what is wrong with them.
      broken = true;
    }
  }

  return { push: (bytes) => read(() => reader.push(bytes)), end: () => read(() => reader.end()) };
}
