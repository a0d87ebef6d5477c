import type { CancelSignal } from '../ports.ts';

/** Where calls wait when as many run as may. */
export interface Queue {
  /**
   * A place among the calls that run.
   * @throws Failure `overloaded` or `rate-limited`, when too many wait already, or it was waited too long.
   */
  enter(waiter: Waiter): Promise<Place>;
  /** How long a call may wait, also for a key that rests. */
  readonly waitMs: number;
  /** So often whoever waits for a stream hears that it is not forgotten. */
  readonly heartbeatMs: number;
}

export interface Waiter {
  readonly callerId: string;
  readonly address?: string;
  /** Aborted when the caller went away. */
  readonly signal: CancelSignal;
}

export interface Place {
  /** The call is over. Only the first time counts. */
  leave(): void;
}
