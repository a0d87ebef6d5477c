import { Failure } from '../conversation/failure.ts';
import { matchesPattern } from '../models/facts.ts';
import type { Inbound } from '../translate/translation.ts';
import type { Branch, GatewayOptions, Route, RouteTarget, Upstream, UpstreamModel } from './gateway.ts';
import { planOf, type Plan } from './plan.ts';
import type { Running } from './running.ts';

/** Where a request goes. @throws Failure `not-found` for a model that nobody here has. */
export function route(gateway: Running, inbound: Inbound): Plan {
  return planOf(gateway, gateway.destinationsOf(inbound.glance.model), inbound);
}

/**
 * `upstream/model` always means that upstream. A bare name goes by the routes (an exact one before a pattern, a longer
 * pattern before a shorter), then to the first upstream that lists it, then to the vendor it is at home with, then to the
 * first upstream that takes anything.
 */
export function destinationsOf(options: GatewayOptions, name: string): readonly UpstreamModel[] {
  const addressed = addressedUpstream(options.upstreams, name);
  if (addressed) return [addressed];
  const found = routeOf(options.routes ?? [], name);
  if (found)
    return withFallbacks(options.upstreams, branchesOf(options.upstreams, found, name), found.fallbacks ?? [], name);
  const listed = listedAt(options.upstreams, name);
  if (listed) return withFallbacks(options.upstreams, [listed], [], name);
  throw new Failure('not-found', unknownModel(options, name), { field: 'model' });
}

function addressedUpstream(upstreams: readonly Upstream[], name: string): UpstreamModel | undefined {
  const slash = name.indexOf('/');
  if (slash < 0) return undefined;
  const upstream = upstreams.find((candidate) => candidate.name === name.slice(0, slash));
  if (!upstream) return undefined;
  const rest = name.slice(slash + 1);
  return { upstream, model: ownName(upstream, rest) ?? rest };
}

function routeOf(routes: readonly Route[], name: string): Route | undefined {
  const exact = routes.find((candidate) => candidate.model === name);
  if (exact) return exact;
  const fitting = routes.filter((candidate) => matchesPattern(candidate.model, name));
  return fitting.sort((a, b) => b.model.length - a.model.length)[0];
}

function branchesOf(upstreams: readonly Upstream[], route: Route, name: string): readonly UpstreamModel[] {
  return route.targets.flatMap((target) =>
    routed(upstreams, target, name).map((place) => ({ ...place, branch: branchOf(route, target, place) })),
  );
}

function branchOf(route: Route, { weight, cost }: RouteTarget, { upstream, model }: UpstreamModel): Branch {
  const costs = upstream.credentials.flatMap((credential) => credential.cost ?? []);
  const least = cost ?? (costs.length > 0 ? Math.min(...costs) : undefined);
  return {
    route,
    upstream,
    id: `${upstream.name}/${model}`,
    ...(weight !== undefined && { weight }),
    ...(least !== undefined && { cost: least }),
  };
}

/** Then a route's own, then those of the upstreams themselves, none twice. */
function withFallbacks(
  upstreams: readonly Upstream[],
  places: readonly UpstreamModel[],
  own: readonly RouteTarget[],
  name: string,
): readonly UpstreamModel[] {
  const targets = [...own, ...places.flatMap(({ upstream }) => upstream.fallbacks ?? [])];
  const all = [...places];
  for (const place of targets.flatMap((target) => routed(upstreams, target, name)))
    if (!all.some(({ upstream, model }) => upstream === place.upstream && model === place.model)) all.push(place);
  return all;
}

function routed(upstreams: readonly Upstream[], target: RouteTarget, name: string): readonly UpstreamModel[] {
  const upstream = upstreams.find((candidate) => candidate.name === target.upstream);
  if (!upstream) return [];
  const asked = target.model ?? name;
  return [{ upstream, model: ownName(upstream, asked) ?? asked }];
}

function listedAt(upstreams: readonly Upstream[], name: string): UpstreamModel | undefined {
  const exact = upstreams.find((upstream) => upstream.models && listsExactly(upstream, name));
  const listing = exact ?? upstreams.find((upstream) => upstream.models && ownName(upstream, name) !== undefined);
  if (listing) return { upstream: listing, model: ownName(listing, name) ?? name };
  const open = upstreams.filter((upstream) => !upstream.models);
  const home = open.find(({ provider }) => provider.models?.some((pattern) => matchesPattern(pattern, name)));
  // An upstream whose vendor is known by its names is no place for somebody else's model.
  const anywhere = home ?? open.find(({ provider }) => !provider.models) ?? (open.length === 1 ? open[0] : undefined);
  return anywhere && { upstream: anywhere, model: name };
}

/** Whether an upstream has a model by this name, as far as its list or its provider says: one without either has any. */
export function has(upstream: Upstream, name: string): boolean {
  if (upstream.models) return ownName(upstream, name) !== undefined;
  return upstream.provider.models?.some((pattern) => matchesPattern(pattern, name)) !== false;
}

function listsExactly({ models = [] }: Upstream, name: string): boolean {
  return isList(models) ? models.includes(name) : Object.hasOwn(models, name);
}

/** The upstream's own name for a model it lists; undefined when it lists others. */
export function ownName({ models }: Upstream, name: string): string | undefined {
  if (!models) return name;
  if (isList(models)) return models.some((pattern) => matchesPattern(pattern, name)) ? name : undefined;
  // Callers name models as they like, and `constructor` is on every object.
  if (Object.hasOwn(models, name)) return models[name];
  const pattern = Object.keys(models)
    .filter((candidate) => matchesPattern(candidate, name))
    .sort((a, b) => b.length - a.length)[0];
  if (pattern === undefined) return undefined;
  const own = models[pattern] ?? name;
  return own === '*' ? name : own;
}

function isList(models: NonNullable<Upstream['models']>): models is readonly string[] {
  return Array.isArray(models);
}

function unknownModel({ upstreams, routes = [] }: GatewayOptions, name: string): string {
  const known = [
    ...routes.map(({ model }) => model),
    ...upstreams.flatMap(({ models = [], name: upstream }) =>
      (isList(models) ? models : Object.keys(models)).map((model) => `${upstream}/${model}`),
    ),
  ];
  const listed =
    known.length > 0 ? ` Configured: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}.` : '';
  const names = upstreams.map((upstream) => upstream.name).join(', ');
  return `Unknown model "${name}".${listed} Any model of an upstream can be asked for as upstream/model (upstreams: ${names}).`;
}
