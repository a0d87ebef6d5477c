import { joinBytes } from './join.ts';
import { createSearch } from './search.ts';

/** Texts replaced by asterisks in bytes that pass by, also where one is cut between two pieces. */
interface Hiding {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** Costs next to nothing where there is nothing to hide: of each piece one byte in so many is looked at as a text is long. */
export function createHiding(texts: readonly string[]): Hiding {
  const machines = texts.map((text) => new One(needleOf(text)));
  const [only] = machines;
  if (only && machines.length === 1) return only;
  return {
    push: (bytes) => machines.reduce<Uint8Array>((rest, machine) => machine.push(rest), bytes),
    // What one has held back may hold the text of the next.
    end: () => machines.reduce<Uint8Array>((rest, machine) => joinBytes([machine.push(rest), machine.end()]), nothing),
  };
}

const nothing = new Uint8Array();
const asterisks = new TextEncoder().encode('***');

class One implements Hiding {
  readonly #needle: Needle;
  /** The end of the last piece, where it is how the text begins. */
  #held: Uint8Array = nothing;

  constructor(needle: Needle) {
    this.#needle = needle;
  }

  push(piece: Uint8Array): Uint8Array {
    if (piece.length === 0) return piece;
    const { text, find } = this.#needle;
    const bytes = this.#held.length === 0 ? piece : joinBytes([this.#held, piece]);
    this.#held = nothing;
    const out: Uint8Array[] = [];
    let from = 0;
    for (let at = find(bytes); at >= 0; at = find(bytes, from)) {
      out.push(bytes.subarray(from, at), asterisks);
      from = at + text.length;
    }
    const end = this.#beginningAt(bytes, from);
    // A copy, since the piece is its reader's to use again.
    if (end < bytes.length) this.#held = bytes.slice(end);
    // A view of the whole would be one more object a piece.
    if (out.length === 0) return end === bytes.length ? bytes : bytes.subarray(0, end);
    return joinBytes([...out, bytes.subarray(from, end)]);
  }

  end(): Uint8Array {
    const held = this.#held;
    this.#held = nothing;
    return held;
  }

  /** Where a text begins that the piece cuts off; its length when none does. Frames end in a byte that no secret holds. */
  #beginningAt(bytes: Uint8Array, from: number): number {
    const { text, holds } = this.#needle;
    if (bytes.length === from || holds[bytes[bytes.length - 1] ?? 0] === 0) return bytes.length;
    for (let at = Math.max(from, bytes.length - text.length + 1); at < bytes.length; at++) {
      let length = 0;
      while (at + length < bytes.length && bytes[at + length] === text[length]) length++;
      if (at + length === bytes.length) return at;
    }
    return bytes.length;
  }
}

interface Needle {
  readonly text: Uint8Array;
  /** 1 at each byte that is in the text. */
  readonly holds: Uint8Array;
  readonly find: ReturnType<typeof createSearch>;
}

/** The same few secrets are looked for in every reply. */
const needles = new Map<string, Needle>();
const maxNeedles = 500;

function needleOf(text: string): Needle {
  const known = needles.get(text);
  if (known) return known;
  const bytes = new TextEncoder().encode(text);
  const holds = new Uint8Array(256);
  for (const byte of bytes) holds[byte] = 1;
  const needle = { text: bytes, holds, find: createSearch(text) };
  if (needles.size >= maxNeedles) needles.clear();
  needles.set(text, needle);
  return needle;
}
