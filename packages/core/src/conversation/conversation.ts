import type { JsonObject } from '../json.ts';
import type { CacheMark, Extras, Message } from './message.ts';
import type { Tool, ToolChoice } from './tool.ts';

/** One request to a model, in nobody's wire format. Everything absent was not asked for. */
export interface Conversation {
  readonly model: string;
  readonly streaming: boolean;
  /** In order; system turns stand where they were written. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** False: at most one call a turn. */
  readonly parallelToolCalls?: boolean;
  readonly maxOutputTokens?: number;
  readonly sampling: Sampling;
  readonly reasoning?: Reasoning;
  readonly output?: OutputForm;
  /** OpenAI text.verbosity. */
  readonly verbosity?: 'low' | 'medium' | 'high';
  /** Who the end user is, for the vendor's abuse checks. */
  readonly endUser?: string;
  readonly serviceTier?: string;
  /** OpenAI prompt_cache_key. */
  readonly cacheKey?: string;
  /** Anthropic's automatic breakpoint for the whole request. */
  readonly cache?: CacheMark;
  readonly extras?: Extras;
}

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly stopSequences?: readonly string[];
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** How many replies; absent is one. */
  readonly candidates?: number;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
  readonly logitBias?: JsonObject;
}

export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = (typeof efforts)[number];

/** How much to think and how much of it to show: independent of each other. */
export interface Reasoning {
  /** disabled: do not think. adaptive: as much as it takes. Absent where only an effort or a budget was given. */
  readonly mode?: 'disabled' | 'adaptive';
  readonly effort?: Effort;
  readonly budgetTokens?: number;
  /** none: hide it. summary: show what may be shown, in the wanted detail. Absent: the vendor's default. */
  readonly show?: 'none' | 'summary';
  readonly summaryDetail?: 'auto' | 'concise' | 'detailed';
}

export type OutputForm =
  | { readonly type: 'text' }
  /** Any JSON object (Chat json_object). */
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema';
      readonly name?: string;
      readonly description?: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };
