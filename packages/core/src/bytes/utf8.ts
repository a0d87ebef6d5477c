/** Decodes UTF-8 that arrives in pieces: the same text as decoding all of it at once, U+FFFD for rubbish included. */
interface Utf8Reader {
  push(bytes: Uint8Array): string;
  /** What an unfinished character at the very end amounts to: '' or U+FFFD. */
  end(): string;
}

export function utf8Reader(): Utf8Reader {
  // A whole decode is several times faster than a streaming one in V8, so only the cut character is carried over here.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The first bytes of a character whose other bytes have not come yet: none, or one to three. */
  let cut: Uint8Array | undefined;

  return {
    push(bytes) {
      const whole = cut === undefined ? bytes : joined(cut, bytes);
      const border = lastBorder(whole);
      // Copied, because a caller may reuse its buffer.
      cut = border < whole.length ? new Uint8Array(whole.subarray(border)) : undefined;
      return decoder.decode(border < whole.length ? whole.subarray(0, border) : whole);
    },
    end() {
      const rest = cut === undefined ? '' : decoder.decode(cut);
      cut = undefined;
      return rest;
    },
  };
}

/** Where the last character begins if its bytes are not all there, else the length. */
function lastBorder(bytes: Uint8Array): number {
  const length = bytes.length;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length - back : length;
  }
  return length;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
