import { createBudgets, systemClock, type Budgets, type Prices } from '@proxy/core';
import { beside } from '../storage/place.ts';
import type { Storage } from '../storage/storage.ts';
import { sqlBudgetStore } from './sql-store.ts';

/** Leases are renewed so often, and those that nobody has used for as long go back. */
const renewMs = 30_000;

export interface ServedBudgets {
  readonly budgets: Budgets;
  /** When the journal is closed: what was leased and not spent goes back. */
  close(): Promise<void>;
}

/**
 * Budgets as a running server keeps them: in the storage, or in memory where the storage is. To be opened when the journal has been
 * read. `complain` hears of a database that is away.
 */
export async function serveBudgets(
  { db, place }: Pick<Storage, 'db' | 'place'>,
  prices: Prices,
  complain: (error: unknown) => void,
): Promise<ServedBudgets> {
  if (place.type === 'memory')
    return { budgets: createBudgets({ clock: systemClock, prices }), close: async () => undefined };
  const store = await sqlBudgetStore(db, systemClock, beside(place, 'journal') ?? '');
  const budgets = createBudgets({ clock: systemClock, prices, store });
  let closing: Promise<void> | undefined;
  const timer = setInterval(() => {
    budgets.returnIdle();
    void store.renew().catch(complain);
  }, renewMs).unref();
  return {
    budgets,
    close() {
      clearInterval(timer);
      return (closing ??= store.release());
    },
  };
}
