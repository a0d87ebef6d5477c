import type { Taken } from '../ports.ts';

const slicesPerWindow = 60;

/**
 * A sliding window in sixty slices. A slice counts until its last instant has left the window, so that in no stretch of
 * `windowMs` more than the limit is ever taken. The error is on the strict side alone: what was taken is given back up
 * to `windowMs / 60` late (one second in a minute). At most 61 slices are kept, and only those in use.
 */
export class SlidingWindow {
  readonly windowMs: number;
  readonly #sliceMs: number;
  /** Numbers of the slices in use, rising, and what was taken in each. */
  readonly #slices: number[] = [];
  readonly #amounts: number[] = [];
  #used = 0;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
    this.#sliceMs = windowMs / slicesPerWindow;
  }

  take(now: number, amount: number, limit: number): Taken {
    const slice = this.#advance(now);
    if (this.#used + amount > limit) {
      return {
        ok: false,
        remaining: Math.max(0, limit - this.#used),
        atMs: now,
        retryAfterMs: this.fitsAfterMs(now, limit - amount),
      };
    }
    this.#add(slice, amount);
    return { ok: true, remaining: limit - this.#used, atMs: slice * this.#sliceMs, retryAfterMs: 0 };
  }

  /** What counts at this moment. */
  used(now: number): number {
    this.#advance(now);
    return this.#used;
  }

  /** More than was taken counts from now on; less is given back where it was taken, unless that has left the window. */
  adjust(now: number, difference: number, takenAt: number): void {
    const slice = this.#advance(now);
    if (difference >= 0) {
      this.#add(slice, difference);
      return;
    }
    const at = this.#slices.indexOf(Math.floor(takenAt / this.#sliceMs));
    if (at < 0) return;
    const held = this.#amounts[at] ?? 0;
    const back = Math.min(held, -difference);
    this.#amounts[at] = held - back;
    this.#used -= back;
  }

  /** Forgets what has left; returns the slice that `now` lies in. */
  #advance(now: number): number {
    const current = Math.floor(now / this.#sliceMs);
    const newest = this.#slices.at(-1) ?? current;
    // A clock set back a little stands still; set back further, standing still would lock callers out: begin anew.
    if (newest - current > slicesPerWindow) return this.#clear(current);
    const slice = Math.max(current, newest);
    let gone = 0;
    while (gone < this.#slices.length && (this.#slices[gone] ?? 0) < slice - slicesPerWindow) {
      this.#used -= this.#amounts[gone] ?? 0;
      gone += 1;
    }
    if (gone > 0) {
      this.#slices.splice(0, gone);
      this.#amounts.splice(0, gone);
    }
    return slice;
  }

  #clear(slice: number): number {
    this.#slices.length = 0;
    this.#amounts.length = 0;
    this.#used = 0;
    return slice;
  }

  #add(slice: number, amount: number): void {
    this.#used += amount;
    const last = this.#slices.length - 1;
    if (this.#slices[last] === slice) {
      this.#amounts[last] = (this.#amounts[last] ?? 0) + amount;
    } else {
      this.#slices.push(slice);
      this.#amounts.push(amount);
    }
  }

  /** Milliseconds until no more than `bearable` counts; Infinity: it never will. */
  fitsAfterMs(now: number, bearable: number): number {
    if (bearable < 0) return Infinity;
    let left = this.#used;
    for (let at = 0; at < this.#slices.length; at += 1) {
      left -= this.#amounts[at] ?? 0;
      if (left <= bearable) return Math.max(0, ((this.#slices[at] ?? 0) + slicesPerWindow + 1) * this.#sliceMs - now);
    }
    return 0;
  }
}
