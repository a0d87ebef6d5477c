import { Failure } from '../conversation/failure.ts';
import { totalInputTokens, type Usage } from '../conversation/usage.ts';
import type { Caller, Limits, Ports, Taken } from '../ports.ts';
import { RecentMap } from '../recent-map.ts';

/** Keeps callers within their limits. */
export interface Limiter {
  /**
   * Room for one call: a request and `estimateTokens` of the minute, and a place among those running. A function is asked
   * only where tokens are limited. Takes everything or nothing.
   * Counters in memory answer at once: only those of another process are waited for.
   * @throws Failure `rate-limited`, saying which limit, whose, and when it frees; or rejects with it.
   */
  reserve(caller: Caller, limits: Limits, estimateTokens: number | (() => number)): Permit | Promise<Permit>;
}

export interface Permit {
  /**
   * The call is over: the estimate becomes the truth and the place is free. Without usage the estimate stands, since
   * something may have been spent; `{ inputTokens: 0 }` says that nothing was. Only the first time counts. Never rejects.
   */
  settle(usage?: Usage): Promise<void>;
  /** What a call that goes on has used since the last time: counts at once, and comes on top of what `settle` is told. */
  spend(usage: Usage): Promise<void>;
}

type LimiterPorts = Pick<Ports, 'counters' | 'random' | 'log'>;

type CounterKeys = Readonly<Record<'requests' | 'tokens' | 'running', string>>;

interface Taking {
  readonly amount: number;
  readonly atMs: number;
}

const minuteMs = 60_000;
/** A place whose process died is free after this; a call that runs longer no longer counts as running. */
const placeExpiryMs = 60 * 60_000;

export function createLimiter(ports: LimiterPorts): Limiter {
  const process = Math.floor(ports.random() * 2 ** 48).toString(36);
  /** Names that are written once are hashed once. */
  const known = new RecentMap<string, CounterKeys>(10_000);
  let calls = 0;
  const newHolder = () => `${process}.${(calls += 1)}`;

  function keysOf({ id }: Caller): CounterKeys {
    let keys = known.get(id);
    if (!keys) known.set(id, (keys = { requests: `requests:${id}`, tokens: `tokens:${id}`, running: `running:${id}` }));
    return keys;
  }

  return {
    reserve(caller, limits, estimateTokens) {
      if (!limited(limits)) return unlimited;
      const reservation = new Reservation(ports, caller, keysOf(caller), newHolder);
      const undone = async (thrown: unknown) => {
        await reservation.undo();
        throw thrown;
      };
      try {
        const taking = takeAll(reservation, limits, estimateTokens);
        return taking ? taking.then(() => reservation, undone) : reservation;
      } catch (thrown) {
        return undone(thrown);
      }
    },
  };
}

/** One after the other, from the first that `limits` names. */
function takeAll(
  reservation: Reservation,
  limits: Limits,
  estimateTokens: number | (() => number),
  from = 0,
): void | Promise<void> {
  for (let at = from; at < takings.length; at += 1) {
    const taking = takings[at]?.(reservation, limits, estimateTokens);
    if (taking) return taking.then(() => takeAll(reservation, limits, estimateTokens, at + 1));
  }
}

type Take = (reservation: Reservation, limits: Limits, estimateTokens: number | (() => number)) => void | Promise<void>;

const takings: readonly Take[] = [
  (reservation, { requestsPerMinute: limit }) => {
    if (limit !== undefined) return reservation.takeRequest(limit);
  },
  (reservation, { tokensPerMinute: limit }, tokens) => {
    if (limit !== undefined) return reservation.takeTokens(typeof tokens === 'number' ? tokens : tokens(), limit);
  },
  (reservation, { concurrency: limit }) => {
    if (limit !== undefined) return reservation.enter(limit);
  },
];

const settled = Promise.resolve();
/** For whoever has no limits. */
export const unlimited: Permit = { settle: () => settled, spend: () => settled };

/** Two permits as one. */
export function both(one: Permit, other: Permit): Permit {
  if (other === unlimited) return one;
  return {
    settle: (usage) => afterBoth(one.settle(usage), other.settle(usage)),
    spend: (usage) => afterBoth(one.spend(usage), other.spend(usage)),
  };
}

function afterBoth(one: Promise<void>, other: Promise<void>): Promise<void> {
  return one === settled && other === settled ? settled : Promise.all([one, other]).then(() => undefined);
}

/** Whether there is anything here to keep to. */
export function limited({ requestsPerMinute, tokensPerMinute, concurrency }: Limits): boolean {
  return requestsPerMinute !== undefined || tokensPerMinute !== undefined || concurrency !== undefined;
}

/** What one call has taken so far. */
class Reservation implements Permit {
  readonly #ports: LimiterPorts;
  readonly #caller: Caller;
  readonly #keys: CounterKeys;
  readonly #newHolder: () => string;
  /** Undefined: not limited, or not taken yet. */
  #requests: Taking | undefined;
  #tokens: Taking | undefined;
  /** Its place among those that run. */
  #holder: string | undefined;
  #settled = false;

  constructor(ports: LimiterPorts, caller: Caller, keys: CounterKeys, newHolder: () => string) {
    this.#ports = ports;
    this.#caller = caller;
    this.#keys = keys;
    this.#newHolder = newHolder;
  }

  takeRequest(limit: number): void | Promise<void> {
    return this.#take('requests', 1, limit, (taking) => (this.#requests = taking));
  }

  takeTokens(tokens: number, limit: number): void | Promise<void> {
    if (tokens > limit) {
      throw new Failure(
        'rate-limited',
        `This request is estimated at ${tokens} tokens, more than the ${limit} tokens per minute of ${this.#whose()}. ` +
          'Send less at a time, or ask for a higher limit.',
        { shouldRetry: false },
      );
    }
    return this.#take('tokens', tokens, limit, (taking) => (this.#tokens = taking));
  }

  enter(limit: number): void | Promise<void> {
    const holder = this.#newHolder();
    const entered = this.#ports.counters.enter(this.#keys.running, limit, placeExpiryMs, holder);
    if (typeof entered !== 'boolean') return entered.then((inside) => this.#entered(inside, holder, limit));
    this.#entered(entered, holder, limit);
  }

  #entered(inside: boolean, holder: string, limit: number): void {
    if (inside) {
      this.#holder = holder;
      return;
    }
    throw new Failure(
      'rate-limited',
      `${limit} ${limit === 1 ? 'request' : 'requests'} at a time is the limit of ${this.#whose()}, and as many are ` +
        'running. Try again when one has ended.',
      { retryAfterSeconds: 1 },
    );
  }

  settle(usage?: Usage): Promise<void> {
    if (this.#settled) return settled;
    this.#settled = true;
    const estimate = this.#tokens?.amount ?? 0;
    return this.#leave(0, spentTokens(usage, estimate) - estimate);
  }

  spend(usage: Usage): Promise<void> {
    const pending = this.#attempt(() => this.#adjust('tokens', this.#tokens, spentTokens(usage, 0)));
    return pending ?? settled;
  }

  /** As if the call had never come. */
  undo(): Promise<void> {
    this.#settled = true;
    return this.#leave(-(this.#requests?.amount ?? 0), -(this.#tokens?.amount ?? 0));
  }

  #leave(requests: number, tokens: number): Promise<void> {
    // All are begun before any is waited for: one that fails must not keep the others from happening.
    const holder = this.#holder;
    const left =
      holder === undefined ? undefined : this.#attempt(() => this.#ports.counters.leave(this.#keys.running, holder));
    const asked = this.#attempt(() => this.#adjust('requests', this.#requests, requests));
    const spent = this.#attempt(() => this.#adjust('tokens', this.#tokens, tokens));
    return left || asked || spent ? Promise.all([left, asked, spent]).then(() => undefined) : settled;
  }

  /** A correction that fails is a line in the log: the call itself is over. */
  #attempt(correct: () => void | Promise<void>): Promise<void> | undefined {
    const failed = (error: unknown) =>
      this.#ports.log('warn', 'A limit could not be corrected', { caller: this.#caller.id, error: String(error) });
    try {
      return correct()?.catch(failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #adjust(what: 'requests' | 'tokens', taking: Taking | undefined, difference: number): void | Promise<void> {
    if (!taking || difference === 0) return;
    return this.#ports.counters.adjust(this.#keys[what], difference, minuteMs, taking.atMs);
  }

  #take(
    what: 'requests' | 'tokens',
    amount: number,
    limit: number,
    keep: (taking: Taking) => void,
  ): void | Promise<void> {
    const taken = this.#ports.counters.take(this.#keys[what], amount, limit, minuteMs);
    if ('ok' in taken) keep(this.#accepted(what, amount, limit, taken));
    else return taken.then((later) => keep(this.#accepted(what, amount, limit, later)));
  }

  #accepted(what: 'requests' | 'tokens', amount: number, limit: number, taken: Taken): Taking {
    if (taken.ok) return { amount, atMs: taken.atMs };
    const refused = `The limit of ${limit} ${what} per minute of ${this.#whose()} is reached`;
    if (!Number.isFinite(taken.retryAfterMs)) throw new Failure('rate-limited', `${refused}.`);
    const seconds = Math.max(1, Math.ceil(taken.retryAfterMs / 1000));
    throw new Failure('rate-limited', `${refused}. Try again in ${seconds} s.`, { retryAfterSeconds: seconds });
  }

  #whose(): string {
    return `"${this.#caller.name ?? this.#caller.id}"`;
  }
}

/** What was not reported is taken to be as estimated. */
function spentTokens(usage: Usage | undefined, estimate: number): number {
  if (!usage) return estimate;
  const { inputTokens, cacheReadTokens, cacheWriteTokens, toolUseInputTokens, outputTokens = 0 } = usage;
  const told = inputTokens ?? cacheReadTokens ?? cacheWriteTokens ?? toolUseInputTokens;
  return (told === undefined ? estimate : totalInputTokens(usage)) + outputTokens;
}
