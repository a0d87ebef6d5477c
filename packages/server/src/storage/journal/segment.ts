import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file of the journal that this process appends to. What it holds is in the system's hands, which outlives the process. */
export class Segment {
  readonly path: string;
  /** Of all segments ever: the database remembers by it how far it has read. */
  readonly id: string;
  readonly #file: number;
  #size = 0;
  #syncedSize = 0;
  #syncing = false;

  constructor(folder: string, slot: number) {
    this.id = randomBytes(9).toString('base64url');
    this.path = join(folder, segmentName(slot, this.id));
    this.#file = openSync(this.path, 'ax', 0o600); // records name callers and models
  }

  get size(): number {
    return this.#size;
  }

  /** @throws the system's error, with nothing appended. */
  append(frames: Buffer): void {
    try {
      for (let written = 0; written < frames.length;) written += writeSync(this.#file, frames, written);
    } catch (error) {
      ftruncateSync(this.#file, this.#size); // half a frame would hide what comes behind it
      throw error;
    }
    this.#size += frames.length;
  }

  /** Onto the disk, beside everything else: a loss of power costs what came since. */
  sync(): void {
    const size = this.#size;
    if (this.#syncing || size === this.#syncedSize) return;
    this.#syncing = true;
    fdatasync(this.#file, (error) => {
      this.#syncing = false;
      if (!error) this.#syncedSize = size;
    });
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function segmentName(slot: number, id: string): string {
  return `${slot}-${id}.log`;
}

/** Undefined: it is no segment. */
export function segmentOf(name: string): { readonly slot: number; readonly id: string } | undefined {
  const [, slot, id] = /^(\d+)-([\w-]+)\.log$/.exec(name) ?? [];
  return slot === undefined || id === undefined ? undefined : { slot: Number(slot), id };
}
