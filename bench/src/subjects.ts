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
  /** Writes what it needs into its folder; gives the command. */
  prepare(around: Surroundings): readonly [command: string, ...rest: string[]];
}

/** The key clients show, which only the gateway looks at. */
export const accessKey = 'sk-bench-0123456789abcdef0123456789abcdef';

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

/** As a small installation would have it: an access key with a rate limit that is never reached, usage accounted. */
function gatewayConfig(port: number, upstreamPort: number): unknown {
  const baseUrl = `http://127.0.0.1:${upstreamPort}`;
  const upstream = (provider: string, dialect: DialectName) => ({
    name: dialect,
    provider,
    baseUrl,
    apiKeys: ['sk-upstream'],
    models: [modelFor(dialect)],
  });
  return {
    server: { host: '127.0.0.1', port },
    // The baselines write no logs either; what a line per request costs is another question.
    log: { level: 'warn' },
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

/** The first is the unit of the ratios. */
export const subjects: readonly Subject[] = [dispatch, nginx, gateway];

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
