import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { composeConfig, type ComposeOptions } from './compose.ts';
import type { Config } from './config.ts';
import { providerFilesIn } from './legacy/provider-files.ts';
import { emptyClaudeProxy, isClaudeProxyConfig } from './legacy/claude-proxy.ts';
import { nodeFiles } from './node-files.ts';
import { parseFile } from './parse.ts';
import { ConfigError } from './problems.ts';
import type { Flags } from './resolve.ts';
import { readText } from './text-file.ts';
import type { Environment } from './expand.ts';

export interface LoadOptions {
  readonly cwd: string;
  /** The real environment; it wins over `.env`. */
  readonly env: Environment;
  /** What the environment says where it says nothing else: ai-proxy's `--NAME value` (acceptance row A4). */
  readonly defaults?: Environment;
  readonly flags: Flags;
  /** Start with no upstream, and a note, when a ./config.json is broken, as its predecessor did (acceptance row D21). */
  readonly tolerant?: boolean;
  /** What is looked at instead of what the file holds. */
  readonly text?: string;
  /** Where to keep what must outlive the server when nobody says; absent: nowhere. */
  readonly defaultStorage?: string;
}

/** File + .env + environment + flags → Config. @throws ConfigError */
export function loadConfig({
  cwd,
  env: realEnv,
  defaults,
  flags,
  tolerant = false,
  text,
  defaultStorage,
}: LoadOptions): Config {
  const env = { ...defaults, ...withDotenv(cwd, realEnv) };
  const file = findConfigFile(cwd, env, flags);
  const { vendors, skipped } = providerFilesIn(cwd);
  const kept = defaultStorage === undefined ? {} : { defaultStorage };
  const said = { env, flags, files: nodeFiles, vendors, notes: skipped, ...kept };
  const composed = (options: ComposeOptions) => withBanFile(composeConfig(options), cwd);
  if (text !== undefined) {
    const path = file?.path ?? resolve(cwd, fileNames[0] ?? '');
    return composed({ ...said, path, raw: parseFile(path, text) });
  }
  if (file === undefined) return composed(said);
  const { path, found } = file;
  if (!existsSync(path)) throw new ConfigError([`There is no file ${path}. Run "proxy init" to write one.`]);
  const stray = found && basename(path) === 'config.json';
  let raw: unknown;
  try {
    raw = parseFile(path, readText(path));
  } catch (error) {
    if (!stray || !tolerant || !(error instanceof ConfigError)) throw error;
    const broken = `${path} cannot be read, so there is no upstream until it is mended. ${error.problems.join(' ')}`;
    return composed({ ...said, path, legacy: { ...emptyClaudeProxy, notes: [broken] } });
  }
  // A config.json that happens to lie here may be anybody's.
  if (stray && !isClaudeProxyConfig(raw) && !looksLikeOurs(raw)) {
    const stranger = `${path} is not a configuration of this program, so it is not read. Name it with --config if it is meant.`;
    return composed({ ...said, notes: [...skipped, stranger] });
  }
  return composed({ ...said, raw, path });
}

/** Named in a file or by BASE_PATH, it stands below where we were started. */
function withBanFile(config: Config, cwd: string): Config {
  const { guards } = config;
  if (guards.bans?.file === undefined) return config;
  return { ...config, guards: { ...guards, bans: { ...guards.bans, file: resolve(cwd, guards.bans.file) } } };
}

/** The file that is meant: the flag, the variable, or what lies in the working directory. */
export function findConfigFile(
  cwd: string,
  env: Environment,
  flags: Flags,
): { readonly path: string; readonly found: boolean } | undefined {
  const named = flags.config ?? env.PROXY_CONFIG;
  if (named !== undefined && named !== '') return { path: resolve(cwd, named), found: false };
  const found = configPlaces(cwd).find((path) => existsSync(path));
  return found === undefined ? undefined : { path: found, found: true };
}

/** Where a file is found that nobody named. */
export function configPlaces(cwd: string): readonly string[] {
  return fileNames.map((name) => resolve(cwd, name));
}

const fileNames = ['proxy.config.yaml', 'proxy.config.yml', 'proxy.config.json', 'config.json'];

/** `.env` of the working directory under the real environment: a folder, where Docker found none to mount, is told. */
export function withDotenv(cwd: string, env: Environment): Environment {
  const path = resolve(cwd, '.env');
  return existsSync(path) ? { ...parseEnv(readText(path)), ...env } : env;
}

function looksLikeOurs(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && ('upstreams' in raw || 'accessKeys' in raw);
}
