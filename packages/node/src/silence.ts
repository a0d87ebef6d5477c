/** Somebody who is listened to. */
export interface Speaker {
  /** By the clock of silences, in milliseconds. */
  heardAt: number;
  readonly patienceMs: number;
  /** For longer than its patience. Called until it is forgotten or heard again. */
  silent(): void;
}

const tickMs = 100;

/**
 * Tells of replies that stand still. One clock for all of them: a timer for each reply would be a timer a request, and those of undici
 * that are cleared stay until its next half second, through several collections.
 */
class Silences {
  readonly #speakers = new Set<Speaker>();
  #timer: NodeJS.Timeout | undefined;
  #now = 0;
  #tickedAt = 0;

  /** Never more than a tick late while anybody is listened to. */
  get now(): number {
    return this.#now;
  }

  listen(speaker: Speaker): void {
    speaker.heardAt = this.#now;
    this.#speakers.add(speaker);
    if (this.#timer) return;
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  forget(speaker: Speaker): void {
    this.#speakers.delete(speaker);
  }

  #tick(): void {
    const now = performance.now();
    // A process that stood still itself has not listened.
    this.#now += Math.min(now - this.#tickedAt, 2 * tickMs);
    this.#tickedAt = now;
    if (this.#speakers.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const speaker of this.#speakers) if (this.#now - speaker.heardAt > speaker.patienceMs) speaker.silent();
  }
}

export const silences = new Silences();
