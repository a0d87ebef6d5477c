import {
  createGateway,
  systemClock,
  type Counters,
  type GatewayOptions,
  type KeyStates,
  type Ledger,
  type Log,
  type Policy,
  type Quotas,
  type Transport,
} from '@proxy/core';
import { hashedCallers, type OtherCallers } from './callers.ts';
import { buildGatewayOptions } from './config/build.ts';
import type { Config } from './config/config.ts';
import type { PictureStore } from './doors/picture-store.ts';
import { createPricing } from './pricing/index.ts';
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
  readonly ledger: Ledger;
  readonly log: Log;
  /** What is known of upstream keys, and outlives a configuration; absent: nothing. */
  readonly keys?: KeyStates;
  readonly quotas?: Quotas;
  /** Absent: calls leave behind what the ledger keeps. */
  readonly records?: Records;
}

/** What answers under one configuration, in whatever it runs. */
export function liveOf(
  config: Config,
  { guarded, pictures, keys, records, callers: others, ...ports }: LivePorts,
): Live {
  const callers = hashedCallers(config.accessKeys, others);
  const recorded = records?.under(config, callers, ports.ledger);
  const ledger = recorded?.ledger ?? ports.ledger;
  const options = buildGatewayOptions(config, { ...ports, ledger, callers, clock: systemClock });
  const known = keys ? { ...options, keys } : options;
  const { doors, health, server } = config;
  const { upstreams } = options;
  return {
    gateway: createGateway(recorded ? withPolicies(known, recorded.policies) : known),
    health,
    get open() {
      return callers.open;
    },
    ...(recorded && { records: recorded }),
    cors: server.cors,
    place: {
      config: doors,
      cors: server.cors,
      upstreams,
      pricing: createPricing(config.prices),
      ...(guarded && { guarded }),
      ...(pictures && { pictures }),
    },
  };
}

function withPolicies(options: GatewayOptions, more: readonly Policy[]): GatewayOptions {
  return more.length === 0 ? options : { ...options, policies: [...(options.policies ?? []), ...more] };
}
