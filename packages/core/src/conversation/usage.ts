/**
 * What a reply cost, in tokens. Kinds do not overlap on the input side: the prompt's total is
 * input + cacheRead + cacheWrite + toolUseInput. `reasoningTokens` lies inside `outputTokens`.
 * A member is absent when nobody reported it.
 */
export interface Usage {
  /** Prompt tokens neither read from nor written to a cache. */
  readonly inputTokens?: number;
  readonly cacheReadTokens?: number;
  /** All tokens written to a cache, whatever their lifetime. */
  readonly cacheWriteTokens?: number;
  /** Of cacheWriteTokens, those kept for an hour (Anthropic prices them apart). */
  readonly cacheWrite1hTokens?: number;
  /** Everything generated, reasoning included. */
  readonly outputTokens?: number;
  readonly reasoningTokens?: number;
  /** Gemini: prompt tokens spent on tool-use results. */
  readonly toolUseInputTokens?: number;
  /** Of the prompt's tokens, those of sound; the same for pictures. */
  readonly audioInputTokens?: number;
  readonly imageInputTokens?: number;
  /** Of outputTokens, those of sound; the same for pictures. */
  readonly audioOutputTokens?: number;
  readonly imageOutputTokens?: number;
  readonly webSearches?: number;
  /** Pictures made. */
  readonly images?: number;
  /** Sound that was paid for by its length. */
  readonly audioSeconds?: number;
}

/** Later reports overwrite earlier ones member by member: every vendor reports running totals, never increments. */
export function laterUsage(earlier: Usage | undefined, later: Usage | undefined): Usage | undefined {
  if (!earlier || !later) return later ?? earlier;
  return { ...earlier, ...later };
}

/** The whole prompt, cached or not: the one sum that every translation preserves. */
export function totalInputTokens(usage: Usage): number {
  return (
    (usage.inputTokens ?? 0) +
    (usage.cacheReadTokens ?? 0) +
    (usage.cacheWriteTokens ?? 0) +
    (usage.toolUseInputTokens ?? 0)
  );
}

/** Of two replies that were paid for one by one. */
export function addedUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (!one || !other) return one ?? other;
  const sum: { -readonly [K in keyof Usage]: number } = { ...one };
  for (const name of Object.keys(other) as (keyof Usage)[]) sum[name] = (sum[name] ?? 0) + (other[name] ?? 0); // its own keys
  return sum;
}
