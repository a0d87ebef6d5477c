import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nginxConfig } from './baselines/nginx.ts';
import type { DialectName } from './wire/shape.ts';

export interface Surroundings {
  /** Where the subject is to listen. */
  readonly port: number;
  readonly upstreamPort: number;
  /** An empty folder of its own. */
  readonly directory: string;
}

/** A proxy to be measured: how it is started is all that is known of it. */
export interface Subject {
  readonly name: string;
  /** Whether it translates; one that does not is sent the client's own dialect in conversions. */
  readonly converts: boolean;
  /** Why it cannot run here, or undefined when it can. */
  missing(): string | undefined;
  /** Only measured by its name, and how many times dearer than the goal it may be. */
  readonly onRequest?: { readonly allowance: number };
  /** Writes what it needs into its folder; gives the command. */
  prepare(around: Surroundings): readonly [command: string, ...rest: string[]];
}

/** The key clients show, which only the gateway looks at. */
export const accessKey = 'sk-bench-0123456789abcdef0123456789abcdef';

/** As long as vendors' own are, since replies are searched for it. */
const upstreamKey = 'sk-bench-0123456789abcdefghijklmnopqrstuvwxyz0123456789ab';

/** The model that leads to the mock upstream's door of that dialect. */
export function modelFor(upstream: DialectName): string {
  return `bench-${upstream}`;
}

const dispatch: Subject = {
  name: 'dispatch',
  converts: false,
  missing: () => undefined,
  prepare: ({ port, upstreamPort }) => [
    process.execPath,
    here('./baselines/dispatch.ts'),
    String(port),
    String(upstreamPort),
  ],
};

const nginx: Subject = {
  name: 'nginx',
  converts: false,
  missing: () => (onPath('nginx') ? undefined : 'nginx is not on PATH (apt-get install nginx-light)'),
  prepare({ port, upstreamPort, directory }) {
    const file = join(directory, 'nginx.conf');
    writeFileSync(file, nginxConfig(port, upstreamPort, directory));
    return ['nginx', '-c', file, '-p', directory];
  },
};

const gatewayBinary = here('../../packages/server/dist/main.js');

const gateway: Subject = {
  name: 'gateway',
  converts: true,
  missing: () => (existsSync(gatewayBinary) ? undefined : `${gatewayBinary} is not there (pnpm build)`),
  prepare({ port, upstreamPort, directory }) {
    const file = join(directory, 'proxy.json');
    writeFileSync(file, JSON.stringify(gatewayConfig(port, upstreamPort), undefined, 2));
    return [process.execPath, gatewayBinary, 'serve', '--config', file];
  },
};

/** The same for a team: a user with budgets of money and tokens, every call kept in a database, metrics. */
const team: Subject = {
  ...gateway,
  name: 'team',
  onRequest: { allowance: 1.15 },
  prepare({ port, upstreamPort, directory }) {
    const file = join(directory, 'proxy.json');
    const config = { ...gatewayConfig(port, upstreamPort), ...teamConfig(join(directory, 'proxy.db')) };
    writeFileSync(file, JSON.stringify(config, undefined, 2));
    return [process.execPath, gatewayBinary, 'serve', '--config', file];
  },
};

/** As a small installation would have it: an access key with a rate limit that is never reached, usage accounted. */
function gatewayConfig(port: number, upstreamPort: number): object {
  const baseUrl = `http://127.0.0.1:${upstreamPort}`;
  const upstream = (provider: string, dialect: DialectName) => ({
    name: dialect,
    provider,
    baseUrl,
    apiKeys: [upstreamKey],
    models: [modelFor(dialect)],
  });
  return {
    server: { host: '127.0.0.1', port },
    // The baselines write no logs either; what a line per request costs is another question.
    log: { level: 'warn' },
    // Keeping every call is the team's.
    storage: 'none',
    accessKeys: [
      { name: 'bench', key: accessKey, limits: { requestsPerMinute: 100_000_000, tokensPerMinute: 100_000_000_000 } },
    ],
    upstreams: [
      upstream('openai-compatible', 'chat'),
      // OpenAI speaks Chat as well, and would be asked in a Chat client's own dialect.
      { ...upstream('openai', 'responses'), dialects: ['openai-responses'] },
      upstream('anthropic', 'messages'),
      upstream('gemini', 'gemini'),
    ],
  };
}

function teamConfig(storage: string): object {
  const limits = { requestsPerMinute: 100_000_000, tokensPerMinute: 100_000_000_000 };
  const budgets = [
    { amount: 1_000_000_000, of: 'usd', per: 'month' },
    { amount: 1_000_000_000_000, of: 'tokens', per: 'day' },
  ];
  return {
    storage,
    users: [{ name: 'ann', limits: { budgets } }],
    accessKeys: [{ name: 'bench', key: accessKey, user: 'ann', limits }],
    prices: [{ model: 'bench-*', input: 1, output: 2 }],
    records: { metrics: true },
  };
}

/** The first is the unit of the ratios. */
export const subjects: readonly Subject[] = [dispatch, nginx, gateway, team];

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
