import type { Budgets, Caller, Charge, Clock, Hold, Most, Spending, Spent } from '../ports.ts';
import type { Usage } from '../conversation/usage.ts';
import { Account, type Taking } from './account.ts';
import { boundsOf, counts, type Bound } from './bound.ts';
import { memoryBudgetStore } from './memory-store.ts';
import { refusal, unboundable } from './refusal.ts';
import type { BudgetStore } from './store.ts';
import { mostUnits, noPrices, spentUnits, type Prices } from './units.ts';

export interface BudgetsOptions {
  readonly clock: Clock;
  /** Absent: in memory. */
  readonly store?: BudgetStore;
  /** Absent: nobody knows any price, and whoever has a budget of money is refused. */
  readonly prices?: Prices;
}

export interface KeptBudgets extends Budgets {
  /** To be called from time to time where several processes share a store: what is leased and not used goes back. */
  returnIdle(): void;
}

/** Keeps budgets: no more is ever let through than what is left, however many calls run at once. */
export function createBudgets({
  clock,
  prices = noPrices,
  store = memoryBudgetStore(clock),
}: BudgetsOptions): KeptBudgets {
  const accounts = new Map<string, Account>();
  const known = new WeakMap<Caller, { readonly defaults: Spending['defaults']; readonly bounds: readonly Bound[] }>();
  const books: Books = { accountOf, store, prices, clock };

  function accountOf({ id, units, period }: Bound): Account {
    let account = accounts.get(id);
    if (!account) accounts.set(id, (account = new Account(id, units, period, { clock, store })));
    return account;
  }

  function boundsFor({ caller, defaults }: Spending): readonly Bound[] {
    const last = known.get(caller);
    if (last && last.defaults === defaults) return last.bounds;
    const bounds = boundsOf(caller, defaults);
    known.set(caller, { defaults, bounds });
    return bounds;
  }

  return {
    reserve(spending) {
      const bounds = boundsFor(spending);
      if (bounds.length === 0) return undefined;
      const demands = demandsOf(bounds, spending, prices);
      if (demands.length === 0) return undefined;
      return takeAtOnce(books, spending, demands) ?? take(books, spending, demands);
    },
    returnIdle() {
      for (const account of accounts.values()) account.returnIdle();
    },
  };
}

interface Books {
  readonly store: BudgetStore;
  readonly prices: Prices;
  readonly clock: Clock;
  accountOf(bound: Bound): Account;
}

/** How much a call may take of one budget. */
interface Demand {
  readonly bound: Bound;
  readonly need: number;
  readonly most: Most;
}

/** @throws Failure when it cannot be told. */
function demandsOf(bounds: readonly Bound[], spending: Spending, prices: Prices): readonly Demand[] {
  const demands: Demand[] = [];
  let most: Most | undefined;
  for (const bound of bounds) {
    if (!counts(bound, spending)) continue;
    const { of } = bound.budget;
    if (of === 'requests') {
      demands.push({ bound, need: 1, most: nothing });
      continue;
    }
    if (spending.unseen !== undefined) throw unboundable(bound, spending.unseen, withoutBudget);
    most ??= spending.most();
    const need = mostUnits(of, spending, most, prices);
    if (need === undefined) throw unboundable(bound, `No price of "${spending.model}" is known`, addPrice);
    if (need > 0) demands.push({ bound, need, most });
  }
  return demands;
}

const withoutBudget = 'It takes an access key without a budget of money or tokens.';
const addPrice =
  'Whoever runs this gateway can add a row for it to "prices" of the configuration: {model, input, output}.';

const nothing: Most = { inputTokens: 0, outputTokens: 0 };

/** The ordinary case: everything is at hand, and nobody waits. */
function takeAtOnce(books: Books, spending: Spending, demands: readonly Demand[]): Hold | undefined {
  const taken: Taken[] = [];
  for (const { bound, need } of demands) {
    const account = books.accountOf(bound);
    const taking = account.takeAtOnce(need, bound.units);
    if (!taking) {
      for (const one of taken) one.account.settle(one.taking, 0);
      return undefined;
    }
    taken.push({ bound, account, need, taking });
  }
  return new Held(books, spending, taken);
}

/** @throws Failure that names the budget without room. */
async function take(books: Books, spending: Spending, demands: readonly Demand[]): Promise<Hold> {
  const taken: Taken[] = [];
  try {
    for (const { bound, need, most } of demands) {
      const account = books.accountOf(bound);
      const taking = await account.take(need, bound.units);
      if ('granted' in taking) throw refusal(bound, need, taking, books.clock.now(), spending, most, books.prices);
      taken.push({ bound, account, need, taking });
    }
  } catch (thrown) {
    for (const one of taken) one.account.settle(one.taking, 0);
    throw thrown;
  }
  return new Held(books, spending, taken);
}

interface Taken {
  readonly bound: Bound;
  readonly account: Account;
  /** What was set aside at first. */
  readonly need: number;
  taking: Taking;
  /** As much is being set aside again. */
  again?: Promise<void> | undefined;
}

class Held implements Hold {
  readonly #books: Books;
  readonly #spending: Spending;
  readonly #taken: readonly Taken[];
  readonly #charges: Charge[] = [];
  #settled = false;

  constructor(books: Books, spending: Spending, taken: readonly Taken[]) {
    this.#books = books;
    this.#spending = spending;
    this.#taken = taken;
  }

  settle(spent: Spent): readonly Charge[] {
    if (this.#settled) return [];
    this.#settled = true;
    for (const one of this.#taken) this.#pay(one, spent);
    return this.#charges;
  }

  async spend(usage: Usage, target = this.#spending.targets[0]): Promise<void> {
    // A session is one request, however long it goes on.
    const counted = this.#taken.filter(({ bound }) => bound.budget.of !== 'requests');
    // First every charge: while room is waited for, more may be reported, or the session may end.
    for (const one of counted) this.#pay(one, { usage, ...(target && { target }) });
    if (this.#settled) return;
    for (const one of counted)
      if (one.taking.amount < one.need)
        await (one.again ??= this.#setAside(one).finally(() => (one.again = undefined)));
  }

  /** Charged, and nothing of it is set aside any more. */
  #pay(one: Taken, spent: Spent): void {
    one.account.settle(one.taking, this.#charge(one, spent));
    one.taking = { ...one.taking, amount: 0 };
  }

  async #setAside(one: Taken): Promise<void> {
    const { bound, account, need } = one;
    const taking = await account.take(need, bound.units);
    if ('granted' in taking) {
      const now = this.#books.clock.now();
      throw refusal(bound, need, taking, now, this.#spending, this.#spending.most(), this.#books.prices);
    }
    if (this.#settled) account.settle(taking, 0);
    else one.taking = taking;
  }

  #charge({ bound, taking }: Taken, spent: Spent): number {
    const { of } = bound.budget;
    const amount = spentUnits(of, spent, taking.amount, this.#books.prices);
    if (amount === 0) return 0;
    const charge: Charge = {
      budget: bound.id,
      of,
      amount,
      endsAt: taking.endsAt,
      rollingMs: bound.period.rollingMs,
      holder: this.#books.store.holder,
      estimated: spent.estimated,
    };
    this.#charges.push(charge);
    this.#books.store.book?.(charge);
    return amount;
  }
}
