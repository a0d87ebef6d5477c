/** Somebody who is listened to. */
export interface Speaker {
  /** By the clock of silences, in milliseconds. */
  heardAt: number;
  /** Among those who are listened to; below zero: it is not. Begins so, and is kept here. */
  place: number;
  readonly patienceMs: number;
  /** For longer than its patience. Called until it is forgotten or heard again. */
  silent(): void;
}

const tickMs = 100;

/**
 * Tells of requests and replies that stand still. One clock for all of them: a timer for each would be a timer a request, and those of
 * undici that are cleared stay until its next half second, through several collections. Nor is there a Set: one that grows and shrinks
 * with each call makes tables that lead from one to the next, so that the collector takes the old for alive.
 */
class Silences {
  readonly #speakers: (Speaker | undefined)[] = [];
  /** Of the list; behind it is nobody. */
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #now = 0;
  #tickedAt = 0;

  /** Never more than a tick late while anybody is listened to. */
  get now(): number {
    return this.#now;
  }

  listen(speaker: Speaker): void {
    speaker.heardAt = this.#now;
    if (speaker.place >= 0) return;
    speaker.place = this.#count;
    this.#speakers[this.#count] = speaker;
    this.#count += 1;
    if (this.#timer) return;
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** The last one takes its place. */
  forget(speaker: Speaker): void {
    const { place } = speaker;
    if (place < 0) return;
    speaker.place = -1;
    this.#count -= 1;
    const last = this.#speakers[this.#count];
    this.#speakers[this.#count] = undefined;
    if (!last || last === speaker) return;
    last.place = place;
    this.#speakers[place] = last;
  }

  #tick(): void {
    const now = performance.now();
    // A process that stood still itself has not listened.
    this.#now += Math.min(now - this.#tickedAt, 2 * tickMs);
    this.#tickedAt = now;
    if (this.#count === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#speakers.length = 0;
    }
    // From the end, where whoever takes a forgotten one's place has been asked already.
    for (let at = this.#count - 1; at >= 0; at -= 1) {
      const speaker = this.#speakers[at];
      if (speaker && this.#now - speaker.heardAt > speaker.patienceMs) speaker.silent();
    }
  }
}

export const silences = new Silences();
