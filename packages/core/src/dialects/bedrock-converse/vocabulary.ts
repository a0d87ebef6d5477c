import type { Extras } from '../../conversation/message.ts';
import type { Finish, FinishReason } from '../../conversation/reply.ts';
import type { Usage } from '../../conversation/usage.ts';
import { isObject, list, lookUp, number, object, type Json, type JsonObject } from '../../json.ts';
import type { WireStopReason, WireUsage } from './wire.ts';

/** Name of the dialect, issuer of its seals, key of its extras. */
export const dialect = 'bedrock-converse';

/** Table a1, read. */
const finishReasons = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  content_filtered: 'content-filter',
  guardrail_intervened: 'content-filter',
  malformed_model_output: 'malformed-call',
  malformed_tool_use: 'malformed-call',
  model_context_window_exceeded: 'context-window',
} as const satisfies Record<WireStopReason, FinishReason>;

/** Table a1, written. */
const stopReasons = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'context-window': 'model_context_window_exceeded',
  'tool-calls': 'tool_use',
  'content-filter': 'content_filtered',
  refusal: 'content_filtered',
  pause: 'end_turn',
  compaction: 'end_turn',
  'malformed-call': 'malformed_tool_use',
  other: 'end_turn',
} as const satisfies Record<FinishReason, WireStopReason>;

/** Several words mean one reason; which of them it was is kept beside it. */
const sayMore = new Set(['guardrail_intervened', 'malformed_model_output']);

export function finishOf(stopReason: string): Finish {
  const reason = lookUp<FinishReason>(finishReasons, stopReason);
  if (reason === undefined) return { reason: 'other', raw: stopReason };
  return { reason, ...(sayMore.has(stopReason) && { raw: stopReason }) };
}

export function stopReasonOf({ reason, raw }: Finish): string {
  return raw !== undefined && sayMore.has(raw) ? raw : stopReasons[reason];
}

/** Table a2: input excludes both kinds of cached tokens, the total includes them (U1, U7). */
export function decodeUsage(wire: Json | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined;
  const hour = list(wire.cacheDetails)
    .map((detail) => object(detail))
    .find((detail) => detail?.ttl === '1h');
  const counts = {
    inputTokens: number(wire.inputTokens),
    outputTokens: number(wire.outputTokens),
    cacheReadTokens: number(wire.cacheReadInputTokens),
    cacheWriteTokens: number(wire.cacheWriteInputTokens),
    cacheWrite1hTokens: number(hour?.inputTokens),
  };
  const told = Object.entries(counts).filter(([, count]) => count !== undefined);
  return told.length > 0 ? (Object.fromEntries(told) as Usage) : undefined; // the counts above, those that were told
}

export function encodeUsage(usage: Usage = {}): WireUsage {
  const { cacheReadTokens: read, cacheWriteTokens: written, cacheWrite1hTokens: hour } = usage;
  const inputTokens = (usage.inputTokens ?? 0) + (usage.toolUseInputTokens ?? 0);
  const outputTokens = usage.outputTokens ?? 0;
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens + (read ?? 0) + (written ?? 0),
    ...(read !== undefined && { cacheReadInputTokens: read }),
    ...(written !== undefined && { cacheWriteInputTokens: written }),
    ...(hour !== undefined && { cacheDetails: [{ ttl: '1h' as const, inputTokens: hour }] }),
  };
}

/** Members of an object that are neither known by name nor null: what the hub has no place for. */
export function leftover(value: JsonObject, known: readonly string[]): JsonObject | undefined {
  const rest = Object.entries(value).filter(([name, member]) => member !== null && !known.includes(name));
  return rest.length > 0 ? Object.fromEntries(rest) : undefined;
}

/** The extras a part, tool or message gets for what is left over, ready to spread. */
export function extrasOf(rest: JsonObject | undefined): { extras?: Extras } {
  return rest && Object.keys(rest).length > 0 ? { extras: { [dialect]: rest } } : {};
}

/** What this dialect's decoder could not place, to be written back as it was. */
export function ownExtras(extras: Extras | undefined): JsonObject {
  return extras?.[dialect] ?? {};
}
