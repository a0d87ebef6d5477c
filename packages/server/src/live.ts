import { createGateway, systemClock, type Counters, type Ledger, type Log, type Transport } from '@proxy/core';
import { hashedCallers } from './callers.ts';
import { buildGatewayOptions } from './config/build.ts';
import type { Config } from './config/config.ts';
import type { Live } from './routes/front.ts';

export interface LivePorts {
  readonly transport: Transport;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly log: Log;
}

/** What answers under one configuration, in whatever it runs. */
export function liveOf(config: Config, ports: LivePorts): Live {
  const callers = hashedCallers(config.accessKeys);
  const options = buildGatewayOptions(config, { ...ports, callers, clock: systemClock });
  return { gateway: createGateway(options), health: config.health, open: callers.open };
}
