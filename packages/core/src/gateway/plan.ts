import { Failure } from '../conversation/failure.ts';
import { belongingFirst } from '../keys/affinity.ts';
import type { Candidate } from '../keys/selector.ts';
import type { RoutingRecord } from '../ports.ts';
import type { Branch, Route, Upstream, UpstreamModel } from './gateway.ts';
import { prospectAt, type Asking, type Prospect, type Target } from './prospect.ts';
import { createRationale, type Rationale } from './rationale.ts';
import type { Running } from './running.ts';
import { sessionOf } from './session.ts';

export interface Plan {
  /** In the order in which they are tried. An upstream's turn is taken when it is reached: see `possible` for a look ahead. */
  readonly targets: Iterable<Target>;
  /** All that may be tried, before anything is chosen among them. */
  possible(): readonly Target[];
  /** Why it is as it is, where there was a choice; to be asked when the call is over. */
  readonly why?: (() => RoutingRecord) | undefined;
}

/** The credentials of these destinations, in the order in which they are tried. @throws Failure when none can be used. */
export function planOf(gateway: Running, destinations: readonly UpstreamModel[], inbound: Asking): Plan {
  const prospects = destinations.map((destination) => prospectAt(gateway, destination, inbound));
  if (!prospects.some(({ awake, soonest }) => awake.length > 0 || soonest)) throw nothingUsable(gateway, prospects);
  const rationale = hasChoice(prospects) ? createRationale(prospects) : undefined;
  const [only] = prospects;
  const targets =
    prospects.length === 1 && only
      ? targetsAt(gateway, only, inbound, rationale)
      : remembered(allTargets(gateway, prospects, inbound, rationale));
  let possible: readonly Target[] | undefined;
  return {
    targets,
    possible: () => (possible ??= usableAt(prospects)),
    why: rationale?.record,
  };
}

/** Asked for each call with a budget, for which `flatMap` would be the dearest part. */
function usableAt(prospects: readonly Prospect[]): readonly Target[] {
  const targets: Target[] = [];
  for (const { awake, soonest, targetFor } of prospects)
    for (const credential of soonest ? [soonest] : awake) targets.push(targetFor(credential));
  return targets;
}

/** Walked through as far as somebody wants, and the same again for the next. */
function remembered<T>(source: Iterator<T>): Iterable<T> {
  const seen: T[] = [];
  return {
    *[Symbol.iterator]() {
      for (let at = 0; ; at += 1) {
        const next = at < seen.length ? undefined : source.next();
        if (next?.done) return;
        if (next) seen.push(next.value);
        yield seen[at] as T; // it has just been put there, or was before
      }
    },
  };
}

/** Where everything rests comes behind where something is awake. */
function* allTargets(
  gateway: Running,
  prospects: readonly Prospect[],
  inbound: Asking,
  rationale: Rationale | undefined,
): Generator<Target> {
  const ordered = branchesInOrder(gateway, prospects, inbound, rationale);
  for (const prospect of ordered)
    if (prospect.awake.length > 0) yield* targetsAt(gateway, prospect, inbound, rationale);
  for (const prospect of ordered)
    if (prospect.awake.length === 0) yield* targetsAt(gateway, prospect, inbound, rationale);
}

function targetsAt(
  gateway: Running,
  { destination, awake, soonest, targetFor }: Prospect,
  inbound: Asking,
  rationale: Rationale | undefined,
): readonly Target[] {
  if (awake.length === 0) return soonest ? [targetFor(soonest)] : [];
  const { upstream, model } = destination;
  return ordered(gateway, upstream, awake, model, inbound, rationale).map(targetFor);
}

/** A route's targets as its strategy says; then those that are all at rest, and its fallbacks. */
function branchesInOrder(
  gateway: Running,
  prospects: readonly Prospect[],
  inbound: Asking,
  rationale: Rationale | undefined,
): readonly Prospect[] {
  const route = prospects[0]?.destination.branch?.route;
  if (!route) return prospects;
  const awake = new Map<Branch, Prospect>();
  const rest: Prospect[] = [];
  for (const prospect of prospects) {
    const { branch } = prospect.destination;
    if (branch && prospect.awake.length > 0) awake.set(branch, prospect);
    else rest.push(prospect);
  }
  const branches = ordered(gateway, route, [...awake.keys()], '', inbound, rationale);
  return [...branches.flatMap((branch) => awake.get(branch) ?? []), ...rest];
}

function ordered<C extends Candidate>(
  gateway: Running,
  place: Upstream | Route,
  candidates: readonly C[],
  model: string,
  inbound: Asking,
  rationale: Rationale | undefined,
): readonly C[] {
  const selector = gateway.selectorOf(place);
  rationale?.weigh(candidates, selector, model);
  const chosen = selector.order(candidates, model);
  const session = place.affinity && chosen.length > 1 ? sessionOf(inbound, place.affinity) : undefined;
  if (!session) return chosen;
  rationale?.belongs(session.source);
  return belongingFirst(chosen, session.id);
}

function hasChoice([first, ...others]: readonly Prospect[]): boolean {
  return others.length > 0 || (first?.awake.length ?? 0) > 1 || (first?.skipped.length ?? 0) > 0;
}

function nothingUsable({ withoutKeys }: Running, prospects: readonly Prospect[]): Failure {
  if (withoutKeys) return withoutKeys;
  const names = prospects.map(({ destination }) => `"${destination.upstream.name}"`).join(', ');
  const skipped = prospects.flatMap((prospect) => prospect.skipped);
  // D26: an upstream without a key is an error of its own; another upstream is not asked instead.
  if (skipped.length === 0)
    return new Failure('server', `No API key is configured for the upstream ${names}: add one to its "apiKeys".`);
  return noneLeft(names, skipped);
}

/** No SDK should try again: nothing frees by itself. */
function noneLeft(names: string, skipped: Prospect['skipped']): Failure {
  const count = (why: Prospect['skipped'][number]['skipped'], said: string) => {
    const many = skipped.filter((one) => one.skipped === why).length;
    return many > 0 ? [`${many} ${said}`] : [];
  };
  const reasons = [...count('refused', 'refused by the vendor'), ...count('spent', 'without calls left')];
  return new Failure(
    'server',
    `No API key of the upstream ${names} can be used: ${reasons.join(', ')}. Add a key, or have the keys checked again.`,
    { status: 503, code: 'no_keys_available', shouldRetry: false },
  );
}

/** The last calls of all keys went to others while this one was on its way. */
export function spentMeanwhile({ withoutKeys }: Running, targets: readonly Target[]): Failure {
  const names = [...new Set(targets.map(({ upstream }) => `"${upstream.name}"`))].join(', ');
  return (
    withoutKeys ??
    noneLeft(
      names,
      targets.map(({ credential }) => ({ credential, skipped: 'spent' })),
    )
  );
}
