import {
  createGateway,
  systemClock,
  type Counters,
  type KeyStates,
  type Ledger,
  type Log,
  type Quotas,
  type Transport,
} from '@proxy/core';
import { hashedCallers } from './callers.ts';
import { buildGatewayOptions } from './config/build.ts';
import type { Config } from './config/config.ts';
import { createPricing } from './pricing/index.ts';
import type { Live } from './routes/front.ts';

export interface LivePorts {
  readonly transport: Transport;
  /** To addresses that callers name; absent: nobody may name one. */
  readonly guarded?: Transport;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly log: Log;
  /** What is known of upstream keys, and outlives a configuration; absent: nothing. */
  readonly keys?: KeyStates;
  readonly quotas?: Quotas;
}

/** What answers under one configuration, in whatever it runs. */
export function liveOf(config: Config, { guarded, keys, ...ports }: LivePorts): Live {
  const callers = hashedCallers(config.accessKeys);
  const options = buildGatewayOptions(config, { ...ports, callers, clock: systemClock });
  const { doors, health, server } = config;
  const { upstreams } = options;
  return {
    gateway: createGateway({ ...options, ...(keys && { keys }) }),
    health,
    open: callers.open,
    cors: server.cors,
    place: {
      config: doors,
      cors: server.cors,
      upstreams,
      pricing: createPricing(config.prices),
      ...(guarded && { guarded }),
    },
  };
}
