import { defaultMaxFrameBytes, type Framing } from '../bytes/framing.ts';
import type { Sighting, Watch } from '../dialects/dialect.ts';

/** Looks at bytes that pass by, and parses next to none of them. */
export interface Tap {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** Told of every frame looked at; `first` is true for the first frame of the stream, which always is. */
type See = (sighting: Sighting | undefined, first: boolean) => void;

export function createTap(framing: Framing, watch: Watch, see: See): Tap {
  return framing.contentType === 'text/event-stream' ? lineTap(watch, see) : frameTap(framing, watch, see);
}

/**
 * For SSE, whose payloads are single lines with every vendor: lines are searched for markers as text, and only a line that
 * has one is parsed. What follows the last line end is kept for the next read.
 */
function lineTap(watch: Watch, see: See): Tap {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let pieceBytes = 0;
  let begun = false;

  function look(block: string): void {
    let from = 0;
    if (!begun) from = lookAtFirst(block);
    if (!begun) return;
    const lines = new Set<number>();
    for (const marker of watch.markers) {
      for (let at = block.indexOf(marker, from); at >= 0; at = block.indexOf(marker, lineEnd(block, at)))
        lines.add(block.lastIndexOf('\n', at) + 1);
    }
    if (lines.size === 0) return;
    for (const start of [...lines].sort((a, b) => a - b)) lookAt(block.slice(start, lineEnd(block, start)), false);
  }

  /** Returns where the rest begins. */
  function lookAtFirst(block: string): number {
    for (let start = 0; start < block.length;) {
      const end = lineEnd(block, start);
      if (block.startsWith('data:', start) || block.startsWith('\uFEFFdata:', start)) {
        begun = true;
        lookAt(block.slice(start, end), true);
        return end;
      }
      start = end + 1;
    }
    return block.length;
  }

  function lookAt(line: string, first: boolean): void {
    const colon = line.indexOf(':');
    const data = line.slice(colon + 1).trim();
    see(data === '' ? undefined : watch.frame({ data }), first);
  }

  function push(bytes: Uint8Array): void {
    const text = decoder.decode(bytes, { stream: true });
    const last = text.lastIndexOf('\n');
    if (last < 0) {
      pieces.push(text);
      pieceBytes += text.length;
      // A line beyond any frame's size is no frame; forgetting it only loses sight of its usage.
      if (pieceBytes > defaultMaxFrameBytes) {
        pieces = [];
        pieceBytes = 0;
      }
      return;
    }
    const block = pieces.length === 0 ? text.slice(0, last + 1) : pieces.join('') + text.slice(0, last + 1);
    const rest = text.slice(last + 1);
    pieces = rest === '' ? [] : [rest];
    pieceBytes = rest.length;
    look(block);
  }

  return {
    push,
    end: () => {
      const rest = pieces.join('') + decoder.decode();
      pieces = [];
      if (rest !== '') look(rest);
    },
  };
}

function lineEnd(block: string, from: number): number {
  const end = block.indexOf('\n', from);
  return end < 0 ? block.length : end;
}

/** For other framings: frames are cut properly, and still only the marked ones parsed. */
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
