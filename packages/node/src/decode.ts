import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';
import type { Flow, Sink, Source } from '@proxy/core';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

export function canDecode(encoding: string): boolean {
  return Object.hasOwn(decoders, encoding.toLowerCase());
}

/**
 * The bytes before they were compressed. Hands on no more than the sink takes, so that it alone decides how large a small
 * body may become. `failed` says what bytes mean that cannot be decoded.
 */
export function decoded(source: Source, encoding: string, failed: (error: unknown) => unknown): Source {
  return {
    start(sink) {
      const decoder = decoders[encoding.toLowerCase()]?.();
      if (!decoder) throw new Error(`There is no decoder for ${encoding}.`);
      return new Decoding(decoder, failed, sink).run(source);
    },
  };
}

class Decoding implements Sink, Flow {
  readonly #decoder: Transform;
  #flow: Flow | undefined;
  #cancelled = false;

  constructor(decoder: Transform, failed: (error: unknown) => unknown, sink: Sink) {
    this.#decoder = decoder;
    decoder.on('data', (bytes: Uint8Array) => {
      if (!this.#cancelled && !sink.write(bytes)) decoder.pause();
    });
    decoder.on('end', () => {
      if (!this.#cancelled) sink.end();
    });
    decoder.on('error', (error) => {
      if (this.#cancelled) return;
      this.cancel();
      sink.fail(failed(error));
    });
    decoder.on('drain', () => this.#flow?.resume());
  }

  run(source: Source): Flow {
    this.#flow = source.start(this);
    if (this.#cancelled) this.#flow.cancel();
    return this;
  }

  write(chunk: Uint8Array | string): boolean {
    return !this.#cancelled && this.#decoder.write(chunk);
  }

  end(): void {
    if (!this.#cancelled) this.#decoder.end();
  }

  fail(error: unknown): void {
    if (!this.#cancelled) this.#decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  resume(): void {
    this.#decoder.resume();
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#decoder.destroy();
    this.#flow?.cancel();
  }
}
