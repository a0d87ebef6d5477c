import {
  createGateway,
  memoryLedger,
  type Credential,
  type Gateway,
  type MemoryLedger,
  type Transport,
  type Upstream,
} from '@proxy/core';
import type { Config } from '../config/config.ts';
import { observed, type Exchange } from './observe.ts';

/** A gateway that knows one upstream with one key, so that a probe goes the very way that calls go. */
export interface OneKey {
  /** The upstream's. */
  readonly name: string;
  readonly gateway: Gateway;
  readonly ledger: MemoryLedger;
  readonly exchanges: readonly Exchange[];
}

export interface Reaching {
  readonly transport: Transport;
  readonly now: () => number;
  readonly timeoutMs: number;
}

export function withOneKey(
  upstream: Upstream,
  credential: Credential,
  { modelFacts }: Pick<Config, 'modelFacts'>,
  { transport, now, timeoutMs }: Reaching,
): OneKey {
  const watched = observed(transport, now);
  const ledger = memoryLedger();
  const gateway = createGateway({
    upstreams: [{ ...upstream, credentials: [credential] }],
    modelFacts,
    timeouts: { headersMs: timeoutMs, idleMs: timeoutMs },
    ports: { transport: watched.transport, ledger },
  });
  return { name: upstream.name, gateway, ledger, exchanges: watched.exchanges };
}
