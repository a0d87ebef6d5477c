import { estimateTokens } from '../limits/estimate.ts';
import type { Permit } from '../limits/limiter.ts';
import type { Caller } from '../ports.ts';
import type { Inbound } from '../translate/translation.ts';
import type { Running } from './running.ts';

/** Room for this call within the caller's limits. @throws Failure `rate-limited`, saying which limit and when it frees. */
export function limit({ limiter, options }: Running, caller: Caller, inbound: Inbound): Promise<Permit> | Permit {
  return limiter.reserve(caller, { ...options.limits, ...caller.limits }, estimateTokens(inbound.body.length));
}
