import type { Authorize } from '../auth/authorize.ts';
import type { Dialect, HeaderMap, Operation } from '../dialects/dialect.ts';
import type { ModelFacts } from '../models/model-facts.ts';

/** A place where models live: which languages it speaks, at which addresses, and how one proves who one is. */
export interface Provider {
  readonly name: string;
  /** In order of preference for callers of another dialect. */
  readonly speaks: readonly Dialect[];
  /** Used when an upstream names none. */
  readonly baseUrl?: string;
  /** Names of the models at home here (`claude-*`): where a bare name goes when no upstream lists it. */
  readonly models?: readonly string[];
  endpoint(call: EndpointCall): string;
  readonly authorize: Authorize;
  /** Sent with every request unless the caller's own header of that name travels. */
  readonly headers?: HeaderMap;
  /** What holds for every model at this place, stronger than what is known of the model. */
  readonly facts?: ModelFacts;
  /** The environment variables by which the vendor's own tools take key and address; the first that is set counts. */
  readonly variables?: { readonly key: readonly string[]; readonly baseUrl: readonly string[] };
  /** Answers without a key, as servers on one's own machine do. */
  readonly keyless?: boolean;
  /** Issuer of seals made here, where it differs from the dialect's name. */
  readonly signer?: string;
}

export interface EndpointCall {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly model: string;
  readonly streaming: boolean;
  /** As configured: see joinUrl for what it may look like. */
  readonly baseUrl: string;
  /** The caller's own query, when its request is relayed. */
  readonly query?: URLSearchParams;
}
