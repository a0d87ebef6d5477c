/**
 * Tells how something ended, in the very call that ends it, or at once when it is over already. A promise would tell a moment later:
 * the last byte would be out before the books have heard of it.
 */
export class Ending<Value extends object> {
  #value: Value | undefined;
  readonly #listeners: ((value: Value) => void)[] = [];

  /** Only the first time counts. */
  end(value: Value): void {
    if (this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener(value);
  }

  whenEnded(listener: (value: Value) => void): void {
    if (this.#value) listener(this.#value);
    else this.#listeners.push(listener);
  }
}
