/** A frame is complete: no decoder ever sees half of one. */
export interface Frame {
  /** The SSE `event:` name, or the AWS `:event-type`. */
  readonly event?: string;
  /** The payload text, JSON in every dialect but for Chat's `[DONE]`. */
  readonly data: string;
  /** The framing itself says that this is an error (AWS `:message-type`), and `event` is its kind. */
  readonly exception?: true;
}

/** What crosses a socket. Text is UTF-8 once it gets there; translators write text, relays pass bytes on. */
export type Chunk = Uint8Array | string;

/** Cuts a stream of bytes into frames. Keeps at most `maxFrameBytes` of an unfinished frame. */
export interface FrameReader {
  /** @throws FramingError when the bytes cannot be frames, or one frame outgrows `maxFrameBytes`. */
  push(bytes: Uint8Array): readonly Frame[];
  /** The same, one by one; those that the taker knows are not even cut. Only where frames are text one behind another. */
  pass?(bytes: Uint8Array, taker: FrameTaker): void;
  /** The frames that were complete but for their closing mark. */
  end(): readonly Frame[];
  /** What must stand between all that was read and another frame. Only where that depends on it. */
  readonly joint?: string;
}

/** Who takes the frames of a stream, and may know some of them by their text alone. */
export interface FrameTaker {
  frame(frame: Frame): void;
  /** Whether any is known as things stand: if not, nothing is asked. */
  readonly knows: boolean;
  /** Takes the frame that begins at `from`, if it is a known one: where it ends, else `from`. */
  known(text: string, from: number): number;
}

/** Joins frames into what goes on the wire. Stateful: a JSON array needs to know its first element. */
export interface FrameWriter {
  write(frames: readonly Frame[]): string;
  end(): string;
  /** What may be written between frames and means nothing, to keep a connection open ('' where there is no such thing). */
  readonly idle: string;
  /** Where a reader hears of them. */
  comment?(text: string): string;
}

export interface ReaderOptions {
  readonly maxFrameBytes?: number;
  /** Hears what stands between frames and means nothing, where there is such a thing (SSE). */
  readonly comment?: (text: string) => void;
}

/** A framing that only upstreams write. */
export interface ReplyFraming {
  readonly contentType: string;
  reader(options?: ReaderOptions): FrameReader;
  /** What stands before and behind the payload of such a frame, as vendors write it. Only where readers `pass`. */
  wrapping?(event: string | undefined): readonly [before: string, after: string];
}

export interface Framing extends ReplyFraming {
  /** `behind`: goes on with the stream that was read there. */
  writer(behind?: FrameReader): FrameWriter;
}

/** 64 MiB: a generated image arrives as one event of tens of megabytes. */
export const defaultMaxFrameBytes = 64 * 1024 * 1024;

export class FramingError extends Error {
  override readonly name = 'FramingError';
}
