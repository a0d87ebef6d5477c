import { defaultMaxFrameBytes, type Chunk } from '../bytes/framing.ts';
import { Failure } from '../conversation/failure.ts';
import type { CancelSignal, Flow, Sink, Source } from '../ports.ts';
import type { StreamProgress, StreamTranslator } from '../translate/translation.ts';
import { asFailure } from '../translate/upstream-failure.ts';

interface StreamOptions {
  readonly signal: CancelSignal;
  /** 0: never. */
  readonly keepAliveMs: number;
  /**
   * Called once, when nothing but the end is left to hand on, or the caller left; with the bytes that came from the upstream.
   */
  readonly onClose: (progress: StreamProgress, failure: Failure | undefined, receivedBytes: number) => void;
}

type Opened = { readonly source: Source } | { readonly failure: Failure };

/**
 * Waits for the first event that is not an error, so that a stream that fails at once is still a status, and another key
 * can be tried (E6). After that every upstream read becomes at most one write.
 */
export function openStream(upstream: Source, translator: StreamTranslator, options: StreamOptions): Promise<Opened> {
  return new Promise((resolve) => {
    const stream = new TranslatedStream(translator, options, resolve);
    stream.attach(upstream.start(stream));
  });
}

/** Chunks that may wait for a reader, once there will be one, before the upstream is paused. */
const maxHeldChunks = 64;
/** An upstream ends by itself behind an error, and its connection stays of use; one that does not is not waited for. */
const afterFailureMs = 500;

class TranslatedStream implements Sink, Source, Flow {
  readonly #translator: StreamTranslator;
  readonly #pieceBytes: number;
  readonly #options: StreamOptions;
  /** Undefined once it has been told how the stream began. */
  #decide: ((opened: Opened) => void) | undefined;
  #upstream: Flow | undefined;
  #sink: Sink | undefined;
  #held: Chunk[] = [];
  #heldBytes = 0;
  #receivedBytes = 0;
  #ended = false;
  /** What the reader's connection breaks with. */
  #broken: Failure | undefined;
  #closed = false;
  #cancelled = false;
  #wrote = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #failed: ReturnType<typeof setTimeout> | undefined;

  constructor(translator: StreamTranslator, options: StreamOptions, decide: (opened: Opened) => void) {
    this.#translator = translator;
    this.#pieceBytes = translator.pieceBytes ?? Infinity;
    this.#options = options;
    this.#decide = decide;
  }

  /** The source may have pushed all it has before it returned its Flow. */
  attach(upstream: Flow): void {
    this.#upstream = upstream;
    if (this.#cancelled) upstream.cancel();
  }

  write(chunk: Chunk): boolean {
    if (this.#closed) return false;
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    this.#receivedBytes += bytes.length;
    const pieceBytes = this.#pieceBytes;
    if (bytes.length <= pieceBytes) return this.#push(bytes);
    let more = true;
    for (let at = 0; at < bytes.length && !this.#closed; at += pieceBytes)
      more = this.#push(bytes.subarray(at, at + pieceBytes));
    return more;
  }

  #push(bytes: Uint8Array): boolean {
    const out = this.#translator.push(bytes);
    if (this.#decide) this.#settle(false);
    const more = this.#emit(out);
    if (this.#translator.progress.failure && !this.#closed)
      this.#failed ??= setTimeout(() => this.#giveUp(), afterFailureMs);
    return more;
  }

  #giveUp(): void {
    this.end();
    this.#upstream?.cancel();
  }

  end(): void {
    if (this.#closed) return;
    const out = this.#translator.end();
    this.#settle(true);
    this.#emit(out);
    this.#finish();
  }

  fail(error: unknown): void {
    if (this.#closed) return;
    const failure = this.#options.signal.aborted
      ? new Failure('client-gone', 'The caller went away.', { cause: error })
      : asFailure(error);
    if (this.#decide) {
      this.#refuse(failure);
      return;
    }
    const out = this.#translator.fail(failure);
    if (out === undefined) {
      this.#broken = failure;
      this.#sink?.fail(failure);
      this.#close(failure);
      return;
    }
    this.#emit(out);
    this.#finish();
  }

  /** The reader is here. */
  start(sink: Sink): Flow {
    this.#sink = sink;
    const held = this.#held;
    this.#held = [];
    let more = true;
    for (const chunk of held) more = sink.write(chunk);
    if (this.#broken) {
      sink.fail(this.#broken);
      return this;
    }
    if (this.#ended) {
      sink.end();
      return this;
    }
    if (more) this.#upstream?.resume();
    const { keepAliveMs } = this.#options;
    if (keepAliveMs > 0) this.#timer = setInterval(() => this.#keepAlive(), keepAliveMs);
    return this;
  }

  resume(): void {
    this.#upstream?.resume();
  }

  cancel(): void {
    this.#cancelled = true;
    this.#upstream?.cancel();
    if (this.#closed) return;
    this.#translator.leave();
    const { finished, failure } = this.#translator.progress;
    // Some callers (Codex) hang up on the last event, or on an error, before the connection's own end has come: they have it all.
    this.#close(finished || failure ? failure : new Failure('client-gone', 'The caller went away.'));
  }

  #emit(out: Chunk): boolean {
    if (out.length === 0 || this.#closed) return !this.#closed;
    this.#wrote = true;
    if (this.#sink) return this.#sink.write(out);
    this.#held.push(out);
    this.#heldBytes += out.length;
    if (!this.#decide) return this.#held.length < maxHeldChunks;
    // Nobody would resume a source paused before its first event is whole, however many chunks that comes in.
    if (this.#heldBytes > defaultMaxFrameBytes) this.#accept();
    return true;
  }

  /** Answers the one question of openStream, as soon as it can be. */
  #settle(over: boolean): void {
    const { progress } = this.#translator;
    if (!this.#decide) return;
    if (progress.failure && !progress.begun) this.#refuse(progress.failure);
    else if (progress.begun || over) this.#accept();
  }

  #accept(): void {
    this.#decide?.({ source: this });
    this.#decide = undefined;
  }

  /** Not a stream after all; onClose is not called, since nothing was opened. */
  #refuse(failure: Failure): void {
    this.#closed = true;
    this.#cancelled = true;
    this.#decide?.({ failure });
    this.#decide = undefined;
    this.#upstream?.cancel();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#ended = true;
    // The books first: a caller who has seen the end is on record, even if this process is killed at that moment.
    this.#close(this.#translator.progress.failure);
    this.#sink?.end();
  }

  #close(failure: Failure | undefined): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#failed);
    this.#options.onClose(this.#translator.progress, failure, this.#receivedBytes);
  }

  #keepAlive(): void {
    if (!this.#wrote) {
      const chunk = this.#translator.keepAlive();
      if (chunk.length > 0) this.#sink?.write(chunk);
    }
    this.#wrote = false;
  }
}
