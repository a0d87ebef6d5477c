import type { Extras, Part } from './message.ts';
import type { Usage } from './usage.ts';

/** A whole reply. `candidates[0]` is the reply; more exist only where the caller asked for several. */
export interface Reply {
  /** The vendor's id; '' where it gave none. */
  readonly id: string;
  /** The model as the vendor names it. */
  readonly model: string;
  /** Seconds since 1970, where told. */
  readonly created?: number;
  readonly candidates: readonly Candidate[];
  readonly usage?: Usage;
  readonly extras?: Extras;
}

export interface Candidate {
  readonly parts: readonly Part[];
  readonly finish: Finish;
  readonly extras?: Extras;
}

/**
 * Why a reply ended.
 * stop: of itself. stop-sequence: at a sequence the caller gave. length: at the output limit. context-window: the model's
 * window is full. tool-calls: waits for results. content-filter: a filter cut or blocked it. refusal: the model declined.
 * pause: more to come if the same is asked again (pause_turn). malformed-call: the model wrote a broken tool call.
 */
export type FinishReason =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'context-window'
  | 'tool-calls'
  | 'content-filter'
  | 'refusal'
  | 'pause'
  | 'compaction'
  | 'malformed-call'
  | 'other';

export interface Finish {
  readonly reason: FinishReason;
  /** The vendor's own word, when it says more than the reason (SAFETY, RECITATION, steered). */
  readonly raw?: string;
  readonly stopSequence?: string;
  /** The vendor's explanation of a refusal or a block, for people. */
  readonly explanation?: string;
}

/**
 * Tool calls outrank a plain stop: Gemini says STOP and many Chat vendors say `stop` beside a call, and an agent that
 * believed them would halt. Length, filters and errors outrank calls: a truncated call must never be run.
 */
export function settleFinish(declared: Finish, hasToolCalls: boolean): Finish {
  if (!hasToolCalls) return declared.reason === 'tool-calls' ? { ...declared, reason: 'stop' } : declared;
  const plain = declared.reason === 'stop' || declared.reason === 'stop-sequence' || declared.reason === 'other';
  return plain ? { ...declared, reason: 'tool-calls' } : declared;
}
