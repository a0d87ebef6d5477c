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
/** What is kept for them: so many reads that began a line, or so many bytes, whichever is reached first. */
const keptStarts = 40;
const keptBytes = 16 * 1024;
/** Reads are forgotten in bunches, so that keeping the last ones costs next to nothing a read. */
const bunchBytes = 48 * 1024;

/**
 * For SSE, whose payloads are single lines with every vendor. Between the first frame and the last ones nothing is even
 * searched: looking for a few words in each delta cost three times what passing it on does.
 */
class LineTap implements Tap {
  readonly #watch: Watch;
  readonly #see: See;
  #begun = false;
  #reads: Uint8Array[] = [];
  /** Whether the read of the same index began a line. */
  #fresh: boolean[] = [];
  #bytes = 0;
  #forgetAt = bunchBytes;
  #atLineStart = true;

  constructor(watch: Watch, see: See) {
    this.#watch = watch;
    this.#see = see;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#reads.push(bytes);
    this.#fresh.push(this.#atLineStart);
    this.#atLineStart = bytes[bytes.length - 1] === newline;
    this.#bytes += bytes.length;
    if (!this.#begun) this.#begin();
    else if (this.#bytes >= this.#forgetAt) this.#forget();
  }

  end(): void {
    const lines = dataLines(textOf(this.#reads));
    const kept = lines.slice(-lastLines);
    this.#reads = [];
    for (const line of kept) {
      const marked = this.#watch.markers.some((marker) => line.includes(marker));
      const first = !this.#begun;
      this.#begun = true;
      if (first || marked) this.#see(this.#watch.frame({ data: line }), first);
    }
  }

  #begin(): void {
    const text = textOf(this.#reads);
    const [line] = dataLines(text.slice(0, text.lastIndexOf('\n') + 1));
    if (line === undefined) return;
    this.#begun = true;
    this.#see(this.#watch.frame({ data: line }), true);
  }

  #forget(): void {
    let from = this.#reads.length;
    let starts = 0;
    let bytes = 0;
    while (from > 0 && !(this.#fresh[from] && (starts >= keptStarts || bytes >= keptBytes))) {
      from -= 1;
      bytes += this.#reads[from]?.length ?? 0;
      if (this.#fresh[from]) starts += 1;
    }
    // A line beyond any frame's size is no frame; forgetting it only loses sight of its usage.
    if (from === 0 && this.#bytes > defaultMaxFrameBytes) {
      from = this.#reads.length;
      bytes = 0;
    }
    this.#reads = this.#reads.slice(from);
    this.#fresh = this.#fresh.slice(from);
    this.#bytes = bytes;
    // A frame of many megabytes keeps everything: doubling spares it a look at every read.
    this.#forgetAt = Math.max(bunchBytes, 2 * bytes);
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
