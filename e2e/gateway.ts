/** The subject under test, on a real socket: a gateway in front of scripted upstreams. */
import { createGateway, anthropic, gemini, openai, memoryCallers, memoryLedger } from '@proxy/core';
import type { CallRecord, GatewayOptions, Provider, Upstream as ConfiguredUpstream } from '@proxy/core';
import { createTransport, serve } from '@proxy/node';
import { upstreamWords, type DialectName } from './dialects.ts';
import type { Upstream } from './upstream.ts';

export const accessKey = 'access-key-of-the-client';

export const providers: Readonly<Record<DialectName, Provider>> = {
  'openai-chat': openai,
  'openai-responses': openai,
  'anthropic-messages': anthropic,
  'gemini-generate': gemini,
};

/** The model's public name, different from every upstream's own. */
export const publicModel = 'e2e-model';

export interface RunningGateway {
  readonly url: string;
  readonly log: readonly string[];
  records(): readonly CallRecord[];
  close(): Promise<void>;
}

/** One configured upstream in front of a scripted one; its name is the dialect's. */
export function configured(upstream: Upstream, keys: readonly string[]): ConfiguredUpstream {
  const { dialect, url } = upstream;
  return {
    name: dialect,
    provider: providers[dialect],
    dialects: [dialect],
    baseUrl: url,
    credentials: keys.map((secret, index) => ({ id: `${dialect}-${index + 1}`, secret })),
    models: { [publicModel]: upstreamWords[dialect].model },
  };
}

export async function startGateway(options: Omit<GatewayOptions, 'ports'>): Promise<RunningGateway> {
  const ledger = memoryLedger();
  const log: string[] = [];
  const transport = createTransport();
  const gateway = createGateway({
    ...options,
    ports: {
      transport,
      callers: memoryCallers([{ id: 'client', accessKey }]),
      ledger,
      log: (level, message, fields) => {
        if (level === 'error') log.push(`${message} ${JSON.stringify(fields)}`);
      },
    },
  });
  const served = await serve(gateway);
  return {
    url: served.url,
    log,
    records: () => ledger.records(),
    async close() {
      await served.close({ drainMs: 0 });
      await transport.close();
    },
  };
}
