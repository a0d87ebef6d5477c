import { originsOf, type Transport } from '@proxy/core';
import {
  createGuardedTransport,
  createTransport,
  type NodeTransport,
  type OriginOptions,
  type TransportOptions,
} from '@proxy/node';
import { upstreamOf } from './config/build.ts';
import type { Config } from './config/config.ts';
import { knownProviders } from './config/providers.ts';
import { withDemo } from './demo/transport.ts';
import { collectUploads } from './upload-collector.ts';
import { isPublic, isWithin } from './public-address.ts';

/** The connections to upstreams: kept over reloads, unless upstreams are to be reached in another way than before. */
export interface Transports {
  /** The transport for one configuration. */
  for(config: Config): Transport;
  /** To addresses that callers name; undefined when nobody may name one. */
  guarded(config: Config): Transport | undefined;
  close(): Promise<void>;
}

export function createTransports(): Transports {
  let known = '';
  let current: NodeTransport | undefined;
  let guarded: NodeTransport | undefined;
  return {
    for(config) {
      const options = transportOptions(config);
      const written = JSON.stringify(options);
      if (!current || written !== known) {
        void current?.close(); // waits for what is running
        current = createTransport(options);
        known = written;
      }
      return withDemo(collectUploads(current));
    },
    guarded({ doors: { addresses } }) {
      if (!addresses) return undefined;
      void guarded?.close();
      guarded = createGuardedTransport({
        allows: (address) => isPublic(address) || isWithin(address, addresses.allow),
      });
      return guarded;
    },
    async close() {
      await Promise.all([current?.close(), guarded?.close()]);
    },
  };
}

/** cross-check.ts sees to it that upstreams at one origin agree. */
export function transportOptions({ upstreams, vendors, proxies }: Config): TransportOptions {
  const providers = knownProviders(vendors);
  const origins: Record<string, OriginOptions> = {};
  for (const upstream of upstreams) {
    const { insecureSkipVerify, connection } = upstream;
    if (!insecureSkipVerify && !connection) continue;
    const built = upstreamOf(upstream, providers);
    for (const origin of originsOf(built))
      origins[origin] = { ...connection, ...(insecureSkipVerify && { insecureSkipVerify }) };
    // Secrets go there: over the same proxy, but with the certificate checked whatever the upstream is allowed.
    const { proxy, ca } = connection ?? {};
    for (const origin of built.provider.tokenOrigins ?? [])
      origins[origin] ??= { ...(proxy !== undefined && { proxy }), ...(ca !== undefined && { ca }) };
  }
  return { origins, ...(proxies && { proxies }) };
}
