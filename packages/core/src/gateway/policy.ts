import type { Failure } from '../conversation/failure.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import type { Caller, CancelSignal } from '../ports.ts';
import type { Provider } from '../providers/provider.ts';
import type { Destination } from '../translate/translation.ts';
import type { Incoming } from './incoming.ts';

/**
 * A rule of the house, asked at every door: each dialect's, relayed operations, uploads, lists of models, the handshake of a
 * WebSocket and every turn of a Responses socket. What it throws as a Failure refuses the call, in the caller's dialect.
 */
export interface Policy {
  /** For people who read a list of them. */
  readonly name: string;
  /** Before anybody knows who calls. @throws Failure */
  admit?(visit: Visit): void | Promise<void>;
  /**
   * Before anything is set aside or sent. An Inbound that is returned goes on instead: with another body, but for the same
   * model. `targets` is wherever it may go. @throws Failure
   */
  inspect?(
    visit: KnownVisit,
    inbound: Incoming,
    targets: readonly PolicyTarget[],
  ): Incoming | undefined | void | Promise<Incoming | undefined | void>;
  /** A call that this policy has inspected is over, whatever became of it; its record comes next. Must not throw. */
  over?(visit: KnownVisit): void;
  /** Whether a model is in the lists of those that may be asked for. Absent: it is. */
  lists?(visit: KnownVisit, model: string, targets: readonly ListedTarget[]): boolean;
  /** A call was refused before any upstream was asked: by a policy, a limit, the queue, a missing key, an unknown path. Must not throw. */
  refused?(visit: Visit, failure: Failure): void;
}

/** A request on its way in. */
export interface Visit {
  readonly requestId: string;
  readonly request: VisitRequest;
  /** By whose door it came, where that was not the gateway's own: `Direction.door`. */
  readonly door?: string | undefined;
  /** Absent: no door of ours is at that path. */
  readonly dialect?: string | undefined;
  readonly operation?: string | undefined;
  /** Absent: nobody knows yet. */
  readonly caller?: Caller | undefined;
  /** Joins the headers of whatever is answered. */
  readonly answerHeaders: Record<string, string>;
}

/** All of a request but its body. */
export interface VisitRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly address?: string;
  /** Aborted when the caller went away. */
  readonly signal: CancelSignal;
}

export interface KnownVisit extends Visit {
  readonly caller: Caller;
}

/** Where a model's name leads. */
export interface ListedTarget {
  readonly upstream: { readonly name: string; readonly provider: Provider };
  /** The upstream's own name for it. */
  readonly model: string;
}

/** Where a call would go, with nothing of the key. */
export interface PolicyTarget extends Destination {
  readonly upstream: ListedTarget['upstream'];
}
