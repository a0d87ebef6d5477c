import { Failure } from '../conversation/failure.ts';
import type { Dialect, RelayDoor, RelayedSocketDoor } from '../dialects/dialect.ts';
import type { Upstream } from './gateway.ts';
import type { Incoming } from './incoming.ts';
import { planOf, type Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';

/**
 * Where an operation goes that only the caller's dialect has: by its model as every other call, but to upstreams that speak
 * the dialect and have the operation; embeddings, which are translated, to those as well that have another form of them.
 * Without a model: to the upstream named by `x-proxy-upstream` or `?upstream=`, else to the first that has it.
 * @throws Failure that names the upstreams to ask instead.
 */
export function routeRelayed(gateway: Running, inbound: Incoming, door: RelayDoor | RelayedSocketDoor): Plan {
  const { dialect, glance } = inbound;
  const able = gateway.options.upstreams.filter(
    (upstream) => relays(upstream, dialect, door) || embeds(upstream, door),
  );
  if (able.length === 0)
    throw new Failure('not-found', `No upstream here has the operation "${door.operation}" of ${dialect.name}.`);
  if (glance.model === '') {
    const upstream = inbound.upload?.undecided ? onlyOne(inbound, door, able) : chosen(inbound, door, able);
    return planOf(gateway, [{ upstream, model: '' }], inbound);
  }

  const destinations = gateway.destinationsOf(glance.model);
  const reached = destinations.filter(
    ({ upstream, model }) => relays(upstream, dialect, door) || embeds(upstream, door, model),
  );
  if (reached.length > 0) return planOf(gateway, reached, inbound);
  throw new Failure(
    'bad-request',
    `"${glance.model}" leads to ${namesOf(destinations.map(({ upstream }) => upstream))}, which does not have the operation ` +
      `"${door.operation}" of ${dialect.name}. Ask for a model of ${namesOf(able)}, as upstream/model.`,
    { field: 'model' },
  );
}

/** Whether the upstream takes the caller's own bytes. */
export function relays(
  { provider, dialects }: Upstream,
  dialect: Dialect,
  { operation }: RelayDoor | RelayedSocketDoor,
): boolean {
  if (!provider.relay || !provider.speaks.includes(dialect) || dialects?.includes(dialect.name) === false) return false;
  return !provider.relay.lacks?.includes(operation);
}

/** Whether the upstream makes embeddings in a form of its own, and with this model. */
function embeds(
  { provider, dialects }: Upstream,
  { operation }: RelayDoor | RelayedSocketDoor,
  model?: string,
): boolean {
  if (operation !== 'embed' || !provider.embeddings) return false;
  if (!provider.speaks.some(({ name }) => dialects?.includes(name) !== false)) return false;
  return model === undefined || provider.embeddings.formOf(model) !== undefined;
}

function chosen(
  { knock, dialect }: Incoming,
  { operation }: RelayDoor | RelayedSocketDoor,
  able: readonly Upstream[],
): Upstream {
  const header = knock.headers['x-proxy-upstream'];
  const name = header ?? knock.query.get('upstream') ?? able[0]?.name;
  const upstream = able.find((candidate) => candidate.name === name);
  if (upstream) return upstream;
  throw new Failure(
    'bad-request',
    `No upstream "${name}" has the operation "${operation}" of ${dialect.name}. Name one of these: ${namesOf(able)}.`,
    { field: header === undefined ? 'upstream' : 'x-proxy-upstream' },
  );
}

/** Of a form that holds its model back, a file may not go to one of several upstreams by guessing. */
function onlyOne(inbound: Incoming, door: RelayDoor | RelayedSocketDoor, able: readonly Upstream[]): Upstream {
  const { headers, query } = inbound.knock;
  if (able.length === 1 || headers['x-proxy-upstream'] !== undefined || query.has('upstream'))
    return chosen(inbound, door, able);
  throw new Failure(
    'bad-request',
    `The form's "model" stands behind more bytes than are held here, and several upstreams have the operation: put it before ` +
      `the file, or name one of ${namesOf(able)} in the header "x-proxy-upstream".`,
    { field: 'model' },
  );
}

/** The upstream's own name for a model that was read when its form was on the way there already. @throws Failure */
export function lateName(gateway: Running, { upstream, settings }: Target, model: string): string {
  const found = gateway.destinationsOf(model).find((destination) => destination.upstream === upstream);
  if (found) return upstream.provider.nameOf?.(found.model, settings) ?? found.model;
  throw new Failure(
    'bad-request',
    `"${model}" does not lead to "${upstream.name}", where its form went before the model was read: put "model" before the file.`,
    { field: 'model' },
  );
}

function namesOf(upstreams: readonly Upstream[]): string {
  return upstreams.map(({ name }) => `"${name}"`).join(', ');
}
