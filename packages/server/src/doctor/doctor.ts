import { resolve } from 'node:path';
import PQueue from 'p-queue';
import { secretsOf } from '../config/build.ts';
import type { Config } from '../config/config.ts';
import { set, type Environment } from '../config/expand.ts';
import { findConfigFile, loadConfig, withDotenv } from '../config/load.ts';
import { ConfigError, unknownName } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { refusalToListen } from '../config/safety.ts';
import { createMaskText, maskable } from '../mask.ts';
import { defaultStorage } from '../storage/place.ts';
import { createTransports } from '../transports.ts';
import { found, type Finding } from './faults.ts';
import { thisMachine, type Machine } from './machine.ts';
import { probeAccessKeys } from './probes/access-keys.ts';
import { configFindings } from './probes/config-problems.ts';
import { probeDataFolder } from './probes/data-folder.ts';
import { probeFileModes } from './probes/file-modes.ts';
import { probeNodeVersion } from './probes/node-version.ts';
import { probePort } from './probes/port.ts';
import { probeStorage } from './probes/storage.ts';
import { probeUpstreamKeys } from './probes/upstream-keys.ts';
import { examineUpstream, type Check } from './upstream.ts';

export interface ExamineOptions {
  readonly cwd: string;
  readonly env: Environment;
  readonly flags: Flags;
  /** Look at this upstream alone. */
  readonly upstream?: string;
  /** Ask models as well, which costs a few tokens a key. */
  readonly calls: boolean;
  /** Of one probe. */
  readonly timeoutMs: number;
  readonly machine?: Machine;
}

/** What the doctor saw. */
export interface Report {
  /** What was looked at, and whether it was in order. */
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

const upstreamsAtOnce = 8;

/** Looks at this machine, the configuration, and every upstream with every key. Never throws for what it finds. */
export async function examine(options: ExamineOptions): Promise<Report> {
  const { cwd, flags, machine = thisMachine } = options;
  const env = withDotenv(cwd, options.env);
  const path = findConfigFile(cwd, env, flags)?.path;
  const local = [
    ...probeNodeVersion(machine.nodeVersion),
    ...probeFileModes(cwd, path),
    ...probeDataFolder(resolve(cwd, set(env, 'BASE_PATH') ?? '.', 'data'), machine),
  ];
  const loaded = load(options);
  if (!loaded.config) return { checks: [], findings: [...local, ...configFindings(loaded.problems, path)] };
  const stored = await probeStorage(loaded.config, cwd, machine);
  const { config } = stored;
  const configured = [
    ...local,
    ...stored.findings,
    ...configFindings(
      [refusalToListen(config, stored.accessKeys)].filter((text) => text !== undefined),
      path,
    ),
    ...probeAccessKeys(config),
    ...probeUpstreamKeys(config),
    ...(await probePort(config)),
    ...probeChoice(config, options.upstream),
  ];
  if (config.upstreams.every(({ provider }) => provider === 'demo'))
    configured.push(found('no-upstream', path ?? 'environment', 'Only the built-in demo model would answer.'));
  const upstreams = await examineUpstreams(config, options, configured, machine);
  const maskText = createMaskText(() => maskable(secretsOf(config)));
  const opened = stored.opened === undefined ? [] : [{ subject: 'storage', what: `${stored.opened} opens`, ok: true }];
  return {
    checks: [...opened, ...upstreams.flatMap(({ checks }) => checks)],
    findings: [...configured, ...upstreams.flatMap(({ findings }) => findings)].map((finding) => ({
      ...finding,
      seen: maskText(finding.seen),
    })),
  };
}

/** The one that was asked for may be misspelt. */
function probeChoice({ upstreams }: Config, only: string | undefined): readonly Finding[] {
  const names = upstreams.map(({ name }) => name);
  if (only === undefined || names.includes(only)) return [];
  return [found('upstream-unknown', '--upstream', unknownName(only, 'an upstream', names))];
}

type Loaded = { readonly config: Config } | { readonly config?: undefined; readonly problems: readonly string[] };

function load({ cwd, env, flags }: ExamineOptions): Loaded {
  try {
    return { config: loadConfig({ cwd, env, flags, defaultStorage }) };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}

async function examineUpstreams(
  config: Config,
  { upstream: only, calls, timeoutMs }: ExamineOptions,
  known: readonly Finding[],
  machine: Machine,
): Promise<readonly Report[]> {
  const transports = createTransports();
  const transport = transports.for(config);
  const queue = new PQueue({ concurrency: upstreamsAtOnce });
  try {
    const wanted = config.upstreams.filter(({ name }) => only === undefined || name === only);
    return await queue.addAll(
      wanted.map((one) => () => examineUpstream(one, config, { transport, now: machine.now, timeoutMs, calls, known })),
    );
  } finally {
    await transports.close();
  }
}
