import { createFormFields, FormError, type FormField, type FormFields } from '../bytes/form-fields.ts';
import { Failure } from '../conversation/failure.ts';
import type { Flow, Sink, Source } from '../ports.ts';
import { asFailure } from '../translate/upstream-failure.ts';

interface UploadOptions {
  /** Announced by the caller, in bytes. */
  readonly length?: number;
  readonly maxBytes: number;
  /** Present: the form may name a model. Absent: the bytes are nobody's business. */
  readonly form?: { readonly boundary: string; readonly modelRequired: boolean; readonly maxHeldBytes: number };
}

/** So much is kept of what was sent, in order to send it again with another key. */
const maxReplayBytes = 1024 * 1024;
/** Chunks below this are joined in blocks of the other. */
const smallBytes = 4 * 1024;
const blockBytes = 64 * 1024;

/**
 * A form on its way from the caller to an upstream: bytes are held until the model has been read, then every piece that
 * comes in goes out, as fast as the upstream takes it. What was sent can be sent again as long as all of it is held.
 */
export class Upload implements Sink {
  readonly #source: Source;
  readonly #options: UploadOptions;
  readonly #fields: FormFields | undefined;
  #started = false;
  #flow: Flow | undefined;
  /** What is held of the body: all of it, or the end that was not sent yet. */
  #pieces: Uint8Array[] = [];
  /** Where the first piece begins in the body. */
  #heldFrom = 0;
  #received = 0;
  #ended = false;
  #failure: Failure | undefined;
  #model: FormField | undefined;
  #streaming = false;
  /** Answers the question whether the model is known, once. */
  #decide: { readonly resolve: () => void; readonly reject: (failure: Failure) => void } | undefined;
  #sending: Sending | undefined;
  #pumping = false;
  /** As much as had to be held before anything could be sent may stay. */
  #maxKept: number;
  /** Where small chunks are joined. */
  #block = new Uint8Array();

  constructor(source: Source, options: UploadOptions) {
    this.#source = source;
    this.#options = options;
    this.#maxKept = Math.max(maxReplayBytes, options.form?.maxHeldBytes ?? 0);
    this.#fields = options.form && createFormFields(options.form.boundary, ['model', 'stream']);
  }

  /** As far as the form has been read; '' before it says so. */
  get model(): string {
    return this.#model?.value ?? '';
  }

  get streaming(): boolean {
    return this.#streaming;
  }

  /** More was held than may be, and the model is still to come. */
  get undecided(): boolean {
    return this.#fields !== undefined && !this.#model && !this.#ended;
  }

  /** As long as the caller announced, or as it may become. */
  get mostBytes(): number {
    return this.#options.length ?? this.#options.maxBytes;
  }

  /** What ended it early, on the caller's side. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Whether all that was sent could be sent once more. */
  get repeatable(): boolean {
    return this.#heldFrom === 0 && !this.#failure;
  }

  /** Reads on until the model is known, the form is over, or too much is held. @throws Failure when it is no such form. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { length = 0, maxBytes } = this.#options;
      if (length > maxBytes) {
        reject(this.#tooLarge());
        return;
      }
      if (!this.#fields) {
        resolve();
        return;
      }
      this.#decide = { resolve, reject };
      this.#begin();
    });
  }

  /** How long the body is once the model has this name; undefined: nobody knows yet. */
  lengthWith(model: string | undefined): number | undefined {
    const { length } = this.#options;
    if (!this.#fields || length === undefined) return length;
    const field = this.#model;
    if (!field) return this.#ended ? length : undefined;
    return model === undefined ? length : length - (field.end - field.start) + encoder.encode(model).length;
  }

  /**
   * The body for one attempt, from its beginning; one attempt follows another. `rename` gives the upstream's name for the
   * model, and may throw a Failure: a model that comes late is known only when the first bytes are gone.
   */
  body(rename: (model: string) => string): Source {
    return { start: (sink) => this.#attach(new Sending(this, sink, rename)) };
  }

  /** Nobody wants the rest. */
  cancel(): void {
    if (this.#ended || this.#failure) return;
    this.#fail(new Failure('client-gone', 'The upload was given up.'));
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#failure) return true; // over: whatever still comes falls into nothing
    const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
    this.#received += bytes.length;
    this.#keep(bytes);
    if (this.#received > this.#options.maxBytes) this.#fail(this.#tooLarge());
    else this.#look(() => this.#fields?.push(bytes) ?? []);
    if (this.#decide) {
      if (this.#model || this.#received > (this.#options.form?.maxHeldBytes ?? 0)) this.#decided();
      return this.#decide !== undefined;
    }
    this.pump();
    return this.#sending?.wanting === true;
  }

  end(): void {
    if (this.#failure || this.#ended) return;
    this.#ended = true;
    this.#look(() => (this.#fields?.end(), []));
    if (this.#options.form?.modelRequired && !this.#model && !this.#failure) this.#fail(missingModel());
    if (this.#decide) this.#decided();
    else this.pump();
  }

  fail(error: unknown): void {
    if (!this.#ended) this.#fail(asFailure(error));
  }

  /** Hands on what is there, as long as it is wanted. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (;;) {
      const sending = this.#sending;
      if (!sending?.wanting || this.#failure) break;
      const out = this.#next(sending);
      if (out) sending.write(out);
      else break;
    }
    this.#pumping = false;
    this.#letGo();
    const sending = this.#sending;
    if (!sending || this.#failure) return;
    if (this.#ended && sending.at === this.#received) {
      this.#sending = undefined;
      sending.end();
    } else if (sending.wanting && !this.#ended) this.#begin();
  }

  detach(sending: Sending): void {
    if (this.#sending === sending) this.#sending = undefined;
  }

  #attach(sending: Sending): Flow {
    this.#sending = sending;
    if (this.#failure) sending.fail(this.#failure);
    else if (!this.repeatable) sending.fail(new Failure('server', 'What was sent of this upload is no longer held.'));
    else this.pump();
    return sending;
  }

  /** Starts the source, or lets it go on. */
  #begin(): void {
    if (this.#started) {
      this.#flow?.resume();
      return;
    }
    this.#started = true;
    this.#flow = this.#source.start(this);
    if (this.#failure) this.#flow.cancel();
  }

  /** Small chunks are joined while they are kept: an object for each could take more room than its bytes. */
  #keep(bytes: Uint8Array): void {
    const last = this.#pieces.at(-1);
    const joined = bytes.length < smallBytes && this.#received <= this.#maxKept;
    if (!joined) {
      this.#pieces.push(bytes);
      return;
    }
    const filled = last?.buffer === this.#block.buffer ? last.length : this.#block.length;
    if (filled + bytes.length > this.#block.length) {
      this.#block = new Uint8Array(blockBytes);
      this.#block.set(bytes);
      this.#pieces.push(this.#block.subarray(0, bytes.length));
    } else {
      this.#block.set(bytes, filled);
      this.#pieces[this.#pieces.length - 1] = this.#block.subarray(0, filled + bytes.length);
    }
  }

  #decided(): void {
    this.#maxKept = Math.max(this.#received, maxReplayBytes);
    const decide = this.#decide;
    this.#decide = undefined;
    decide?.resolve();
  }

  #look(read: () => readonly FormField[]): void {
    try {
      for (const field of read()) this.#found(field);
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      this.#fail(new Failure('bad-request', `The body is no form as its content type says. ${error.message}`));
    }
  }

  #found(field: FormField): void {
    if (field.name === 'stream') this.#streaming = field.value === 'true';
    // Servers differ in which one they believe, and only one was routed by.
    else if (this.#model) this.#fail(new Failure('bad-request', 'The form names "model" twice.', { field: 'model' }));
    else if (field.value !== '') this.#model = field;
    else if (this.#options.form?.modelRequired) this.#fail(missingModel());
  }

  /** What comes next of the body, changed where the model stands. */
  #next(sending: Sending): Uint8Array | undefined {
    const model = this.#model;
    if (model?.start === sending.at) {
      sending.at = model.end;
      try {
        return encoder.encode(sending.rename(model.value));
      } catch (error) {
        this.#fail(asFailure(error));
        return undefined;
      }
    }
    const passed = this.#fields?.passed ?? this.#received;
    const to = model && sending.at < model.start ? model.start : passed;
    for (let piece = this.#pieces[sending.piece]; piece; piece = this.#pieces[sending.piece]) {
      const from = sending.at - sending.pieceFrom;
      if (from < piece.length) {
        const out = piece.subarray(from, Math.min(piece.length, to - sending.pieceFrom));
        sending.at += out.length;
        return out.length > 0 ? out : undefined;
      }
      // The last one may still grow.
      if (sending.piece === this.#pieces.length - 1) return undefined;
      sending.piece += 1;
      sending.pieceFrom += piece.length;
    }
    return undefined;
  }

  /** What was sent and will not be sent again. */
  #letGo(): void {
    const sending = this.#sending;
    if (this.#received <= this.#maxKept || !sending || sending.piece === 0) return;
    this.#pieces.splice(0, sending.piece);
    this.#heldFrom = sending.pieceFrom;
    sending.piece = 0;
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#pieces = [];
    this.#flow?.cancel();
    const decide = this.#decide;
    this.#decide = undefined;
    decide?.reject(failure);
    const sending = this.#sending;
    this.#sending = undefined;
    sending?.fail(failure);
  }

  #tooLarge(): Failure {
    return new Failure('too-large', `The upload is larger than the ${this.#options.maxBytes} bytes allowed here.`);
  }
}

/** The body on its way to one upstream. */
class Sending implements Flow {
  /** Where in the caller's body it is. */
  at = 0;
  /** The piece that holds that place, or a place before it, and where that piece begins. */
  piece = 0;
  pieceFrom = 0;
  wanting = true;
  readonly rename: (model: string) => string;
  readonly #upload: Upload;
  readonly #sink: Sink;

  constructor(upload: Upload, sink: Sink, rename: (model: string) => string) {
    this.#upload = upload;
    this.#sink = sink;
    this.rename = rename;
  }

  write(bytes: Uint8Array): void {
    this.wanting = this.#sink.write(bytes);
  }

  end(): void {
    this.#sink.end();
  }

  fail(failure: Failure): void {
    this.#sink.fail(failure);
  }

  resume(): void {
    this.wanting = true;
    this.#upload.pump();
  }

  /** The attempt is over; another may follow. */
  cancel(): void {
    this.wanting = false;
    this.#upload.detach(this);
  }
}

function missingModel(): Failure {
  return new Failure('bad-request', 'Missing "model": the form must name the model to ask, in a field of that name.', {
    field: 'model',
  });
}

const encoder = new TextEncoder();
