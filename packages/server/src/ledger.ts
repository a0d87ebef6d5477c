import type { CallRecord, Ledger } from '@proxy/core';

/** Where calls go: to each ledger in turn, the journal first. One that throws keeps no call from the others, nor an answer from its caller. */
export function composeLedger(ledgers: readonly Ledger[], complain: (error: unknown) => void): Ledger {
  return {
    append(record: CallRecord, mayWait?: boolean) {
      let kept: Promise<void> | void = undefined;
      for (const ledger of ledgers) {
        try {
          kept = bothKept(kept, ledger.append(record, mayWait));
        } catch (error) {
          complain(error);
        }
      }
      return kept;
    },
  };
}

/** Resolves when two ledgers have a record in keeping; nothing: they have it. */
export function bothKept(one: Promise<void> | void, other: Promise<void> | void): Promise<void> | void {
  return one && other ? Promise.all([one, other]).then(() => undefined) : (one ?? other);
}
