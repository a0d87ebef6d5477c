import type { Policy } from '@proxy/core';
import type { Metrics } from './metrics.ts';

/** No rule, but a place from which every call is seen that has been let in, and its end. */
export function runningPolicy({ began, ended }: Pick<Metrics, 'began' | 'ended'>): Policy {
  return { name: 'running', inspect: began, over: ended };
}
