/** Four scripted upstreams behind a gateway, for tests that need a fresh one. */
import type { Conversation } from './clients/client.ts';
import { clients } from './clients/index.ts';
import { dialectNames, type DialectName } from './dialects.ts';
import { accessKey, configured, publicModel, startGateway, type RunningGateway } from './gateway.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface Upstreams {
  of(dialect: DialectName): Upstream;
  all(): readonly Upstream[];
  close(): Promise<void>;
}

export async function startUpstreams(): Promise<Upstreams> {
  const started = await Promise.all(dialectNames.map((dialect) => startUpstream(dialect)));
  return {
    of(dialect) {
      const found = started.find((upstream) => upstream.dialect === dialect);
      if (!found) throw new Error(`${dialect} was not started.`);
      return found;
    },
    all: () => started,
    close: async () => void (await Promise.all(started.map((upstream) => upstream.close()))),
  };
}

/** A gateway that knows nothing yet: no key rests, no counter has counted. */
export function freshGateway(
  upstreams: Upstreams,
  keys: (dialect: DialectName) => readonly string[],
): Promise<RunningGateway> {
  return startGateway({ upstreams: upstreams.all().map((upstream) => configured(upstream, keys(upstream.dialect))) });
}

export function modelAt(dialect: DialectName): string {
  return `${dialect}/${publicModel}`;
}

export function hello(gateway: RunningGateway, client: DialectName, to: DialectName): Conversation {
  return clients[client].open({ url: gateway.url, key: accessKey, model: modelAt(to) }, { user: 'Greet me.' });
}

/** How many events each dialect's error-midstream fixture has before its error. */
export const framesBeforeError: Readonly<Record<DialectName, number>> = {
  'openai-chat': 6,
  'openai-responses': 8,
  'anthropic-messages': 6,
  'gemini-generate': 2,
};

export const pairs: readonly (readonly [DialectName, DialectName])[] = dialectNames.flatMap((client) =>
  dialectNames.map((to) => [client, to] as const),
);

export async function eventually(condition: () => boolean, withinMs = 2000): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (!condition() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  return condition();
}
