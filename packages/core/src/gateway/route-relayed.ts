import { Failure } from '../conversation/failure.ts';
import type { Dialect, RelayDoor, RelayedSocketDoor } from '../dialects/dialect.ts';
import type { Inbound } from '../translate/translation.ts';
import type { Upstream } from './gateway.ts';
import { planOf, type Plan } from './route.ts';
import type { Running } from './running.ts';

/**
 * Where an operation goes that only the caller's dialect has: by its model as every other call, but to upstreams that speak
 * the dialect and have the operation. Without a model: to the upstream named by `x-proxy-upstream` or `?upstream=`, else to the
 * first that has it.
 * @throws Failure that names the upstreams to ask instead.
 */
export function routeRelayed(gateway: Running, inbound: Inbound, door: RelayDoor | RelayedSocketDoor): Plan {
  const { dialect, glance } = inbound;
  const able = gateway.options.upstreams.filter((upstream) => relays(upstream, dialect, door));
  if (able.length === 0)
    throw new Failure('not-found', `No upstream here has the operation "${door.operation}" of ${dialect.name}.`);
  if (glance.model === '') return planOf(gateway, [{ upstream: chosen(inbound, door, able), model: '' }], inbound);

  const destinations = gateway.destinationsOf(glance.model);
  const reached = destinations.filter(({ upstream }) => able.includes(upstream));
  if (reached.length > 0) return planOf(gateway, reached, inbound);
  throw new Failure(
    'bad-request',
    `"${glance.model}" leads to ${namesOf(destinations.map(({ upstream }) => upstream))}, which does not have the operation ` +
      `"${door.operation}" of ${dialect.name}. Ask for a model of ${namesOf(able)}, as upstream/model.`,
    { field: 'model' },
  );
}

function relays(
  { provider, dialects }: Upstream,
  dialect: Dialect,
  { operation }: RelayDoor | RelayedSocketDoor,
): boolean {
  if (!provider.relay || !provider.speaks.includes(dialect) || dialects?.includes(dialect.name) === false) return false;
  return !provider.relay.lacks?.includes(operation);
}

function chosen(
  { knock, dialect }: Inbound,
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

function namesOf(upstreams: readonly Upstream[]): string {
  return upstreams.map(({ name }) => `"${name}"`).join(', ');
}
