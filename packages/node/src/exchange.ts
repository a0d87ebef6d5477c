import {
  type CancelSignal,
  Failure,
  type Flow,
  type HeaderMap,
  type Sink,
  type Source,
  type UpstreamResponse,
} from '@proxy/core';
import type { Dispatcher } from 'undici';
import { canDecode, decoded } from './decode.ts';
import { networkFailure, type Moment } from './network-failure.ts';
import { silences, type Speaker } from './silence.ts';
import { errors } from './undici.ts';

/** Bytes that may arrive before anybody takes them; beyond, the socket waits. */
const maxHeldBytes = 64 * 1024;

/**
 * One request and its reply: undici's handler, the response, its body and its flow in one object, because each would
 * cost an allocation and a closure a request.
 */
export class Exchange implements Dispatcher.DispatchHandler, UpstreamResponse, Source, Flow, Speaker {
  status = 0;
  headers: HeaderMap = {};
  body: Source = this;
  heardAt = 0;
  place = -1;
  patienceMs: number;
  readonly #idlePatienceMs: number;
  readonly #host: string;
  readonly #signal: CancelSignal;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #moment: Moment = 'connecting';
  #sink: Sink | undefined;
  #held: Uint8Array[] | undefined;
  #heldBytes = 0;
  /** The exchange is over for undici: nothing more comes, and nothing may be asked of the controller. */
  #over = false;
  #error: unknown;
  #cancelled = false;

  /** `answerPatienceMs` until the head of the reply, `idlePatienceMs` between two reads of its body; 0: for ever. */
  constructor(
    host: string,
    signal: CancelSignal,
    answerPatienceMs: number,
    idlePatienceMs: number,
    resolve: (response: UpstreamResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#host = host;
    this.#signal = signal;
    this.patienceMs = answerPatienceMs;
    this.#idlePatienceMs = idlePatienceMs;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this);
  }

  /** The signal was aborted. undici has no controller for a request that still waits for its connection. */
  handleEvent(): void {
    const reason = new Failure('client-gone', 'The caller went away.', { cause: this.#signal.reason });
    if (this.#controller) this.#controller.abort(reason);
    else this.onResponseError(undefined, reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) {
      controller.abort(toError(this.#error));
      return;
    }
    this.#controller = controller;
    this.#moment = 'waiting';
    if (this.patienceMs > 0) silences.listen(this);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return; // 103 Early Hints
    this.#moment = 'receiving';
    this.patienceMs = this.#idlePatienceMs;
    if (this.patienceMs > 0) silences.listen(this);
    else silences.forget(this);
    this.status = status;
    this.headers = joined(headers);
    const encoding = this.headers['content-encoding'];
    if (encoding !== undefined) this.#decode(encoding);
    this.#resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.heardAt = silences.now;
    if (this.#cancelled) return;
    if (this.#sink && !this.#held) {
      if (!this.#sink.write(chunk)) controller.pause();
      return;
    }
    this.#heldBytes += chunk.length;
    if (this.#held) this.#held.push(chunk);
    else this.#held = [chunk];
    if (this.#heldBytes >= maxHeldBytes) controller.pause();
  }

  onResponseEnd(): void {
    this.#close();
    if (this.#sink && !this.#held && !this.#cancelled) this.#sink.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: unknown): void {
    if (this.#over) return;
    this.#error = networkFailure(this.#host, this.#moment, error);
    this.#close();
    if (this.status === 0) this.#reject(this.#error);
    else if (this.#sink && !this.#held && !this.#cancelled) this.#sink.fail(this.#error);
  }

  /** A reply that we do not read ourselves says nothing either. */
  silent(): void {
    const controller = this.#controller;
    if (controller?.paused) this.heardAt = silences.now;
    else controller?.abort(this.status === 0 ? new errors.HeadersTimeoutError() : new errors.BodyTimeoutError());
  }

  start(sink: Sink): Flow {
    this.#sink = sink;
    let more = true;
    try {
      more = this.#deliverHeld(sink);
    } catch (error) {
      // As when undici calls: whoever cannot take the bytes hears of it by `fail`, and the connection is let go.
      this.#error = error;
      this.cancel();
      sink.fail(error);
      return this;
    }
    if (this.#cancelled) return this;
    if (this.#over) {
      if (this.#error === undefined) sink.end();
      else sink.fail(this.#error);
    } else if (more) {
      this.resume();
    } else {
      this.#controller?.pause();
    }
    return this;
  }

  resume(): void {
    this.heardAt = silences.now;
    if (!this.#over) this.#controller?.resume();
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#held = undefined;
    if (!this.#over) this.#controller?.abort(new Error('Nobody listens any longer.'));
  }

  #deliverHeld(sink: Sink): boolean {
    const held = this.#held ?? [];
    this.#held = undefined;
    let more = true;
    for (const chunk of held) if (!this.#cancelled) more = sink.write(chunk);
    return more;
  }

  /** We never ask for it, but some places compress all the same; everybody after us expects plain bytes. */
  #decode(encoding: string): void {
    if (!canDecode(encoding)) return;
    const { 'content-encoding': _encoding, 'content-length': _length, ...headers } = this.headers;
    this.headers = headers;
    const source: Source = { start: (sink) => this.start(sink) };
    this.body = decoded(source, encoding, (error) => networkFailure(this.#host, 'receiving', error));
  }

  /** The connection has gone over to somebody else. */
  protected settle(): void {
    this.#close();
  }

  #close(): void {
    this.#over = true;
    silences.forget(this);
    this.#signal.removeEventListener('abort', this);
  }
}

/** undici's own object, its few arrays joined: names are in lower case already. Cookies are between us and nobody. */
function joined(headers: Record<string, string | string[] | undefined>): HeaderMap {
  delete headers['set-cookie'];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string') headers[name] = value?.join(', ') ?? '';
  }
  return headers as Record<string, string>; // every value that was no string has been replaced above
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
