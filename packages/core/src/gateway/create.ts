import * as registry from '../dialects/registry.ts';
import { createKeyStates } from '../keys/key-states.ts';
import { memoryQuotas } from '../keys/quotas.ts';
import type { Candidate, Selector } from '../keys/selector.ts';
import { createSelector } from '../keys/selectors.ts';
import { createLimiter } from '../limits/limiter.ts';
import { memoryCallers, memoryCounters, memoryLedger, silentLog, systemClock } from '../memory.ts';
import { factsOf } from '../models/facts.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import type { Ports } from '../ports.ts';
import { RecentMap } from '../recent-map.ts';
import { answerFetch } from '../web.ts';
import { callsLeft } from './calls-left.ts';
import { createCatalogues } from './catalogues.ts';
import { connect } from './connect.ts';
import { directed } from './directed.ts';
import type { GatewayOptions, Route, Upstream, UpstreamModel } from './gateway.ts';
import type { Gateway, HttpRequest } from './http.ts';
import { createKeys, type Keys } from './keys.ts';
import { createDoors } from './recognize.ts';
import { destinationsOf } from './route.ts';
import type { Running } from './running.ts';
import { serve } from './serve.ts';
import { createTokens } from './tokens.ts';

/** One that tells of its upstreams' credentials as well. */
export interface KeyedGateway extends Gateway {
  /** As every answer carries one in `x-proxy-request-id`, for what is answered in front of the gateway. */
  newRequestId(): string;
  readonly keys: Keys;
}

/** A gateway over these upstreams. Stateless but for what its ports keep; make a new one to change its options. */
export function createGateway(options: GatewayOptions): KeyedGateway {
  const clock = options.ports.clock ?? systemClock;
  const ports: Ports = {
    clock,
    random: Math.random,
    callers: memoryCallers('open'),
    counters: memoryCounters(clock),
    ledger: memoryLedger(),
    log: silentLog,
    quotas: memoryQuotas(),
    ...options.ports,
  };
  const dialects = Object.values(registry);
  const running: Running = {
    options,
    ports,
    dialects,
    doors: createDoors(dialects),
    limiter: createLimiter(ports),
    ...(options.keys ?? createKeyStates(ports)),
    selectorOf: selectorsOf(ports),
    factsAt: factsCache(options),
    destinationsOf: destinationsCache(options),
    tokens: createTokens(ports),
    catalogues: createCatalogues(ports, options.modelListFreshMs),
    newId: idMaker(ports.random),
  };
  const forOne = ({ direction }: HttpRequest) => (direction ? directed(running, direction) : running);
  const handle = (request: HttpRequest) => serve(forOne(request), request);
  return {
    handle,
    connect: (request) => connect(forOne(request), request),
    fetch: (request) => answerFetch(handle, request),
    keys: createKeys(running),
    newRequestId: () => running.newId('req_'),
    knows: (method, url) => running.doors.find(method, url, {}) !== undefined,
  };
}

/** Made when they are first needed. */
function selectorsOf(ports: Ports): Running['selectorOf'] {
  const selectors = new WeakMap<Upstream | Route, Selector>();
  const selectorPorts = { ...ports, remaining: (candidate: Candidate) => callsLeft(ports, candidate) };
  const asListed = createSelector('failover', selectorPorts);
  return (place) => {
    if (place.strategy === undefined || place.strategy === 'failover') return asListed;
    let selector = selectors.get(place);
    if (!selector) selectors.set(place, (selector = createSelector(place.strategy, selectorPorts)));
    return selector;
  };
}

/** Callers invent names, so only so many are remembered. */
const maxRememberedModels = 1000;

function factsCache({ modelFacts, upstreams }: GatewayOptions): Running['factsAt'] {
  const remembered = new Map<Upstream, RecentMap<string, ModelFacts>>();
  const found = (upstream: Upstream, model: string) => ({
    ...factsOf(model, modelFacts),
    ...upstream.provider.facts,
    ...upstream.facts,
  });
  return (upstream, model) => {
    let facts = remembered.get(upstream);
    // A direction may bring one for a single request.
    if (!facts && !upstreams.includes(upstream)) return found(upstream, model);
    if (!facts) remembered.set(upstream, (facts = new RecentMap(maxRememberedModels)));
    let known = facts.get(model);
    if (!known) {
      known = found(upstream, model);
      facts.set(model, known);
    }
    return known;
  };
}

function destinationsCache(options: GatewayOptions): Running['destinationsOf'] {
  const remembered = new RecentMap<string, readonly UpstreamModel[]>(maxRememberedModels);
  return (model) => {
    let known = remembered.get(model);
    if (!known) {
      known = destinationsOf(options, model);
      remembered.set(model, known);
    }
    return known;
  };
}

/** Unique among gateways by 60 random bits, within one by counting; no secret. */
function idMaker(random: () => number): (prefix: string) => string {
  const digits = () =>
    Math.floor(random() * 2 ** 30)
      .toString(36)
      .padStart(6, '0');
  const instance = digits() + digits();
  let count = 0;
  return (prefix) => prefix + instance + (count += 1).toString(36).padStart(8, '0');
}
