import type { CallRecord, Ledger } from '@proxy/core';
import type { StoredCall } from './storage/stored-call.ts';

export interface CallListener {
  append(call: StoredCall): void;
}

/**
 * Where calls go: to each listener in turn, the journal first. `complete` adds what the gateway does not know. One that throws keeps no
 * call from the others, nor an answer from its caller.
 */
export function composeLedger(
  listeners: readonly CallListener[],
  complain: (error: unknown) => void,
  complete: (record: CallRecord) => StoredCall = (record) => record,
): Ledger {
  return {
    append(record) {
      const call = complete(record);
      for (const listener of listeners) {
        try {
          listener.append(call);
        } catch (error) {
          complain(error);
        }
      }
    },
  };
}
