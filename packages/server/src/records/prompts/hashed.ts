import { createHash } from 'node:crypto';
import type { Incoming, Ledger } from '@proxy/core';
import type { StoredCall } from '../../storage/stored-call.ts';
import { promptText } from './text.ts';

/** Puts a hash of the prompt on the records of known callers: enough to see the same one come again (acceptance row F22). */
export function hashed(inboundOf: (requestId: string) => Incoming | undefined, next: Ledger): Ledger {
  return {
    append(record, mayWait) {
      const promptHash = record.callerId === undefined ? undefined : hashOf(inboundOf(record.requestId));
      const known: StoredCall = promptHash === undefined ? record : { ...record, promptHash };
      return next.append(known, mayWait);
    },
  };
}

function hashOf(inbound: Incoming | undefined): string | undefined {
  if (!inbound) return undefined;
  try {
    return createHash('sha256').update(promptText(inbound)).digest('hex');
  } catch {
    // It could not be decoded, which its caller has been told.
    return undefined;
  }
}
