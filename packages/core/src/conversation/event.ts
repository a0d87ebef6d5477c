import type { Citation, Extras, Part, Seal, ToolCallKind } from './message.ts';
import type { Failure } from './failure.ts';
import type { Finish } from './reply.ts';
import type { Usage } from './usage.ts';

/**
 * A reply as it grows. Grammar, per candidate: reply-start, then parts, then candidate-end; once for all: usage, reply-end.
 * Parts are numbered from 0 in the order they open (`part`), and may interleave; deltas and the end name their part.
 * Every opened part is ended before its candidate-end. `candidate` is absent for the first.
 * A `failure` ends everything: nothing follows it. A decoder's end() without reply-end is a truncated stream.
 */
export type ReplyEvent =
  | ReplyStart
  | TextStart
  | TextDelta
  | CitationEvent
  | TextEnd
  | ReasoningStart
  | ReasoningDelta
  | ReasoningEnd
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEnd
  | WholePart
  | UsageEvent
  | CandidateEnd
  | ReplyEnd
  | FailureEvent;

interface InCandidate {
  readonly candidate?: number;
}
interface InPart extends InCandidate {
  readonly part: number;
}

export interface ReplyStart {
  readonly type: 'reply-start';
  readonly id: string;
  readonly model: string;
  readonly created?: number;
  readonly usage?: Usage;
  readonly extras?: Extras;
}
export interface TextStart extends InPart {
  readonly type: 'text-start';
  /** The text is the model's refusal. */
  readonly refusal?: true;
}
export interface TextDelta extends InPart {
  readonly type: 'text-delta';
  readonly text: string;
}
export interface CitationEvent extends InPart {
  readonly type: 'citation';
  readonly citation: Citation;
}
export interface TextEnd extends InPart {
  readonly type: 'text-end';
  readonly seal?: Seal;
  /** What one dialect said beside the text (Responses `phase`, log probabilities). */
  readonly extras?: Extras;
}
interface ReasoningStart extends InPart {
  readonly type: 'reasoning-start';
}
export interface ReasoningDelta extends InPart {
  readonly type: 'reasoning-delta';
  readonly text: string;
}
export interface ReasoningEnd extends InPart {
  readonly type: 'reasoning-end';
  readonly seal?: Seal;
  readonly redacted?: boolean;
  readonly extras?: Extras;
}
/** Emitted once id and name are known whole. `seal` comes here, not at the end: some dialects must write it before the call. */
export interface ToolCallStart extends InPart {
  readonly type: 'tool-call-start';
  readonly id: string;
  readonly name: string;
  readonly namespace?: string;
  readonly kind: ToolCallKind;
  readonly seal?: Seal;
  readonly extras?: Extras;
}
/** A piece of the arguments' JSON text (function) or of the free text (custom). */
export interface ToolCallDelta extends InPart {
  readonly type: 'tool-call-delta';
  readonly text: string;
}
/** No deltas between start and end means `{}`. `truncated`: the reply was cut inside the arguments; they must not be run. */
export interface ToolCallEnd extends InPart {
  readonly type: 'tool-call-end';
  readonly truncated?: true;
}
/** A part that arrives at once: media, server tools, native parts, redacted reasoning. */
interface WholePart extends InPart {
  readonly type: 'part';
  readonly value: Part;
}
/** Running totals, not increments. */
interface UsageEvent {
  readonly type: 'usage';
  readonly usage: Usage;
}
export interface CandidateEnd extends InCandidate {
  readonly type: 'candidate-end';
  readonly finish: Finish;
  readonly extras?: Extras;
}
/** The vendor finished cleanly; usage, where there is any, has been told before. */
interface ReplyEnd {
  readonly type: 'reply-end';
}
interface FailureEvent {
  readonly type: 'failure';
  readonly failure: Failure;
}
