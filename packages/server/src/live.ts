import { createGateway, systemClock, type Counters, type Ledger, type Log, type Transport } from '@proxy/core';
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
}

/** What answers under one configuration, in whatever it runs. */
export function liveOf(config: Config, { guarded, ...ports }: LivePorts): Live {
  const callers = hashedCallers(config.accessKeys);
  const options = buildGatewayOptions(config, { ...ports, callers, clock: systemClock });
  const { doors, health, server } = config;
  const { upstreams } = options;
  return {
    gateway: createGateway(options),
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
