import { SlidingWindow } from './limits/window.ts';
import type { CallRecord, Caller, Callers, Clock, Counters, Ledger, Log } from './ports.ts';
import { RecentMap } from './recent-map.ts';

/** The ports in memory: enough for one process, forgotten when it ends. */

export const systemClock: Clock = { now: () => Date.now() };

export const silentLog: Log = () => undefined;

export interface MemoryCountersOptions {
  /**
   * How many windows are kept at least, the latest used ones; at most twice as many; absent: 100 000. A limit can only be passed by more callers than
   * this taking turns within one window.
   */
  readonly maxWindows?: number;
}

export function memoryCounters(clock: Clock, { maxWindows = 100_000 }: MemoryCountersOptions = {}): Counters {
  const windows = new RecentMap<string, SlidingWindow>(maxWindows);
  /** When each holder entered, oldest first. Keys without holders are removed, so it is as large as what is running. */
  const places = new Map<string, Map<string, number>>();

  function windowOf(key: string, windowMs: number): SlidingWindow {
    const known = windows.get(key);
    if (known?.windowMs === windowMs) return known;
    const fresh = new SlidingWindow(windowMs);
    windows.set(key, fresh);
    return fresh;
  }

  return {
    take: (key, amount, limit, windowMs) => windowOf(key, windowMs).take(clock.now(), amount, limit),
    adjust: (key, difference, windowMs, takenAtMs) =>
      windowOf(key, windowMs).adjust(clock.now(), difference, takenAtMs),
    enter(key, limit, expiryMs, holder) {
      const now = clock.now();
      const holders = places.get(key) ?? new Map<string, number>();
      for (const [other, since] of holders) {
        if (since > now - expiryMs) break;
        holders.delete(other);
      }
      if (holders.size >= limit) return false;
      holders.set(holder, now);
      places.set(key, holders);
      return true;
    },
    leave(key, holder) {
      const holders = places.get(key);
      holders?.delete(holder);
      if (holders?.size === 0) places.delete(key);
    },
  };
}

export interface KnownCaller extends Caller {
  readonly accessKey: string;
}

/** `open` lets everybody in. */
export function memoryCallers(callers: readonly KnownCaller[] | 'open'): Callers {
  if (callers === 'open') return { open: true, find: () => undefined };
  const byKey = new Map(callers.map(({ accessKey, ...caller }): [string, Caller] => [accessKey, caller]));
  return { open: false, find: (accessKey) => byKey.get(accessKey) };
}

export interface MemoryLedger extends Ledger {
  /** Oldest first. */
  records(): readonly CallRecord[];
}

/** Keeps the last `capacity` records. */
export function memoryLedger(capacity = 1000): MemoryLedger {
  const ring: CallRecord[] = [];
  let next = 0;
  return {
    append(record) {
      ring[next] = record;
      next = (next + 1) % capacity;
    },
    records: () => (ring.length < capacity ? [...ring] : [...ring.slice(next), ...ring.slice(0, next)]),
  };
}
