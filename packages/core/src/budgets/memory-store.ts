import { SlidingWindow } from '../limits/window.ts';
import type { Clock } from '../ports.ts';
import type { BudgetKey, BudgetStore } from './store.ts';

interface Book {
  readonly endsAt: number;
  readonly window?: SlidingWindow;
  spent: number;
  leased: number;
}

/** The books of one process, forgotten when it ends. One per budget: a new period begins a new one. */
export function memoryBudgetStore(clock: Clock): BudgetStore {
  const books = new Map<string, Book>();

  function bookOf({ budget, endsAt, rollingMs }: BudgetKey): Book {
    const known = books.get(budget);
    if (known?.endsAt === endsAt && known.window?.windowMs === rollingMs) return known;
    const window = rollingMs === undefined ? undefined : new SlidingWindow(rollingMs);
    const fresh: Book = { endsAt, spent: 0, leased: 0, ...(window && { window }) };
    books.set(budget, fresh);
    return fresh;
  }

  return {
    lease(key, { amount, need, want }) {
      const book = bookOf(key);
      const now = clock.now();
      const spent = book.window?.used(now) ?? book.spent;
      const left = amount - spent - book.leased;
      if (left >= need) {
        const granted = Math.min(left, want);
        book.leased += granted;
        return { granted, spent, leased: book.leased };
      }
      const freesAfterMs = book.window?.fitsAfterMs(now, amount - book.leased - need);
      return { granted: 0, spent, leased: book.leased, ...(freesAfterMs !== undefined && { freesAfterMs }) };
    },
    giveBack({ budget, endsAt }, amount) {
      const book = books.get(budget);
      if (book?.endsAt === endsAt) book.leased -= amount;
    },
    book({ budget, amount, endsAt }) {
      const book = books.get(budget);
      // What was spent of a period that is over is nobody's business any more.
      if (book?.endsAt !== endsAt) return;
      book.leased -= amount;
      if (book.window) book.window.adjust(clock.now(), amount, 0);
      else book.spent += amount;
    },
  };
}
