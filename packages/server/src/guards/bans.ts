import type { Clock, Failure, Policy, Visit } from '@proxy/core';
import { LRUCache } from 'lru-cache';
import type { BansConfig } from '../config/guards.ts';
import { isWithin } from '../public-address.ts';
import { addressOf, forbidden } from './refusals.ts';

/** Who may not call. */
export interface Ban {
  /** An address, or a range of them. */
  readonly address: string;
  readonly reason: string;
  readonly since: number;
  /** Absent: until somebody lifts it. */
  readonly until?: number;
}

/** What an address did wrong lately. */
export interface Faults {
  readonly count: number;
  readonly firstError: number;
  readonly lastError: number;
  readonly errorType: string;
}

/** Where bans outlive the process. */
export interface BanStore {
  /** What was kept, once before it resolves, and again whenever it changed elsewhere. */
  load(take: (bans: readonly Ban[], faults?: ReadonlyMap<string, Faults>) => void): void | Promise<void>;
  /** Somebody is banned: to be kept at once. */
  put(ban: Ban): void;
  /** Counts have changed: may be kept later, or not at all. */
  keep?(bans: readonly Ban[], faults: ReadonlyMap<string, Faults>): void;
  close?(): void;
}

/** Everybody who is banned, and who is about to be; one for the whole server, whatever its configuration becomes. */
export class Bans {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #bans = new Map<string, Ban>();
  #ranges: readonly Ban[] = [];
  readonly #faults = new LRUCache<string, Faults>({ max: maxCounted });
  #store: BanStore | undefined;
  #config: BansConfig | undefined;

  /** `changed` hears when there is somebody who is banned, and when there is nobody any more. */
  constructor(clock: Clock, changed: () => void = () => undefined) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Takes over the rule. */
  configure(config: BansConfig | undefined): void {
    this.#config = config;
  }

  /** Takes over what was kept, and keeps what comes. */
  keepIn(store: BanStore, config: BansConfig | undefined): void | Promise<void> {
    this.#config = config;
    this.#store = store;
    let first = true;
    return store.load((bans, faults) => {
      const before = this.needed;
      const now = new Set(bans.map(({ address }) => address));
      // Whoever was let in again begins anew, else the next slip would ban them at once.
      for (const address of this.#bans.keys()) if (!now.has(address)) this.#faults.delete(address);
      this.#bans.clear();
      for (const ban of bans) if (!ban.address.includes('/')) this.#bans.set(ban.address, ban);
      this.#ranges = bans.filter(({ address }) => address.includes('/'));
      for (const [address, found] of faults ?? []) this.#faults.set(address, found);
      this.sweep();
      if (!first && before !== this.needed) this.#changed();
      first = false;
    });
  }

  /** Whether anybody is banned at all, or may come to be. */
  get needed(): boolean {
    return this.#config !== undefined || this.#bans.size > 0 || this.#ranges.length > 0;
  }

  banned(address: string): Ban | undefined {
    const now = this.#clock.now();
    const holds = ({ until }: Ban) => until === undefined || until > now;
    const ban = this.#bans.get(address);
    if (ban && holds(ban)) return ban;
    return this.#ranges.find((range) => holds(range) && isWithin(address, [range.address]));
  }

  /** One more wrong thing; the last of too many bans. */
  fault(address: string, errorType: string): void {
    const config = this.#config;
    if (!config || address === '') return;
    const now = this.#clock.now();
    const known = this.#faults.get(address);
    const fresh = known && now - known.firstError <= config.windowSeconds * 1000;
    const faults = {
      count: fresh ? known.count + 1 : 1,
      firstError: fresh ? known.firstError : now,
      lastError: now,
      errorType,
    };
    this.#faults.set(address, faults);
    if (faults.count >= config.errors) this.#ban(address, `${faults.count} errors, the last ${errorType}`, config);
    this.#keep();
  }

  #ban(address: string, reason: string, { banSeconds }: BansConfig): void {
    const since = this.#clock.now();
    const ban: Ban = { address, reason, since, ...(banSeconds !== undefined && { until: since + banSeconds * 1000 }) };
    this.#bans.set(address, ban);
    // A ban that ends by itself is lifted by nobody.
    if (banSeconds !== undefined) this.#faults.delete(address);
    this.#store?.put(ban);
  }

  /** Forgets what is over: to be called every hour or so (row C2). */
  sweep(): void {
    const now = this.#clock.now();
    const windowMs = (this.#config?.windowSeconds ?? 0) * 1000;
    let changed = false;
    for (const [address, { lastError }] of this.#faults.entries())
      if (now - lastError > windowMs) changed = this.#faults.delete(address) || changed;
    for (const [address, { until }] of this.#bans)
      if (until !== undefined && until <= now) changed = this.#bans.delete(address);
    if (changed) this.#keep();
  }

  close(): void {
    this.#store?.close?.();
  }

  #keep(): void {
    this.#store?.keep?.([...this.#bans.values(), ...this.#ranges], new Map(this.#faults.entries()));
  }
}

const maxCounted = 100_000;

/** Shuts out those who are banned, and counts what strangers do wrong: a missing or wrong key, a path that is nobody's (row C1). */
export function banning(bans: Bans): Policy {
  return {
    name: 'bans',
    admit(visit) {
      if (bans.banned(addressOf(visit))) throw forbidden('Your address is banned here.', { code: banCode });
    },
    refused(visit, failure) {
      const fault = faultOf(visit, failure);
      if (fault !== undefined) bans.fault(addressOf(visit), fault);
    },
  };
}

const banCode = 'address_banned';

/** ai-proxy's words for them. Of callers who are known nothing is counted: theirs are mistakes. */
function faultOf({ caller, request }: Visit, { status, details }: Failure): string | undefined {
  if (caller) return undefined;
  if (details.field === 'anthropic-beta') return 'missing_beta_header';
  if (status === 404 || status === 405) return 'unsupported_path';
  if (status !== 401) return undefined;
  if (request.headers['x-api-key'] !== undefined || request.headers.authorization !== undefined) return 'wrong_key';
  return 'missing_api_key';
}
