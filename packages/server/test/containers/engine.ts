import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * A podman of this run's own. Its settings, images, containers, networks and socket lie in one folder, so that nothing of the
 * machine's is seen or changed, and all of it is gone with the folder.
 */
export interface Engine {
  readonly home: string;
}

export interface Running {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export interface Ended {
  readonly code: number;
  /** Both of what it wrote, in the order in which it came. */
  readonly text: string;
}

const needed = ['podman', 'runc', 'docker-compose', 'debootstrap', 'tar', 'npm', 'git'];

/** Fails where containers cannot be run: a check that is left out is none. */
export function demandEngine(): void {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin');
  const missing = needed.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length > 0)
    throw new Error(`No containers without ${missing.join(', ')}: run scripts/install-podman.sh (Debian, Ubuntu).`);
  if (process.getuid?.() !== 0) throw new Error('Containers with limits are run as root here: sudo pnpm containers.');
}

export function openEngine(): { readonly engine: Engine; readonly close: () => void } {
  const engine = { home: mkdtempSync(join(tmpdir(), 'proxy-containers-')) };
  writeSettings(engine);
  const service = spawn('podman', ['system', 'service', '--time', '0', socketOf(engine)], {
    env: environmentOf(engine),
    stdio: 'ignore',
  });
  return { engine, close: () => closeEngine(engine, service) };
}

const socketOf = ({ home }: Engine) => `unix://${home}/podman.sock`;

function writeSettings({ home }: Engine): void {
  const paths = Object.fromEntries(['storage', 'run', 'tmp', 'networks'].map((name) => [name, join(home, name)]));
  for (const path of Object.values(paths)) mkdirSync(path);
  // runc and cgroupfs do with either version of cgroups, and without systemd. Podman's own limits of open files are refused where
  // this machine's are lower.
  writeFileSync(
    join(home, 'containers.conf'),
    `[containers]
default_ulimits = []
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "${paths.tmp}"
[network]
network_backend = "netavark"
network_config_dir = "${paths.networks}"
`,
  );
  writeFileSync(
    join(home, 'storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${paths.storage}"\nrunroot = "${paths.run}"\n`,
  );
  writeFileSync(join(home, 'registries.conf'), 'unqualified-search-registries = ["docker.io"]\n');
}

/** What leads podman and whatever speaks to its socket into the folder. */
export function environmentOf(engine: Engine): NodeJS.ProcessEnv {
  const { home } = engine;
  return {
    ...process.env,
    PATH: [process.env.PATH, '/usr/sbin'].join(delimiter),
    CONTAINERS_CONF: join(home, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(home, 'storage.conf'),
    CONTAINERS_REGISTRIES_CONF: join(home, 'registries.conf'),
    DOCKER_HOST: socketOf(engine),
    // HEALTHCHECK is not known to podman's own format.
    BUILDAH_FORMAT: 'docker',
  };
}

/** What this process has begun and would otherwise outlive it. */
const running = new Set<ChildProcess>();

/** Runs a program against this engine to its end, whatever that is. */
export function run(engine: Engine, program: string, args: readonly string[], how: Running = {}): Promise<Ended> {
  // In the engine's folder: where a container's memory runs out, a file of that name is left where podman was called.
  const { env, cwd = engine.home, timeoutMs = 120_000 } = how;
  const child = spawn(program, args, {
    env: { ...environmentOf(engine), ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += String(data)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // Not "close": a container that it started may hold the pipes.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      setImmediate(() => resolve({ code: code ?? -1, text: signal === null ? text : `${text}\n(${signal})` }));
    });
  });
}

/** The same for what must succeed; returns what it wrote. */
export async function must(engine: Engine, program: string, args: readonly string[], how?: Running) {
  const { code, text } = await run(engine, program, args, how);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${text.slice(-4000)}`);
  return text.trim();
}

/** What podman answers, without what it warns of. */
export function podman(engine: Engine, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: engine.home, env: environmentOf(engine), maxBuffer: 2 ** 26, timeout: 120_000 };
    execFile('podman', args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`podman ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error }));
      else resolve(stdout.trim());
    });
  });
}

/** Without waiting, since nothing is waited for where a process ends because it was interrupted. */
function closeEngine(engine: Engine, service: ChildProcess): void {
  if (!existsSync(engine.home)) return;
  service.kill('SIGTERM');
  for (const child of running) child.kill('SIGKILL');
  const options = { env: environmentOf(engine), stdio: 'ignore', timeout: 60_000 } as const;
  spawnSync('podman', ['rm', '--all', '--force', '--time', '0'], options);
  spawnSync('podman', ['network', 'prune', '--force'], options);
  // The store keeps its own folder mounted upon itself; a debootstrap that was broken off leaves the machine's own folders mounted.
  for (const path of mountedBelow(engine.home)) spawnSync('umount', [path], options);
  const [left] = mountedBelow(engine.home);
  if (left !== undefined) throw new Error(`${left} cannot be unmounted, so ${engine.home} is left as it is.`);
  rmSync(engine.home, { recursive: true, force: true, maxRetries: 5 });
}

/** The innermost first. */
function mountedBelow(folder: string): readonly string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n').reverse();
  return lines.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${folder}/`));
}
