import type { Tokens } from '../auth/tokens.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { KeyStates } from '../keys/key-states.ts';
import type { Selector } from '../keys/selector.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import type { Ports } from '../ports.ts';
import type { Catalogues } from './catalogues.ts';
import type { GatewayOptions, Route, Upstream, UpstreamModel } from './gateway.ts';
import type { Doors } from './recognize.ts';

/** What every stage of the pipeline may ask for; made once by createGateway. */
export interface Running extends KeyStates {
  readonly options: GatewayOptions;
  readonly ports: Ports;
  readonly dialects: readonly Dialect[];
  readonly doors: Doors;
  readonly limiter: Limiter;
  /** The one that chooses among an upstream's credentials, or a route's targets: each remembers whose turn it is. */
  selectorOf(place: Upstream | Route): Selector;
  /** What is known of a model at a place: looked up once, since it takes a walk through every row. */
  factsAt(upstream: Upstream, model: string): ModelFacts;
  /** Where a model name leads; remembered, because callers ask for the same few. @throws Failure `not-found` */
  destinationsOf(model: string): readonly UpstreamModel[];
  readonly tokens: Tokens;
  /** Whoever calls hears this, and nothing is asked of anybody. */
  readonly refusal?: Failure;
  /** Likewise, for whoever may call. */
  readonly callersRefusal?: Failure;
  /** What callers hear when no credential can be used; absent: our own words. */
  readonly withoutKeys?: Failure;
  readonly catalogues: Catalogues;
  newId(prefix: string): string;
}
