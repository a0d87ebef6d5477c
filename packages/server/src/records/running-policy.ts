import type { Policy } from '@proxy/core';

/** No rule, but a place from which every call is seen that has been let in; each of them has a record in the end. */
export function runningPolicy(began: (requestId: string) => void): Policy {
  return { name: 'running', inspect: ({ requestId }) => began(requestId) };
}
