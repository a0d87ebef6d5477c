import type { Candidate } from '../keys/selector.ts';
import type { Ports } from '../ports.ts';
import type { Branch } from './gateway.ts';

/** Calls that a credential, or all of a route's target, is still good for; Infinity where nothing counts them. */
export function callsLeft({ quotas }: Pick<Ports, 'quotas'>, candidate: Candidate | Branch): number {
  if (!('upstream' in candidate)) {
    const { id, quota } = candidate;
    return quota === undefined ? Infinity : quotas.remaining(id, quota);
  }
  return candidate.upstream.credentials.reduce((sum, { id, quota }) => {
    return sum + (quota === undefined ? Infinity : quotas.remaining(id, quota));
  }, 0);
}
