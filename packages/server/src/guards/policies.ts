import type { Counters, Policy, Visit } from '@proxy/core';
import type { GuardedDoor, GuardsConfig, GuardSet } from '../config/guards.ts';
import { addressLists } from './address-lists.ts';
import { banning, type Bans } from './bans.ts';
import { contextCap, outputCap } from './caps.ts';
import { images } from './images.ts';
import { models } from './models.ts';
import { origins } from './origins.ts';
import { perAddress } from './per-address.ts';
import { phrases } from './phrases.ts';
import { rates } from './rates.ts';
import { noTools } from './tools.ts';

export interface GuardPorts {
  readonly counters: Counters;
  /** Absent: nobody is banned (a Worker forgets everything between two requests). */
  readonly bans?: Bans;
}

/** The rules of the house, in the order in which they are asked; those that count last, so that refusals cost nothing. */
export function policiesOf({ sets }: GuardsConfig, { counters, bans }: GuardPorts): readonly Policy[] {
  const rules = sets.map((set, index) =>
    rulesOf(set, counters, String(index)).map((policy) => onlyAt(set.doors, policy)),
  );
  const banned = bans?.needed ? [banning(bans)] : [];
  return [...banned, ...rules.flat()].sort((a, b) => Number(a.name === 'rates') - Number(b.name === 'rates'));
}

function rulesOf(set: GuardSet, counters: Counters, scope: string): readonly Policy[] {
  const { allow, deny, maxContextTokens, maxOutputTokens } = set;
  return [
    (allow || deny) && addressLists(allow, deny),
    set.perAddress && perAddress(set.perAddress, counters, scope),
    set.origins && origins(set.origins),
    set.models && models(set.models),
    set.images !== undefined && set.images !== true && images(set.images),
    set.phrases && phrases(set.phrases),
    maxContextTokens !== undefined && contextCap(maxContextTokens),
    set.tools === false && noTools,
    maxOutputTokens !== undefined && outputCap(maxOutputTokens),
    set.rates && rates(set.rates, counters),
  ].filter((policy) => typeof policy === 'object');
}

function onlyAt(doors: readonly GuardedDoor[] | undefined, policy: Policy): Policy {
  if (!doors) return policy;
  const { name, admit, inspect, over, lists, refused } = policy;
  const concerns = ({ door = 'own' }: Visit) => doors.some((one) => one === door);
  return {
    name,
    ...(admit && { admit: (visit) => (concerns(visit) ? admit(visit) : undefined) }),
    ...(inspect && { inspect: (visit, ...asked) => (concerns(visit) ? inspect(visit, ...asked) : undefined) }),
    ...(over && { over: (visit) => (concerns(visit) ? over(visit) : undefined) }),
    ...(lists && { lists: (visit, ...asked) => !concerns(visit) || lists(visit, ...asked) }),
    ...(refused && { refused: (visit, failure) => (concerns(visit) ? refused(visit, failure) : undefined) }),
  };
}
