import type { Failure } from '../conversation/failure.ts';

/** RFC 6455 §7.4.1: 1007 for what makes no sense, 1008 for what may not be, 1013 for later, 1011 for our side's faults. */
export function closeCodeOf({ kind, status }: Failure): number {
  if (kind === 'bad-request') return 1007;
  if (kind === 'rate-limited' || kind === 'overloaded') return 1013;
  return status < 500 ? 1008 : 1011;
}
