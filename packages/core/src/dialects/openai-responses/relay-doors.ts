import type { RelayDoor } from '../dialect.ts';

/** The reply tells again what the response cost when it was made. */
const kept = { model: 'none' } as const;

/** Responses that OpenAI keeps (`store`). */
export const relayDoors: readonly RelayDoor[] = [
  { method: 'GET', path: '/v1/responses/{response}', operation: 'get-response', relay: kept },
  { method: 'DELETE', path: '/v1/responses/{response}', operation: 'delete-response', relay: kept },
  { method: 'POST', path: '/v1/responses/{response}/cancel', operation: 'cancel-response', relay: kept },
  { method: 'GET', path: '/v1/responses/{response}/input_items', operation: 'list-input-items', relay: kept },
];
