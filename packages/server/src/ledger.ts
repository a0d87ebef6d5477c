import type { CallRecord, Ledger } from '@proxy/core';

/** Where calls go: to each ledger in turn, the journal first. One that throws keeps no call from the others, nor an answer from its caller. */
export function composeLedger(ledgers: readonly Ledger[], complain: (error: unknown) => void): Ledger {
  return {
    append(record: CallRecord) {
      for (const ledger of ledgers) {
        try {
          ledger.append(record);
        } catch (error) {
          complain(error);
        }
      }
    },
  };
}
