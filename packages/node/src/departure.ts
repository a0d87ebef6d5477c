import type { CancelListener, CancelSignal } from '@proxy/core';

/** Tells that the caller has left. */
export class Departure implements CancelSignal {
  aborted = false;
  reason: unknown;
  #listeners: CancelListener[] | undefined;

  addEventListener(_type: 'abort', listener: CancelListener): void {
    if (this.aborted) return;
    if (!this.#listeners) this.#listeners = [listener];
    else if (!this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: CancelListener): void {
    const at = this.#listeners?.indexOf(listener) ?? -1;
    if (at >= 0) this.#listeners?.splice(at, 1);
  }

  /** Only the first call counts. */
  tell(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = new Error('The caller closed its connection.');
    for (let listener = this.#listeners?.shift(); listener; listener = this.#listeners?.shift())
      if (typeof listener === 'function') listener();
      else listener.handleEvent();
  }
}
