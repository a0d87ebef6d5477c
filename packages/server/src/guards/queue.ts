import { type CancelSignal, Failure, type Place, type Queue, type Waiter } from '@proxy/core';
import PQueue from 'p-queue';
import type { QueueConfig } from '../config/queue.ts';
import { networkOf } from '../public-address.ts';

/** The server's one queue, first come, first served; a reload changes its measures, and nobody loses a place. */
export class CallQueue implements Queue {
  readonly #queue = new PQueue();
  /** How many of each caller run or wait. */
  readonly #ofCaller = new Map<string, number>();
  #waiting = 0;
  #config: QueueConfig;

  constructor(config: QueueConfig) {
    this.#config = config;
    this.configure(config);
  }

  configure(config: QueueConfig): void {
    this.#config = config;
    this.#queue.concurrency = config.maxRunning ?? Infinity;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get running(): number {
    return this.#queue.pending;
  }

  get waitMs(): number {
    return this.#config.waitSeconds * 1000;
  }

  get heartbeatMs(): number {
    return this.#config.heartbeatSeconds * 1000;
  }

  async enter({ callerId, address = '', signal }: Waiter): Promise<Place> {
    const caller = callerId === 'anonymous' ? networkOf(address) : callerId;
    const { perCaller = Infinity, maxRunning = Infinity, maxWaiting } = this.#config;
    if ((this.#ofCaller.get(caller) ?? 0) >= perCaller) throw tooManyOfCaller(perCaller);
    if (this.#queue.pending >= maxRunning && this.#waiting >= maxWaiting) throw tooManyWait(this.#waiting);
    this.#count(caller, 1);
    try {
      const leave = await this.#turn(signal);
      return { leave: once(() => (leave(), this.#count(caller, -1))) };
    } catch (thrown) {
      this.#count(caller, -1);
      throw thrown;
    }
  }

  /** Resolves when it is our turn, with what ends it. */
  #turn(signal: CancelSignal): Promise<() => void> {
    const enough = new AbortController();
    const timer = setTimeout(() => enough.abort(waitedTooLong(this.#config.waitSeconds)), this.waitMs);
    const gone = () => enough.abort(new Failure('client-gone', 'The caller went away while it waited.'));
    signal.addEventListener('abort', gone);
    if (signal.aborted) gone();
    this.#waiting += 1;
    return new Promise<() => void>((resolve, reject) => {
      const run = () => new Promise<void>((leave) => (over(), resolve(leave)));
      const over = once(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', gone);
        this.#waiting -= 1;
      });
      this.#queue.add(run, { signal: enough.signal }).catch((reason: unknown) => {
        over();
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      });
    });
  }

  #count(caller: string, difference: number): void {
    const count = (this.#ofCaller.get(caller) ?? 0) + difference;
    if (count > 0) this.#ofCaller.set(caller, count);
    else this.#ofCaller.delete(caller);
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

function tooManyOfCaller(limit: number): Failure {
  const message = `${limit} of your requests ${limit === 1 ? 'runs or waits' : 'run or wait'} already, which is the most here. Try again when one has ended.`;
  return new Failure('rate-limited', message, { retryAfterSeconds: 1 });
}

function tooManyWait(waiting: number): Failure {
  const message = `As many requests run as may, and ${waiting} wait. Try again in a while.`;
  return new Failure('overloaded', message, { retryAfterSeconds: 5 });
}

function waitedTooLong(seconds: number): Failure {
  return new Failure('overloaded', `No turn came within ${seconds} s, because as many requests run as may.`, {
    retryAfterSeconds: 5,
  });
}
