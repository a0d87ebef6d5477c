import type { Config } from './config.ts';
import { readEnvironment } from './environment.ts';
import { expand, type Environment } from './expand.ts';
import { fromClaudeProxy, isClaudeProxyConfig, type ClaudeProxyConfig } from './legacy/claude-proxy.ts';
import { ConfigError } from './problems.ts';
import { resolveConfig, type Sources } from './resolve.ts';
import { checkFile, type ConfigFile } from './schema.ts';

export type ComposeOptions = Pick<
  Sources,
  'env' | 'flags' | 'files' | 'path' | 'legacy' | 'notes' | 'vendors' | 'defaultStorage'
> & {
  /** A configuration as plain data, ours or a predecessor's; absent: there is none. */
  readonly raw?: unknown;
};

/** Data + environment + flags → Config, with nothing of Node: what a Worker shares with the server. @throws ConfigError */
export function composeConfig({ raw, ...said }: ComposeOptions): Config {
  const { env, path } = said;
  const environment = readEnvironment(env);
  if (environment.problems.length > 0) throw new ConfigError(environment.problems);
  if (isClaudeProxyConfig(raw))
    return resolveConfig({ ...said, environment, file: {}, legacy: legacyOf(raw, env, path) });
  return resolveConfig({ ...said, environment, file: raw === undefined ? {} : checkedFile(raw, env, path) });
}

function legacyOf(raw: unknown, env: Environment, path: string | undefined): ClaudeProxyConfig {
  const legacy = fromClaudeProxy(raw, env);
  if (legacy.problems.length > 0) throw new ConfigError(legacy.problems, path);
  return legacy;
}

function checkedFile(raw: unknown, env: Environment, path: string | undefined): ConfigFile {
  const expanded = expand(raw, env);
  if (expanded.problems.length > 0) throw new ConfigError(expanded.problems, path);
  const checked = checkFile(expanded.value);
  if (!checked.ok) throw new ConfigError(checked.problems, path);
  return checked.file;
}
