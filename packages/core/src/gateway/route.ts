import type { Credential, Settings } from '../auth/authorize.ts';
import { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { matchesPattern } from '../models/facts.ts';
import type { Destination, Inbound } from '../translate/translation.ts';
import type { GatewayOptions, Route, Upstream, UpstreamModel } from './gateway.ts';
import type { Running } from './running.ts';
import { settingsOf } from './settings.ts';

/** One upstream + model + credential to try. */
export interface Target extends Destination {
  readonly upstream: Upstream;
  readonly credential: Credential;
  readonly settings: Settings;
}

/** The targets in the order in which they are tried. Never empty. */
export interface Plan {
  readonly targets: readonly Target[];
}

/** Where a request goes. @throws Failure `not-found` for a model that nobody here has. */
export function route(gateway: Running, inbound: Inbound): Plan {
  return planOf(gateway, gateway.destinationsOf(inbound.glance.model), inbound);
}

/** What of a request decides how a destination is asked. */
type Asking = Pick<Inbound, 'dialect' | 'glance'>;

/** The credentials of these destinations, in the order in which they are tried. @throws Failure when there are none. */
export function planOf(gateway: Running, destinations: readonly UpstreamModel[], inbound: Asking): Plan {
  const targets = destinations.flatMap(({ upstream, model }) => withCredentials(gateway, upstream, model, inbound));
  if (targets.length === 0) throw new Failure('server', withoutCredentials(destinations));
  return { targets };
}

/** D26: an upstream without a key is an error of its own; another upstream is not asked instead. */
function withoutCredentials(destinations: readonly UpstreamModel[]): string {
  const names = destinations.map(({ upstream }) => `"${upstream.name}"`).join(', ');
  return `No API key is configured for the upstream ${names}: add one to its "apiKeys".`;
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
  if (found) return found.targets.flatMap((target) => routed(options.upstreams, target, name));
  const listed = listedAt(options.upstreams, name);
  if (listed) return [listed];
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

function routed(
  upstreams: readonly Upstream[],
  target: Route['targets'][number],
  name: string,
): readonly UpstreamModel[] {
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
  const exact = models[name];
  if (exact !== undefined) return exact;
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

/** Resting credentials are left out, unless all of them rest: then the one that is free again first is tried. */
function withCredentials(gateway: Running, upstream: Upstream, model: string, inbound: Asking): readonly Target[] {
  const { cooldown } = gateway;
  const { provider } = upstream;
  const dialect = spoken(upstream, inbound.dialect, model);
  const binding = provider.bindings?.[dialect.name];
  const known = provider.ownNames ? withoutUpstream(inbound.glance.model, upstream) : model;
  const facts = gateway.factsAt(upstream, known);
  const able = ableCredentials(upstream, model);
  const modelAt = (credential: Credential) =>
    model === '' ? '' : (provider.nameOf?.(model, settingsOf(upstream, credential)) ?? model);
  const awake = able.filter((credential) => cooldown.available(credential.id, modelAt(credential)));
  const soonest = awake.length > 0 ? undefined : cooldown.soonest(able, modelAt);
  const credentials = soonest ? [soonest] : gateway.selectorOf(upstream).order(awake);
  return credentials.map((credential) => ({
    upstream,
    credential,
    settings: settingsOf(upstream, credential),
    dialect,
    model: modelAt(credential),
    facts,
    signer: provider.signer ?? dialect.name,
    ...(binding && { binding }),
  }));
}

function withoutUpstream(name: string, { name: upstream }: Upstream): string {
  return name.startsWith(`${upstream}/`) ? name.slice(upstream.length + 1) : name;
}

/** All of them, unless some say that they reach this model. */
function ableCredentials({ provider, credentials }: Upstream, model: string): readonly Credential[] {
  if (!provider.serves) return credentials;
  const able = credentials.filter((credential) => provider.serves?.(credential, model) !== false);
  return able.length > 0 ? able : credentials;
}

/** The caller's own language where the place speaks it, else the one it speaks best. */
function spoken({ provider, dialects, name }: Upstream, inbound: Dialect, model: string): Dialect {
  const allowed = provider.speaks.filter(
    (dialect) => dialects?.includes(dialect.name) !== false && provider.takes?.(dialect, model) !== false,
  );
  const dialect = allowed.includes(inbound) ? inbound : allowed[0];
  if (!dialect)
    throw new Failure(
      'server',
      `The upstream "${name}" is configured to speak no dialect that "${model}" takes there.`,
    );
  return dialect;
}
