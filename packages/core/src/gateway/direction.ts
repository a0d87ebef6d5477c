import type { Failure } from '../conversation/failure.ts';
import type { Callers, Transport } from '../ports.ts';
import type { Upstream, UpstreamModel } from './gateway.ts';

/**
 * What whoever stands in front of a gateway has decided about a request, by its host name or a path of its own. Every stage is
 * passed as always: this only says with what.
 */
export interface Direction {
  /** What stands in front, for policies that concern only that. */
  readonly door?: string;
  /** Who may call, instead of the gateway's own callers. */
  readonly callers?: Callers;
  /** Every upstream that may be asked; routes are left aside. Absent: the gateway's, with its routes. */
  readonly upstreams?: readonly Upstream[];
  /** Where a model leads, the best first; `usual` is the gateway's own way over the upstreams above. @throws Failure */
  destinations?(model: string, usual: (model: string) => readonly UpstreamModel[]): readonly UpstreamModel[];
  /** What becomes of a body that is not a form, before anything is read from it. @throws Failure */
  reword?(body: Uint8Array): Uint8Array;
  /** Every path that is no door's, and lists of models, go to the upstream as they are, in this dialect. Absent: 404. */
  readonly otherPaths?: string;
  /** Sends, instead of the gateway's own. */
  readonly transport?: Transport;
  /** Nothing is asked of anybody: the caller hears this. */
  readonly refusal?: Failure;
  /** The same, but only whoever may call hears it: it tells something of how this gateway is set up. */
  readonly callersRefusal?: Failure;
  /** What the caller hears when no credential can be used. */
  readonly withoutKeys?: Failure;
}
