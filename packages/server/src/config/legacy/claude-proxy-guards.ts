import { isOn, type Environment } from '../expand.ts';
import type { LegacyGuards } from '../guards.ts';
import { numberIn } from './numbers.ts';

/** BenedictKing/claude-proxy: an optional rate by address (row C6); dead in that program, and promised. */
export function claudeProxyGuards(env: Environment): LegacyGuards {
  const problems: string[] = [];
  const windowMs = numberIn(env, 'RATE_LIMIT_WINDOW', problems, 1) ?? 60_000;
  const requests = numberIn(env, 'RATE_LIMIT_MAX_REQUESTS', problems, 1) ?? 100;
  const on = isOn(env, 'ENABLE_RATE_LIMIT');
  const perAddress = { requests, windowSeconds: windowMs / 1000 };
  return { problems, sets: on ? [{ doors: ['own', 'api', 'services', 'addresses'], perAddress }] : [] };
}
