import { totalInputTokens, type Usage } from '../../conversation/usage.ts';
import { number, object, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import type { ChatUsage } from './wire.ts';

/** The usage of a reply or chunk, wherever its vendor puts it. */
export function findUsage(body: JsonObject, facts: ModelFacts): Usage | undefined {
  // B6: Groq streams it under x_groq. Kimi streams it in the last choice.
  const choice = Array.isArray(body.choices) ? object(body.choices[0]) : undefined;
  const usage = object(body.usage) ?? object(object(body.x_groq)?.usage) ?? object(choice?.usage);
  return usage && decodeUsage(usage, facts);
}

function decodeUsage(usage: JsonObject, facts: ModelFacts): Usage | undefined {
  const prompt = number(usage.prompt_tokens);
  const completion = number(usage.completion_tokens);
  const input = object(usage.prompt_tokens_details) ?? {};
  const output = object(usage.completion_tokens_details) ?? {};
  // Table a2: DeepSeek tells hits and misses; Kimi tells cached_tokens beside the totals.
  const cacheRead = number(input.cached_tokens) ?? number(usage.prompt_cache_hit_tokens) ?? number(usage.cached_tokens);
  const cacheWrite = number(input.cache_write_tokens);
  const reasoning = number(output.reasoning_tokens);
  const audioInput = number(input.audio_tokens);
  const audioOutput = number(output.audio_tokens);
  // Member by member: of every call's usage, where spreads of small objects cost as much as parsing it.
  const written: { -readonly [K in keyof Usage]: Usage[K] } = {};
  if (prompt !== undefined) {
    const cacheWriteWithin = facts.cacheWritesOutsidePrompt ? 0 : (cacheWrite ?? 0);
    written.inputTokens = Math.max(0, prompt - (cacheRead ?? 0) - cacheWriteWithin);
  }
  if (cacheRead !== undefined) written.cacheReadTokens = cacheRead;
  if (cacheWrite !== undefined) written.cacheWriteTokens = cacheWrite;
  if (completion !== undefined)
    written.outputTokens = completion + reasoningOutside(usage, prompt, completion, reasoning);
  if (reasoning !== undefined) written.reasoningTokens = reasoning;
  if (audioInput !== undefined) written.audioInputTokens = audioInput;
  if (audioOutput !== undefined) written.audioOutputTokens = audioOutput;
  return isEmpty(written) ? undefined : written;
}

export function encodeUsage(usage: Usage): ChatUsage {
  const prompt = totalInputTokens(usage);
  const completion = usage.outputTokens ?? 0;
  const input = {
    ...present('cached_tokens', usage.cacheReadTokens),
    ...present('cache_write_tokens', usage.cacheWriteTokens),
    ...present('audio_tokens', usage.audioInputTokens),
  };
  const output = {
    ...present('reasoning_tokens', usage.reasoningTokens),
    ...present('audio_tokens', usage.audioOutputTokens),
  };
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(!isEmpty(input) && { prompt_tokens_details: input }),
    ...(!isEmpty(output) && { completion_tokens_details: output }),
  };
}

/** xAI counts reasoning beside completion_tokens, OpenAI inside; only the total tells them apart (U3). */
function reasoningOutside(usage: JsonObject, prompt = 0, completion = 0, reasoning = 0): number {
  return reasoning > 0 && number(usage.total_tokens) === prompt + completion + reasoning ? reasoning : 0;
}

function present<K extends string>(key: K, value: number | undefined): { [P in K]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: number }); // the one key is K
}

function isEmpty(value: object): boolean {
  for (const _key in value) return false;
  return true;
}
