import {
  createGateway,
  type Budgets,
  systemClock,
  type Counters,
  type KeyStates,
  type Ledger,
  type Log,
  type Queue,
  type Quotas,
  type Transport,
} from '@proxy/core';
import type { AddressBook } from './caller.ts';
import { hashedCallers, type OtherCallers } from './callers.ts';
import { buildGatewayOptions } from './config/build.ts';
import type { Config } from './config/config.ts';
import type { PictureStore } from './doors/picture-store.ts';
import type { Bans } from './guards/bans.ts';
import { policiesOf } from './guards/policies.ts';
import { pricingOf } from './pricing/index.ts';
import type { Records } from './records/records.ts';
import type { Live } from './routes/front.ts';

export interface LivePorts {
  readonly transport: Transport;
  /** To addresses that callers name; absent: nobody may name one. */
  readonly guarded?: Transport;
  /** Beside the configuration's; absent: none. */
  readonly callers?: OtherCallers;
  readonly pictures?: PictureStore;
  readonly counters: Counters;
  /** Absent: budgets are not kept. */
  readonly budgets?: Budgets;
  /** Where keys were used from, beyond a reload; absent: as of now. */
  readonly addresses?: AddressBook;
  readonly ledger: Ledger;
  readonly log: Log;
  /** What is known of upstream keys, and outlives a configuration; absent: nothing. */
  readonly keys?: KeyStates;
  readonly quotas?: Quotas;
  /** Absent: calls leave behind what the ledger keeps. */
  readonly records?: Records;
  /** Absent: nobody is banned. */
  readonly bans?: Bans;
  readonly queue?: Queue;
}

/** What answers under one configuration, in whatever it runs. */
export function liveOf(
  config: Config,
  { guarded, pictures, records, bans, queue, keys, addresses, callers: others, ...ports }: LivePorts,
): Live {
  const callers = hashedCallers(config, { ...(others && { others }), ...(addresses && { addresses }) });
  const recorded = records?.under(config, callers, ports.ledger);
  const ledger = recorded?.ledger ?? ports.ledger;
  const policies = policiesOf(config.guards, { counters: ports.counters, ...(bans && { bans }) });
  const options = buildGatewayOptions(
    config,
    { ...ports, ledger, callers, clock: systemClock },
    { policies: [...policies, ...(recorded?.policies ?? [])], ...(queue && { queue }), ...(keys && { keys }) },
  );
  const { doors, health, server } = config;
  const { upstreams } = options;
  return {
    gateway: createGateway(options),
    health,
    policies,
    log: ports.log,
    trustedProxies: config.guards.trustedProxies,
    get open() {
      return callers.open;
    },
    ...(recorded && { records: recorded }),
    cors: server.cors,
    place: {
      config: doors,
      cors: server.cors,
      upstreams,
      pricing: pricingOf(config.prices),
      ...(guarded && { guarded }),
      ...(pictures && { pictures }),
    },
  };
}
