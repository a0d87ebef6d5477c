import { set, type Environment } from '../expand.ts';
import type { LegacyGuards } from '../guards.ts';
import { numberIn } from './numbers.ts';

const dayMs = 86_400_000;

/** danger-dream/ai-proxy: bans and a rate by address, always on where nothing but its host names is served (rows C1, C2, C4). */
export function aiProxyGuards(env: Environment, hostsOnly: boolean): LegacyGuards {
  const problems: string[] = [];
  const errors = numberIn(env, 'IP_ERROR_THRESHOLD', problems, 1);
  const windowMs = numberIn(env, 'ERROR_WINDOW', problems, 1);
  const requests = numberIn(env, 'RATE_LIMIT_REQUESTS', problems, 1);
  const intervalMs = numberIn(env, 'RATE_LIMIT_INTERVAL', problems, 1);
  const bans = hostsOnly || errors !== undefined || windowMs !== undefined;
  const rate = hostsOnly || requests !== undefined || intervalMs !== undefined;
  const perAddress = { requests: requests ?? 100, windowSeconds: (intervalMs ?? 60_000) / 1000 };
  return {
    problems,
    ...(bans && {
      bans: {
        errors: errors ?? 10,
        windowSeconds: (windowMs ?? dayMs) / 1000,
        file: `${set(env, 'BASE_PATH') ?? '.'}/black.json`,
      },
    }),
    sets: rate ? [{ doors: ['hosts'], perAddress }] : [],
  };
}
