import type { Usage } from '@proxy/core';

export type TokenCount = readonly [kind: string, count: number];

/** The tokens of a call that there were, each in one kind: what is read from a cache is no `input`. */
export function tokensByKind(usage: Usage): readonly TokenCount[] {
  const { cacheWriteTokens = 0, cacheWrite1hTokens = 0, outputTokens = 0, reasoningTokens = 0 } = usage;
  const hour = Math.min(cacheWrite1hTokens, cacheWriteTokens);
  const reasoning = Math.min(reasoningTokens, outputTokens);
  const counts: readonly TokenCount[] = [
    ['input', (usage.inputTokens ?? 0) + (usage.toolUseInputTokens ?? 0)],
    ['cache_read', usage.cacheReadTokens ?? 0],
    ['cache_write', cacheWriteTokens - hour],
    ['cache_write_1h', hour],
    ['output', outputTokens - reasoning],
    ['reasoning', reasoning],
  ];
  return counts.filter(([, count]) => count > 0);
}
