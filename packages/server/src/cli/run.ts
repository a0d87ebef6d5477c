import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import spawn from 'cross-spawn';
import { agents, modelFor, type Agent, type AgentName } from '../agents.ts';
import { addressOf } from '../config/address.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Environment } from '../config/expand.ts';
import { ConfigError, unknownName } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { isOurs } from '../is-ours.ts';
import { createLog } from '../log.ts';
import { startServer } from '../server.ts';
import { fail } from './fail.ts';
import { loadServed, storageThatIsThere } from './load-served.ts';

export interface RunFlags extends Flags {
  readonly model?: string;
  /** The access key that the agent shows. */
  readonly key?: string;
}

/**
 * `proxy run`: an agent of this machine against this server. A server that runs already is used; without one there is one in
 * this process for as long as the agent lives. The process ends with the agent's exit code.
 */
export async function run(name: string, args: readonly string[], flags: RunFlags): Promise<void> {
  if (!isAgentName(name)) return end(`error: ${unknownName(name, 'an agent', Object.keys(agents))}`, 2);
  const agent = agents[name];
  try {
    const { config, storedAccessKeys } = await loadServed({ cwd: process.cwd(), env: process.env, flags });
    const known = flags.key ?? config.accessKeys[0]?.key;
    const model = flags.model ?? modelFor(agent, config);
    const server = await serverFor(config, flags, known ?? (storedAccessKeys ? undefined : 'any'));
    const { env, args: ours } = agent.launch({
      url: server.url,
      key: server.key,
      ...(model !== undefined && { model }),
    });
    const code = await runChild(agent, [...ours, ...args], childEnvironment(env, process.env));
    await server.close();
    process.exit(code);
  } catch (error) {
    fail(error);
  }
}

function isAgentName(name: string): name is AgentName {
  return Object.hasOwn(agents, name);
}

interface Reached {
  readonly url: string;
  /** That opens it. */
  readonly key: string;
  close(): Promise<void>;
}

/** `key`: undefined where access keys are stored, of which nobody can read one again. */
async function serverFor(config: Config, { config: file, port, host }: Flags, key?: string): Promise<Reached> {
  const flags = {
    ...(file !== undefined && { config: file }),
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
  };
  const url = addressOf(config.server.host, config.server.port);
  if (await isOurs(url)) {
    if (key === undefined) throw new ConfigError([keyNeeded(url)]);
    return { url, key, close: () => Promise.resolve() };
  }
  // On a port nobody has, and for this machine alone: a server that is started later finds its own port free.
  const said = { cwd: process.cwd(), env: process.env, flags: { ...flags, port: 0, host: '127.0.0.1' } };
  const own = `sk-proxy-${randomBytes(24).toString('base64url')}`;
  const load = () => {
    const loaded = loadConfig({ ...said, ...storageThatIsThere(said) });
    if (key !== undefined) return loaded;
    return { ...loaded, accessKeys: [{ key: own, name: 'proxy run' }] };
  };
  // The terminal is the agent's: our log would be written into its screen.
  const server = await startServer({ load, log: createLog({ write: () => undefined, pretty: false }) });
  return { url: server.url, key: key ?? own, close: () => server.close() };
}

function keyNeeded(url: string): string {
  return (
    `The server at ${url} wants an access key. Those that are stored cannot be read again: name one with --key, ` +
    'or make one with "proxy keys add".'
  );
}

/** Variables that would lead Claude Code to another place or another key than this server's. */
const misleading = [
  'ANTHROPIC_API_KEY',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_USE_FOUNDRY',
] as const;

/** An outbound proxy of the machine cannot reach this server, so the agent must not ask it to. */
function childEnvironment(launch: Environment, own: Environment): Environment {
  const direct = [own.NO_PROXY ?? own.no_proxy, 'localhost', '127.0.0.1', '::1'].filter(Boolean).join(',');
  const rest = Object.fromEntries(Object.entries(own).filter(([name]) => !misleading.some((one) => one === name)));
  return { ...rest, NO_PROXY: direct, no_proxy: direct, ...launch };
}

/** Its exit code; 127 when there is no such program, and 128 and more when a signal ended it, as shells count. */
function runChild({ command, title, npm }: Agent, args: readonly string[], env: Environment): Promise<number> {
  const child = spawn(command, [...args], { stdio: 'inherit', env: { ...env } });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  // A terminal sends Ctrl-C to the agent as well as to us; sent on, it would be a second one, which means "leave".
  const hold = () => undefined;
  process.on('SIGINT', process.stdin.isTTY ? hold : forward);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return reject(error);
      process.stderr.write(`${title} is not installed: no "${command}" on PATH. Install it: npm install -g ${npm}\n`);
      resolve(127);
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function end(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
