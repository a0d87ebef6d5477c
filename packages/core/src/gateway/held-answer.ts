import type { Failure } from '../conversation/failure.ts';
import { isSource, type Flow, type Sink, type Source } from '../ports.ts';
import type { HttpAnswer } from './http.ts';

export interface Held {
  readonly answer: HttpAnswer;
  /** Why the answer is none: to be told within the stream. */
  readonly failure?: Failure;
}

interface HeldOptions {
  /** What may stand between two frames. */
  readonly idle: string;
  readonly everyMs: number;
  /** A failure, in the stream's own words. */
  words(failure: Failure): string;
}

/** A stream that says nothing but that it is alive, until its answer is there; then it is that answer. */
export class HeldAnswer implements Source, Flow {
  readonly #answering: Promise<Held>;
  readonly #options: HeldOptions;
  #flow: Flow | undefined;
  #cancelled = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(answering: Promise<Held>, options: HeldOptions) {
    this.#answering = answering;
    this.#options = options;
  }

  start(sink: Sink): Flow {
    const { idle, everyMs } = this.#options;
    sink.write(idle);
    this.#timer = setInterval(() => sink.write(idle), everyMs);
    this.#answering.then(
      (held) => this.#begin(held, sink),
      (error: unknown) => this.#break(error, sink),
    );
    return this;
  }

  resume(): void {
    this.#flow?.resume();
  }

  cancel(): void {
    this.#cancelled = true;
    clearInterval(this.#timer);
    this.#flow?.cancel();
  }

  #break(error: unknown, sink: Sink): void {
    clearInterval(this.#timer);
    if (!this.#cancelled) sink.fail(error);
  }

  #begin({ answer: { body }, failure }: Held, sink: Sink): void {
    clearInterval(this.#timer);
    if (isSource(body)) {
      this.#flow = body.start(this.#cancelled ? nobody : sink);
      if (this.#cancelled) this.#flow.cancel();
      return;
    }
    if (this.#cancelled) return;
    const rest = failure ? this.#options.words(failure) : body;
    if (rest !== undefined && rest.length > 0) sink.write(rest);
    sink.end();
  }
}

/** Who has gone. */
const nobody: Sink = { write: () => true, end: () => undefined, fail: () => undefined };
