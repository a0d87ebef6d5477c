import type { Credential, Settings } from '../auth/authorize.ts';
import { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { CandidateRecord } from '../ports.ts';
import type { Destination, Inbound } from '../translate/translation.ts';
import { callsLeft } from './calls-left.ts';
import type { Upstream, UpstreamModel } from './gateway.ts';
import type { Running } from './running.ts';
import { settingsOf } from './settings.ts';

/** One upstream + model + credential to try. */
export interface Target extends Destination {
  readonly upstream: Upstream;
  readonly credential: Credential;
  readonly settings: Settings;
  /** Where it was found. */
  readonly from: UpstreamModel;
}

/** A destination, and what can be used there at this moment. */
export interface Prospect {
  readonly destination: UpstreamModel;
  readonly awake: readonly Credential[];
  /** Where all rest: the one that is free first. */
  readonly soonest?: Credential | undefined;
  readonly skipped: readonly Skipped[];
  targetFor(credential: Credential): Target;
}

interface Skipped extends Pick<CandidateRecord, 'reason' | 'restsUntil'> {
  readonly credential: Credential;
  readonly skipped: NonNullable<CandidateRecord['skipped']>;
}

/** What of a request decides how a destination is asked. */
export type Asking = Pick<Inbound, 'dialect' | 'glance'> & Partial<Pick<Inbound, 'knock' | 'top' | 'body'>>;

/** Looks at a destination without choosing yet. @throws Failure when it speaks no dialect that the model takes. */
export function prospectAt(gateway: Running, destination: UpstreamModel, inbound: Asking): Prospect {
  const { upstream, model } = destination;
  const { provider } = upstream;
  const dialect = spoken(upstream, inbound.dialect, model);
  const binding = provider.bindings?.[dialect.name];
  const known = provider.ownNames ? withoutUpstream(inbound.glance.model, upstream) : model;
  const facts = gateway.factsAt(upstream, known);
  const modelAt = (credential: Credential) =>
    model === '' ? '' : (provider.nameOf?.(model, settingsOf(upstream, credential)) ?? model);
  /** Most are looked at twice: for what they may cost, and to be asked. */
  let last: Target | undefined;
  const newTarget = (credential: Credential): Target => ({
    upstream,
    credential,
    from: destination,
    settings: settingsOf(upstream, credential),
    dialect,
    model: modelAt(credential),
    facts,
    signer: provider.signer ?? dialect.name,
    binding,
  });
  const { awake, soonest, skipped } = usable(gateway, ableCredentials(upstream, model), modelAt);
  return {
    destination,
    awake,
    soonest,
    skipped,
    targetFor: (credential) => (last?.credential === credential ? last : (last = newTarget(credential))),
  };
}

const none: readonly Skipped[] = [];

/** Resting credentials are left out, unless all of them rest: then the one that is free again first is tried. */
function usable(
  gateway: Running,
  able: readonly Credential[],
  modelAt: (credential: Credential) => string,
): Pick<Prospect, 'awake' | 'soonest' | 'skipped'> {
  let skipped: Skipped[] | undefined;
  for (const credential of able) {
    const one = skippedAt(gateway, credential, modelAt);
    if (one) (skipped ??= []).push(one);
  }
  if (!skipped) return { awake: able, skipped: none };
  const left = new Set(skipped.map(({ credential }) => credential));
  const awake = able.filter((credential) => !left.has(credential));
  if (awake.length > 0) return { awake, skipped };
  const resting = skipped.filter((one) => one.skipped === 'resting').map(({ credential }) => credential);
  const soonest = gateway.cooldown.soonest(resting, modelAt);
  return { awake, skipped, ...(soonest && { soonest }) };
}

function skippedAt(
  { cooldown, refused, ports }: Running,
  credential: Credential,
  modelAt: (credential: Credential) => string,
): Skipped | undefined {
  const { id, quota } = credential;
  if (refused.has(id)) return { credential, skipped: 'refused', reason: refused.get(id)?.reason ?? '' };
  if (quota !== undefined && callsLeft(ports, credential) <= 0) return { credential, skipped: 'spent' };
  if (cooldown.quiet) return undefined;
  const model = modelAt(credential);
  if (cooldown.available(id, model)) return undefined;
  return { credential, skipped: 'resting', restsUntil: cooldown.freeAtMs(id, model) };
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
  const allowed = (dialect: Dialect) =>
    dialects?.includes(dialect.name) !== false && provider.takes?.(dialect, model) !== false;
  const dialect = provider.speaks.includes(inbound) && allowed(inbound) ? inbound : provider.speaks.find(allowed);
  if (!dialect)
    throw new Failure(
      'server',
      `The upstream "${name}" is configured to speak no dialect that "${model}" takes there.`,
    );
  return dialect;
}
