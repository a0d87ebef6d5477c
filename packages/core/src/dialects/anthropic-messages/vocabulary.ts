import type { Finish, FinishReason } from '../../conversation/reply.ts';
import type { Usage } from '../../conversation/usage.ts';
import { isObject, number, object, type Json, type JsonObject } from '../../json.ts';
import type { WireDeltaUsage, WireStopReason, WireUsage } from './wire.ts';

/** Name of the dialect, issuer of its seals, key of its extras. */
export const dialect = 'anthropic-messages';

/** Table a1, read. */
const finishReasons = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  compaction: 'compaction',
  refusal: 'refusal',
  model_context_window_exceeded: 'context-window',
} as const satisfies Record<WireStopReason, FinishReason>;

/** Table a1, written. Only words of the enum go out: typed clients refuse any other (A9). */
const stopReasons = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'context-window': 'model_context_window_exceeded',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  compaction: 'compaction',
  'malformed-call': 'end_turn',
  other: 'end_turn',
} as const satisfies Record<FinishReason, WireStopReason>;

export function finishOf(stopReason: string): Finish {
  if (stopReason in finishReasons) return { reason: finishReasons[stopReason as WireStopReason] }; // it is one of its keys
  return { reason: 'other', raw: stopReason };
}

/** A stop sequence nobody knows the text of is an ordinary end: the client would look for it (F7). */
export function stopReasonOf(finish: Finish): WireStopReason {
  if (finish.reason === 'stop-sequence' && finish.stopSequence === undefined) return 'end_turn';
  return stopReasons[finish.reason];
}

/**
 * Table a2. All counts are exclusive of each other on both sides. Null and absent both mean that nobody said, so that a
 * later null never overwrites a number (U4).
 */
export function decodeUsage(wire: Json | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined;
  const creation = object(wire.cache_creation);
  const hour = number(creation?.ephemeral_1h_input_tokens);
  const written =
    number(wire.cache_creation_input_tokens) ??
    (creation && (number(creation.ephemeral_5m_input_tokens) ?? 0) + (hour ?? 0));
  const counts = {
    inputTokens: number(wire.input_tokens),
    cacheReadTokens: number(wire.cache_read_input_tokens),
    cacheWriteTokens: written,
    cacheWrite1hTokens: hour,
    outputTokens: number(wire.output_tokens),
    reasoningTokens: number(object(wire.output_tokens_details)?.thinking_tokens),
    webSearches: number(object(wire.server_tool_use)?.web_search_requests),
  };
  const usage: { -readonly [K in keyof Usage]: Usage[K] } = {};
  for (const key of Object.keys(counts) as (keyof typeof counts)[])
    // its own keys, spelled out above
    if (counts[key] !== undefined) usage[key] = counts[key];
  return usage;
}

/** What Anthropic counts as input includes Gemini's tool-use prompt, so that the total stays the same (a2). */
export function encodeUsage(usage: Usage | undefined): WireUsage {
  const { cacheWriteTokens: written, cacheWrite1hTokens: hour } = usage ?? {};
  return {
    ...encodeDeltaUsage(usage),
    cache_creation:
      hour === undefined
        ? null
        : { ephemeral_5m_input_tokens: Math.max(0, (written ?? hour) - hour), ephemeral_1h_input_tokens: hour },
    inference_geo: null,
    service_tier: null,
    speed: null,
  };
}

/** W1: searches are counted where the vendor that made them did not. */
export function withSearches(usage: Usage | undefined, searches: number): Usage | undefined {
  return searches === 0 || usage?.webSearches !== undefined ? usage : { ...usage, webSearches: searches };
}

export function encodeDeltaUsage(usage: Usage = {}): WireDeltaUsage {
  return {
    input_tokens: (usage.inputTokens ?? 0) + (usage.toolUseInputTokens ?? 0),
    cache_creation_input_tokens: usage.cacheWriteTokens ?? null,
    cache_read_input_tokens: usage.cacheReadTokens ?? null,
    output_tokens: usage.outputTokens ?? 0,
    output_tokens_details: usage.reasoningTokens === undefined ? null : { thinking_tokens: usage.reasoningTokens },
    server_tool_use:
      usage.webSearches === undefined ? null : { web_search_requests: usage.webSearches, web_fetch_requests: 0 },
  };
}

/** Members of an object that are neither known by name nor null: what the hub has no place for. */
export function leftover(value: JsonObject, known: readonly string[]): JsonObject | undefined {
  const rest: Record<string, Json> = {};
  let any = false;
  for (const key in value) {
    const member = value[key];
    if (member === undefined || member === null || known.includes(key)) continue;
    rest[key] = member;
    any = true;
  }
  return any ? rest : undefined;
}

/** The extras a part, tool or message gets for what is left over, ready to spread. */
export function extrasOf(rest: JsonObject | undefined): { extras?: { [dialect]: JsonObject } } {
  return rest ? { extras: { [dialect]: rest } } : {};
}
