/**
 * Remembers the entries that were used last: at least `max` of them, at most twice as many. A lookup is one of a Map's, where an
 * LRU list is rewired at each; on the hot path that was two per cent of a relayed call.
 */
export class RecentMap<K, V> {
  readonly #max: number;
  #young = new Map<K, V>();
  /** Given up as a whole when the young are as many as may be. */
  #old = new Map<K, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const kept = this.#old.get(key);
    if (kept !== undefined) this.set(key, kept);
    return kept;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#max && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
