import { joinBytes } from '../bytes/join.ts';
import { createSearch } from '../bytes/search.ts';
import { withoutVendorIds } from './vendor-ids.ts';

/** A stream that is passed on as it is, but for the vendor's ids in an error that ends it. */
interface ErrorMasking {
  push(bytes: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
}

/** Within a text the quotation marks are escaped: no delta holds it. */
const findMark = createSearch('"error"');
/** An error is the last that a stream says; a word of farewell may come behind it. Of a read no more is searched than holds that. */
const lastPartBytes = 2048;
/** `"error":null` stands in the events of every response. */
const errorBegins = /"error"\s*:\s*(?:[{"]|$)|"type"\s*:\s*"error"/;
/** A longer error goes on as it is. */
const maxHeldBytes = 64 * 1024;

/** An error that a read cut in the middle of a line waits for the rest of the line. `lines`: each event is one (SSE). */
export function maskErrors(lines: boolean): ErrorMasking {
  let held: Uint8Array = nothing;
  let failing = false;
  return {
    push(read) {
      if (!failing && findMark(read, lastPart(read)) < 0) return read;
      const bytes = held.length > 0 ? joinBytes([held, read]) : read;
      const text = new TextDecoder().decode(bytes);
      if (!failing && !errorBegins.test(text)) return bytes;
      const length = bytes.length > maxHeldBytes ? bytes.length : bytes.lastIndexOf(lineFeed) + 1;
      const complete = bytes.subarray(0, length);
      held = bytes.slice(length);
      failing = !lines || held.length > 0;
      return masked(complete);
    },
    end() {
      const rest = held;
      held = nothing;
      return masked(rest);
    },
  };
}

/** Where the line begins that lies across the border, which may be that of a long error. */
function lastPart(read: Uint8Array): number {
  const border = read.length - lastPartBytes;
  return border <= 0 ? 0 : Math.max(0, read.lastIndexOf(lineFeed, border));
}

function masked(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const told = withoutVendorIds(text);
  return told === text ? bytes : new TextEncoder().encode(told);
}

const nothing = new Uint8Array();
const lineFeed = 0x0a;
