import type { ReplyFraming } from '../bytes/framing.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Counting, HeaderMap, Operation } from './dialect.ts';

/** How a dialect is carried at one place, where that differs from the dialect's own habit. All of it is optional. */
export interface Binding {
  /** What of a request is said otherwise here, by operation. */
  readonly envelopes?: Partial<Readonly<Record<Operation, Envelope>>>;
  /** How streamed replies are cut into frames here. Its frames hold what the dialect's own frames hold. */
  readonly framing?: ReplyFraming;
  /** Reads this place's errors; absent: they are the dialect's. Never throws. */
  decodeError?(status: number, body: Json, headers: HeaderMap): Failure;
  /** How tokens are counted here; absent: as the dialect does. The caller's body is then decoded, never relayed. */
  readonly counting?: Pick<Counting, 'encodeRequest' | 'decodeReply'>;
}

/** A body's members and headers as a place wants them. Applied to bytes when relaying, to the object when converting. */
export interface Envelope {
  /** Members with the values they always have here (`anthropic_version`). */
  readonly set?: JsonObject;
  /** Members that are said elsewhere here: the model in the path. */
  readonly omit?: readonly string[];
  /** Headers that mean nothing here, in lower case. */
  readonly omitHeaders?: readonly string[];
  /** Headers that are lists of words, by their names in lower case (`anthropic-beta`), and what becomes of the words. */
  readonly headerMembers?: Readonly<Record<string, HeaderMember>>;
}

export interface HeaderMember {
  /** The body's member they become; what the body says there already stays, ahead of them. Absent: they stay a header. */
  readonly member?: string;
  /** Words that this place has another word for. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Whether this place takes the word; absent: it takes all. Others are left out with a notice. */
  allows?(word: string): boolean;
  /** Top-level members that cannot be sent when this word cannot (H4). */
  governs?(word: string): readonly string[];
}
