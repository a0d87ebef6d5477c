import { estimateBodyTokens } from '../limits/estimate.ts';
import type { Permit } from '../limits/limiter.ts';
import type { Caller } from '../ports.ts';
import type { Inbound } from '../translate/translation.ts';
import type { Running } from './running.ts';

/** Room for this call within the caller's limits. @throws Failure `rate-limited`, saying which limit and when it frees. */
export function limit({ limiter, options }: Running, caller: Caller, inbound: Inbound): Promise<Permit> | Permit {
  const limits = caller.limits ? { ...options.limits, ...caller.limits } : (options.limits ?? {});
  return limiter.reserve(caller, limits, () => estimateBodyTokens(inbound.body));
}
