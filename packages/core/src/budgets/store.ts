import type { Charge } from '../ports.ts';

/**
 * The books of all budgets. What is left of a budget is leased in advance, so that calls are counted in memory; what was
 * spent is booked from the lease. Spent and leased together never pass the amount.
 */
export interface BudgetStore {
  /** `need` and up to `want`, if so much is left; else nothing, and why. */
  lease(key: BudgetKey, asked: Asked): Leased | Promise<Leased>;
  /** A part of a lease that nobody needs. */
  giveBack(key: BudgetKey, amount: number): void | Promise<void>;
  /** Names this process in the books that it shares with others. */
  readonly holder?: string;
  /** Milliseconds since 1970, from which on what was leased so far is no longer ours. Absent: it always is. */
  validUntil?(): number;
  /** Spent from the lease. Absent: charges are booked with the records of their calls. */
  book?(charge: Charge): void;
}

export interface BudgetKey {
  readonly budget: string;
  /** The period, by its end; 0: there is but one. */
  readonly endsAt: number;
  readonly rollingMs?: number;
}

export interface Asked {
  /** Of the budget. */
  readonly amount: number;
  readonly need: number;
  readonly want: number;
}

export interface Leased {
  /** 0, or at least what was needed. */
  readonly granted: number;
  readonly spent: number;
  /** To everybody, this lease included. */
  readonly leased: number;
  /** Nothing granted from a rolling budget: milliseconds until the spent amounts leave room for it. */
  readonly freesAfterMs?: number;
}
