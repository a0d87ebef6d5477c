import type { Chunk } from '../bytes/framing.ts';
import type { Lifted } from '../bytes/lift.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Finish } from '../conversation/reply.ts';
import type { Usage } from '../conversation/usage.ts';
import type { Binding } from '../dialects/binding.ts';
import type { Dialect, EncodeReplyContext, Glance, HeaderMap, Knock, TopLevel } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';

/** One caller's request, read. */
export interface Inbound {
  readonly dialect: Dialect;
  readonly knock: Knock;
  readonly glance: Glance;
  readonly body: Uint8Array;
  readonly top: TopLevel;
  /** A budget is charged for it: what a stream used has to be known, whether or not the caller asks. */
  readonly counted?: boolean;
  /** What was changed in it here already. */
  readonly notices?: readonly Notice[];
  /** The most that may be written, whatever the model could. */
  readonly maxOutputTokens?: number;
  /** Parsed and decoded at the first asking, once for all attempts. @throws Failure when it cannot be. */
  decoded(): Decoded;
}

export interface Decoded {
  readonly wire: JsonObject;
  readonly conversation: Conversation;
  readonly notices: readonly Notice[];
  /** Present: the files of the request are stand-ins, to be restored in whatever is made of it. */
  readonly lifted?: Lifted;
}

/** Where one attempt goes, as far as translation needs to know. */
export interface Destination {
  readonly dialect: Dialect;
  /** The upstream's own name for the model. */
  readonly model: string;
  readonly facts: ModelFacts;
  readonly signer: string;
  /** How the place carries the dialect, where that differs from the dialect's habit. */
  readonly binding?: Binding | undefined;
}

/** What a translation takes from the outside, so that it stays a function. */
export type ReplySettings = Pick<EncodeReplyContext, 'created' | 'newId'>;

/** One inbound request turned towards one destination, and the way back. */
export interface Translation {
  readonly way: 'relay' | 'convert';
  readonly body: Chunk;
  readonly headers: HeaderMap;
  /** Of the request; those of the reply join them while it is written. */
  readonly notices: readonly Notice[];
  /** A whole upstream reply (status below 400), in the caller's dialect. @throws Failure when it is not one. */
  whole(body: Uint8Array, contentType: string): WholeReply;
  /** A streamed upstream reply. `contentType` is the upstream's: JSON may come where a stream was asked for (X4). */
  stream(contentType: string): StreamTranslator;
  /** An upstream's refusal, understood. */
  failure(status: number, body: Uint8Array, headers: HeaderMap): Failure;
  /** The reply that tells of a prompt stopped by a filter, where the caller's dialect has no error for that (B7). */
  filtered?(failure: Failure): WholeReply;
}

export interface WholeReply {
  readonly contentType: string;
  readonly body: Chunk;
  readonly usage?: Usage | undefined;
  readonly finish?: Finish;
}

/** A synchronous machine: upstream bytes in, the caller's bytes out. '' when there is nothing to write yet. */
export interface StreamTranslator {
  readonly contentType: string;
  /** Longer reads are better pushed in pieces of this length: what is made of them then stays small enough to be young. */
  readonly pieceBytes?: number;
  push(bytes: Uint8Array): Chunk;
  /** The upstream closed its stream. */
  end(): Chunk;
  /** The connection broke. Undefined: these bytes have no words for that, and the caller's connection must break as well. */
  fail(failure: Failure): Chunk | undefined;
  /** The caller left: nothing more is wanted, but `progress` must be told whole. */
  leave(): void;
  /** What may be written at this moment to keep an idle stream open; '' when nothing may. */
  keepAlive(): Chunk;
  readonly progress: StreamProgress;
}

/** What has been seen so far. `begun` and an early `failure` are true after each push, the rest when the stream is over. */
export interface StreamProgress {
  /** The first event that is not an error has been seen: from here on the caller may be answered 200. */
  readonly begun: boolean;
  /** The upstream finished in order. */
  readonly finished: boolean;
  readonly usage?: Usage;
  /** The usage is that of the reply up to here, rather than of what was known when it began. */
  readonly current?: boolean;
  readonly finish?: Finish;
  readonly failure?: Failure;
}
