import { Readable } from 'node:stream';
import type { Flow, Source } from '@proxy/core';

/** A Source as a stream for undici: read no faster than the upstream takes it, let go when the request is over. */
export function readableOf(source: Source): Readable {
  return new SourceStream(source);
}

class SourceStream extends Readable {
  readonly #source: Source;
  #flow: Flow | undefined;
  #started = false;

  constructor(source: Source) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
  }

  override _read(): void {
    if (this.#started) {
      this.#flow?.resume();
      return;
    }
    this.#started = true;
    this.#flow = this.#source.start({
      write: (chunk) => this.push(chunk),
      end: () => void this.push(null),
      fail: (error) => void this.destroy(error instanceof Error ? error : new Error(String(error))),
    });
    if (this.destroyed) this.#flow.cancel();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#flow?.cancel();
    done(error);
  }
}
