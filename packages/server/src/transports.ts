import type { Transport } from '@proxy/core';
import { createTransport, type NodeTransport } from '@proxy/node';
import type { Config } from './config/config.ts';
import { withDemo } from './demo/transport.ts';

/** The connections to upstreams: kept over reloads, unless the upstreams whose certificates go unchecked are others. */
export interface Transports {
  /** The transport for one configuration. */
  for(config: Config): Transport;
  close(): Promise<void>;
}

export function createTransports(): Transports {
  let lax = '';
  let current: NodeTransport | undefined;
  return {
    for(config) {
      const origins = laxOrigins(config);
      if (!current || origins.join(' ') !== lax) {
        void current?.close(); // waits for what is running
        current = createTransport({
          origins: Object.fromEntries(origins.map((origin) => [origin, { insecureSkipVerify: true }])),
        });
        lax = origins.join(' ');
      }
      return withDemo(current);
    },
    close: async () => current?.close(),
  };
}

/** crossCheck in config/resolve.ts sees to it that upstreams at one origin agree. */
function laxOrigins({ upstreams }: Config): readonly string[] {
  return upstreams
    .filter(({ insecureSkipVerify }) => insecureSkipVerify)
    .map(({ baseUrl = '' }) => /^https?:\/\/[^/?#]+/i.exec(baseUrl)?.[0] ?? '')
    .filter((origin) => origin !== '');
}
