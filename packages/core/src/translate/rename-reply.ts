import { joinBytes } from '../bytes/join.ts';
import { createSearch } from '../bytes/search.ts';
import { replaceMember, topLevel } from '../bytes/splice.ts';
import type { Destination, Inbound } from './translation.ts';

/**
 * Puts the caller's name for the model in place of the vendor's, in a reply that is passed on otherwise as it is. Only a JSON
 * member is ever matched: within a text its quotation marks are escaped.
 */
export interface ReplyRenaming {
  whole(body: Uint8Array): Uint8Array;
  /** For one stream. */
  bytes(): ByteRenaming;
  /** One frame's payload. */
  text(data: string): string;
}

interface ByteRenaming {
  push(bytes: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
}

/** Undefined where the caller's name is the vendor's, as it mostly is: then nothing is looked for. */
export function replyRenaming({ dialect, glance }: Inbound, { model }: Destination): ReplyRenaming | undefined {
  const member = dialect.replyModel;
  if (member === undefined || model === glance.model || model === '') return undefined;
  // `upstream/model` is no other name, it only says where.
  if (glance.model.endsWith(`/${model}`)) return undefined;
  const name = JSON.stringify(glance.model);
  const pattern = new RegExp(`("${member}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`);
  return {
    whole: (body) => (typeof topLevel(body).get(member) === 'string' ? replaceMember(body, member, name) : body),
    text: (data) => data.replace(pattern, (_, before: string) => before + name),
    bytes: () => new LearntRenaming(pattern, name),
  };
}

const nothing = new Uint8Array();
/** A vendor that has not named its model by then does not. */
const maxUnnamedBytes = 64 * 1024;

/** Learns from the first line that names the model how the vendor writes it, then looks for just these bytes. */
class LearntRenaming implements ByteRenaming {
  readonly #pattern: RegExp;
  readonly #name: string;
  #held: Uint8Array = nothing;
  #passed = 0;
  #learnt: Learnt | undefined;
  #given = false;

  constructor(pattern: RegExp, name: string) {
    this.#pattern = pattern;
    this.#name = name;
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.#given) return bytes;
    const all = this.#held.length > 0 ? joinBytes([this.#held, bytes]) : bytes;
    if (!this.#learnt) return this.#learn(all);
    return this.#replace(all, this.#learnt);
  }

  end(): Uint8Array {
    const rest = this.#held;
    this.#held = nothing;
    return rest;
  }

  /** Lines go on as they are complete, so that nothing waits for a name that may not come. */
  #learn(bytes: Uint8Array): Uint8Array {
    const complete = bytes.subarray(0, bytes.lastIndexOf(lineFeed) + 1);
    const [found, before] = this.#pattern.exec(new TextDecoder().decode(complete)) ?? [];
    if (found !== undefined && before !== undefined) {
      this.#learnt = learntFrom(found, before + this.#name);
      return this.#replace(bytes, this.#learnt);
    }
    this.#passed += complete.length;
    this.#held = bytes.slice(complete.length);
    this.#given = this.#passed + this.#held.length > maxUnnamedBytes;
    return this.#given ? joinBytes([complete, this.end()]) : complete;
  }

  #replace(bytes: Uint8Array, { search, length, instead, begins }: Learnt): Uint8Array {
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (let at = search(bytes); at >= 0; at = search(bytes, from)) {
      pieces.push(bytes.subarray(from, at), instead);
      from = at + length;
    }
    const until = bytes.length - begins(bytes, from);
    this.#held = until < bytes.length ? bytes.slice(until) : nothing;
    if (pieces.length === 0) return bytes.subarray(0, until);
    return joinBytes([...pieces, bytes.subarray(from, until)]);
  }
}

interface Learnt {
  readonly search: (bytes: Uint8Array, from?: number) => number;
  readonly length: number;
  readonly instead: Uint8Array;
  /** How many of the last bytes may be the beginning of what is looked for. */
  begins(bytes: Uint8Array, from: number): number;
}

function learntFrom(found: string, instead: string): Learnt {
  const encoder = new TextEncoder();
  const needle = encoder.encode(found);
  return {
    search: createSearch(found),
    length: needle.length,
    instead: encoder.encode(instead),
    begins(bytes, from) {
      for (let length = Math.min(needle.length - 1, bytes.length - from); length > 0; length -= 1) {
        const start = bytes.length - length;
        let at = 0;
        while (at < length && bytes[start + at] === needle[at]) at += 1;
        if (at === length) return length;
      }
      return 0;
    },
  };
}

const lineFeed = 0x0a;
