import type { Log } from '@proxy/core';

/** Takes things off the reply path and delivers them in batches, one batch after another. Nothing waits for it. */
export interface Outlet<T> {
  push(item: T): void;
  /** Resolves when what waits now has been delivered or given up. */
  flush(): Promise<void>;
  /** How many were given up so far. */
  readonly dropped: number;
}

export interface OutletOptions<T> {
  /** What it is, for people: completes "… were not written to …". */
  readonly name: string;
  deliver(batch: readonly T[]): Promise<void>;
  readonly log: Log;
  /** More are not held: the newest are dropped, counted and told of. */
  readonly maxWaiting?: number;
  readonly maxBatch?: number;
}

/** Thrown by `deliver`: the batch would be refused however often it was sent. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

const batchMs = 100;
const firstPauseMs = 500;
const longestPauseMs = 60_000;
/** So that a disk that is full for a day does not fill the log as well. */
const tellEveryMs = 60_000;

export function createOutlet<T>(options: OutletOptions<T>): Outlet<T> {
  const { name, deliver, log, maxWaiting = 10_000, maxBatch = 500 } = options;
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let delivering: Promise<void> | undefined;
  let pauseMs = firstPauseMs;
  let dropped = 0;
  let untold = 0;
  let toldAt = -Infinity;
  let lastReason = '';

  function tell(reason: string): void {
    if (untold === 0) return;
    log('warn', `${untold} records were not written to ${name}: ${reason}`);
    toldAt = performance.now();
    untold = 0;
  }

  function drop(many: number, reason: string): void {
    dropped += many;
    untold += many;
    lastReason = reason;
    if (performance.now() - toldAt >= tellEveryMs) tell(reason);
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void run(false);
    }, ms);
    timer.unref();
  }

  async function run(last: boolean): Promise<void> {
    if (delivering) await delivering;
    if (waiting.length === 0) return;
    delivering = deliverAll(last);
    await delivering;
    delivering = undefined;
  }

  async function deliverAll(last: boolean): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      try {
        await deliver(batch);
        pauseMs = firstPauseMs;
        waiting = waiting.slice(batch.length);
      } catch (error) {
        const reason = reasonOf(error);
        if (error instanceof Refused) {
          drop(batch.length, reason);
          waiting = waiting.slice(batch.length);
          continue;
        }
        if (last) {
          drop(waiting.length, reason);
          waiting = [];
        } else {
          log('warn', `${name} cannot be written at the moment: ${reason}`);
          schedule(pauseMs);
          pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        }
        return;
      }
    }
  }

  return {
    push(item) {
      if (waiting.length >= maxWaiting) {
        drop(1, `more than ${maxWaiting} wait.`);
        return;
      }
      waiting.push(item);
      if (!delivering) schedule(batchMs);
    },
    async flush() {
      clearTimeout(timer);
      timer = undefined;
      await run(true);
      tell(lastReason);
    },
    get dropped() {
      return dropped;
    },
  };
}

/** fetch says no more than that it failed, and why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
