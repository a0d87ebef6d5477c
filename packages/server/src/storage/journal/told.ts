import { entryOf, type Entry } from '../entry.ts';
import type { StoredCall } from '../stored-call.ts';
import type { Tell } from './journal.ts';

/** The entry of a call. Whoever runs the server hears of a record that was too long. */
export function told(call: StoredCall, tell: Tell): Entry {
  const { requestId } = call;
  return entryOf(call, () => tell('error', 'A record was too long: its texts and lists are cut.', { requestId }));
}
