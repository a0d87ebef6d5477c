import type { Clock } from '../ports.ts';
import type { Period } from './period.ts';
import type { BudgetKey, BudgetStore, Leased } from './store.ts';

/** So much of a budget is leased at once, where as much is left: it can serve nobody else meanwhile. */
const leaseShare = 0.05;
/** A million dollars: books read amounts as numbers, and an enormous budget must not pass what those can be. */
const mostLeased = 2 ** 50;

/** What was taken of an account for one call, and of which period. */
export interface Taking {
  readonly amount: number;
  readonly endsAt: number;
  /** Which lease it is of: when that is over, nothing of it is free again. */
  readonly lease: number;
}

/** Why there is no room: `leased` is without what is at hand. */
export interface Shortage extends Leased {
  readonly endsAt: number;
}

interface AccountPorts {
  readonly clock: Clock;
  readonly store: BudgetStore;
}

/** One budget in this process: what is leased of it, and how much of that is set aside. Amounts are whole units. */
export class Account {
  readonly #budget: string;
  readonly #period: Period;
  readonly #ports: AccountPorts;
  #amount: number;
  /** Of the lease, what is not set aside. Below zero when a call cost more than was thought possible. */
  #free = 0;
  #endsAt = 0;
  #lease = 0;
  /** A lease is being asked for; others wait for it, and look again. */
  #leasing: Promise<unknown> | undefined;
  #used = false;

  constructor(budget: string, amount: number, period: Period, ports: AccountPorts) {
    this.#budget = budget;
    this.#amount = amount;
    this.#period = period;
    this.#ports = ports;
    this.#endsAt = period.endAfter(ports.clock.now());
  }

  /** Undefined: what is at hand does not suffice. `amount` is what the budget has by now: it may have been edited. */
  takeAtOnce(need: number, amount: number): Taking | undefined {
    this.#keepUp(amount);
    if (this.#free < need) return undefined;
    this.#used = true;
    this.#free -= need;
    return { amount: need, endsAt: this.#endsAt, lease: this.#lease };
  }

  /** The same, out of a further lease if there must be one. */
  async take(need: number, amount: number): Promise<Taking | Shortage> {
    for (;;) {
      const taking = this.takeAtOnce(need, amount);
      if (taking) return taking;
      if (this.#leasing) {
        await this.#leasing;
        continue;
      }
      const endsAt = this.#endsAt;
      const current = this.#lease;
      const lacking = need - this.#free;
      const asked = {
        amount,
        need: lacking,
        want: Math.max(lacking, Math.min(Math.ceil(amount * leaseShare), mostLeased)),
      };
      const leased = this.#ports.store.lease(this.#key(endsAt), asked);
      const lease = leased instanceof Promise ? await this.#alone(leased) : leased;
      // What is at hand here is leased, but nobody's yet.
      if (lease.granted === 0) return { ...lease, leased: lease.leased - Math.max(0, this.#free), endsAt };
      // What was leased of a period that ended meanwhile is of no use to anybody.
      if (current === this.#lease) this.#free += lease.granted;
    }
  }

  /** Of what was taken `spent` is gone, which the books hear from the charge; the rest is free again. */
  settle(taking: Taking, spent: number): void {
    if (taking.lease === this.#lease) this.#free += taking.amount - spent;
  }

  /** Leases that nobody has used since the last time go back, so that other processes can have them. */
  returnIdle(): void {
    if (!this.#used && this.#free > 0) this.#giveBack();
    this.#used = false;
  }

  #alone<T>(work: Promise<T>): Promise<T> {
    this.#leasing = work.catch(() => undefined).finally(() => (this.#leasing = undefined));
    return work;
  }

  #keepUp(amount: number): void {
    if (amount !== this.#amount) {
      this.#amount = amount;
      if (this.#free > 0) this.#giveBack();
    }
    const now = this.#ports.clock.now();
    if (now >= (this.#ports.store.validUntil?.() ?? Infinity)) this.#begin();
    if (this.#endsAt === 0 || now < this.#endsAt) return;
    if (this.#free > 0) this.#giveBack();
    this.#begin();
    this.#endsAt = this.#period.endAfter(now);
  }

  #begin(): void {
    this.#free = 0;
    this.#lease += 1;
  }

  #giveBack(): void {
    const amount = this.#free;
    this.#free = 0;
    void this.#ports.store.giveBack(this.#key(this.#endsAt), amount);
  }

  #key(endsAt: number): BudgetKey {
    const { rollingMs } = this.#period;
    return { budget: this.#budget, endsAt, ...(rollingMs !== undefined && { rollingMs }) };
  }
}
