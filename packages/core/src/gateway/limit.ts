import { base64StringTokens, estimateBodyTokens } from '../limits/estimate.ts';
import type { Permit } from '../limits/limiter.ts';
import type { Caller } from '../ports.ts';
import type { Incoming } from './incoming.ts';
import type { Running } from './running.ts';

/** Room for this call within the caller's limits. @throws Failure `rate-limited`, saying which limit and when it frees. */
export function limit({ limiter, options }: Running, caller: Caller, inbound: Incoming): Promise<Permit> | Permit {
  const limits = caller.limits ? { ...options.limits, ...caller.limits } : (options.limits ?? {});
  return limiter.reserve(caller, limits, () => estimateOf(inbound));
}

/** A form that is only kept costs nothing; another as much as a file in base64, however long it will be. */
function estimateOf({ upload, knock, body }: Incoming): number {
  if (!upload) return estimateBodyTokens(body);
  return knock.door.relay?.model === 'none' ? 0 : base64StringTokens;
}
