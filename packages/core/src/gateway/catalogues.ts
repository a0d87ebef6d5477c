import type { ListedModel } from '../dialects/dialect.ts';
import type { Ports } from '../ports.ts';
import type { Upstream } from './gateway.ts';

/** What the upstreams themselves say that they have, kept for a while in this gateway's memory. */
export interface Catalogues {
  /**
   * The models of an upstream, empty when there is no list. One that has grown old goes on serving while the next is fetched
   * behind the requests' backs; only the first request and one after a long silence wait. `fetch` answers undefined when it
   * failed, and never rejects.
   */
  of(upstream: Upstream, fetch: () => Promise<readonly ListedModel[] | undefined>): Promise<readonly ListedModel[]>;
}

interface Kept {
  readonly models: readonly ListedModel[];
  readonly freshUntilMs: number;
  readonly servedUntilMs: number;
}

const defaultFreshMs = 60_000;
/** After a silence of so many lifetimes nobody is told of a list that old. */
const servedLifetimes = 10;
/** A vendor that stumbled is asked again sooner, but not by every request. */
const failedFraction = 6;

export function createCatalogues({ clock }: Pick<Ports, 'clock'>, freshMs = defaultFreshMs): Catalogues {
  const kept = new Map<Upstream, Kept>();
  const running = new Map<Upstream, Promise<Kept>>();

  function renewed(upstream: Upstream, fetch: Parameters<Catalogues['of']>[1]): Promise<Kept> {
    const waiting = running.get(upstream);
    if (waiting) return waiting;
    const fetched = fetch()
      .then((models) => {
        const next = keptOf(models, clock.now());
        kept.set(upstream, next);
        return next;
      })
      .finally(() => running.delete(upstream));
    running.set(upstream, fetched);
    return fetched;
  }

  function keptOf(models: readonly ListedModel[] | undefined, now: number): Kept {
    if (models) return { models, freshUntilMs: now + freshMs, servedUntilMs: now + freshMs * servedLifetimes };
    // What was known before may be a revoked key's.
    const until = now + freshMs / failedFraction;
    return { models: [], freshUntilMs: until, servedUntilMs: until };
  }

  return {
    async of(upstream, fetch) {
      const known = kept.get(upstream);
      const now = clock.now();
      if (!known || now >= known.servedUntilMs) return (await renewed(upstream, fetch)).models;
      if (now >= known.freshUntilMs) void renewed(upstream, fetch);
      return known.models;
    },
  };
}
