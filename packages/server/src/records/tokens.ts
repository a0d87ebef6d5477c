import type { Usage } from '@proxy/core';

/** Tokens of calls, each in one kind: what is read from a cache is no `input`. */
export class TokenCounts {
  #input = 0;
  #cacheRead = 0;
  #cacheWrite = 0;
  #cacheWrite1h = 0;
  #output = 0;
  #reasoning = 0;

  add(usage: Usage): void {
    const { cacheWriteTokens = 0, cacheWrite1hTokens = 0, outputTokens = 0, reasoningTokens = 0 } = usage;
    const hour = Math.min(cacheWrite1hTokens, cacheWriteTokens);
    const reasoning = Math.min(reasoningTokens, outputTokens);
    this.#input += counted((usage.inputTokens ?? 0) + (usage.toolUseInputTokens ?? 0));
    this.#cacheRead += counted(usage.cacheReadTokens ?? 0);
    this.#cacheWrite += counted(cacheWriteTokens - hour);
    this.#cacheWrite1h += counted(hour);
    this.#output += counted(outputTokens - reasoning);
    this.#reasoning += counted(reasoning);
  }

  byKind(): readonly (readonly [kind: string, count: number])[] {
    return [
      ['input', this.#input],
      ['cache_read', this.#cacheRead],
      ['cache_write', this.#cacheWrite],
      ['cache_write_1h', this.#cacheWrite1h],
      ['output', this.#output],
      ['reasoning', this.#reasoning],
    ];
  }
}

/** What upstreams report may be anything, and a counter that is infinite cannot be read. */
function counted(tokens: number): number {
  return tokens > 0 ? Math.min(tokens, Number.MAX_SAFE_INTEGER) : 0;
}
