import type { Failure } from '../conversation/failure.ts';
import type { HeaderMap } from './dialect.ts';

/** How a limit of ours stands, by the names that OpenAI's clients read: `x-ratelimit-remaining-tokens`. */
export function openaiQuotaHeaders({ details: { quota, retryAfterSeconds } }: Failure): HeaderMap {
  if (!quota) return {};
  return {
    [`x-ratelimit-limit-${quota.of}`]: String(quota.quota),
    [`x-ratelimit-remaining-${quota.of}`]: String(quota.remaining),
    ...(retryAfterSeconds !== undefined && { [`x-ratelimit-reset-${quota.of}`]: `${Math.ceil(retryAfterSeconds)}s` }),
  };
}

/** The same by Anthropic's: `anthropic-ratelimit-tokens-remaining`. */
export function anthropicQuotaHeaders({ details: { quota } }: Failure): HeaderMap {
  if (!quota) return {};
  const name = `anthropic-ratelimit-${quota.of}`;
  return {
    [`${name}-limit`]: String(quota.quota),
    [`${name}-remaining`]: String(quota.remaining),
    ...(quota.resetsAt !== undefined && { [`${name}-reset`]: new Date(quota.resetsAt).toISOString() }),
  };
}
