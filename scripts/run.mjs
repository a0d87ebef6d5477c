// `npm start`, `npm test` and the like on a machine that has Node 18 or newer, npm, and nothing else. Plain JavaScript, no dependencies:
// it runs before anything is installed. What it installs includes the Node that everything else runs on.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const installStamp = join(root, 'node_modules', '.cache', 'proxy-install.json');
const pnpm = 'pnpm@12';
const windows = process.platform === 'win32';
/** How a shell tells that its command got SIGKILL. */
const killed = 137;

/** In the order in which they need each other. */
const built = [
  { folder: 'packages/core', product: 'dist/index.js' },
  { folder: 'packages/node', product: 'dist/index.js' },
  { folder: 'packages/server', product: 'dist/main.js' },
];

const [, , command = 'start', ...args] = process.argv;
const everything = { name: 'everything', filter: [] };
// The coding agents and the other runtimes are far more than a gigabyte that only tests need.
const toServe = { name: 'to serve', filter: ['--filter', 'proxy-workspace', '--filter', './packages/*'] };
const commands = { start, test, dev, build: buildAll, 'type-check': typeCheck };
if (!Object.hasOwn(commands, command)) {
  console.error(`Unknown command "${command}". Known: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
process.exitCode = await commands[command]();

async function start() {
  await install(toServe);
  await build();
  const main = join(root, 'packages/server/dist/main.js');
  // The caller's folder, not ours: a configuration file lies where the command was typed.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  return run(join(bin, 'node'), [main, ...args], { cwd });
}

/** The server from its sources, again after every change of them or of .env; config.json it follows by itself. */
async function dev() {
  await install(toServe);
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const watched = [...built.map(({ folder }) => join(root, folder, 'src')), join(cwd, '.env')];
  process.env.NODE_ENV ??= 'development';
  const server = [join(bin, 'node'), '-C', '@proxy/source', join(root, 'packages/server/src/main.ts'), ...args];
  const watching = watched.flatMap((path) => ['--watch', path]);
  return run(join(bin, 'node'), [join(root, 'scripts/restart-on-change.mjs'), ...watching, '--', ...server], { cwd });
}

async function buildAll() {
  await install(toServe);
  return runPnpm(['-r', '--filter', './packages/*', 'build', ...args]);
}

async function typeCheck() {
  await install(everything);
  return runPnpm(['-r', 'types', ...args]);
}

async function test() {
  await install(everything);
  const failures = join(root, 'node_modules', '.cache', 'proxy-failures');
  rmSync(failures, { recursive: true, force: true });
  process.env.TEST_FAILURES = failures;
  const code = await runPnpm(['-r', '--no-bail', '--workspace-concurrency=1', 'test', ...args]);
  if (code !== 0) tellFailures(failures);
  return code;
}

/** Once more, behind the thousands of lines that passed. */
function tellFailures(folder) {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  for (const file of files) say(`\n${file.replace(/\.txt$/, '')}:\n${readFileSync(join(folder, file), 'utf8')}`);
  if (files.length === 0) say('\nA package failed, and none of its tests: what it printed stands above.');
}

/** Installs when nothing is installed yet, or when the lock file says that it should be something else. */
async function install({ name, filter }) {
  const state = `${name} ${lockState()}`;
  if (existsSync(join(bin, 'node')) && [state, `${everything.name} ${lockState()}`].includes(readStamp())) return;
  say('Installing what @proxy needs (once; this can take a minute) …');
  const installing = [...filter, 'install', '--frozen-lockfile', '--prefer-offline'];
  let code = await runPnpm(installing, { quiet: true });
  // What the kernel kills has usually asked for more memory than there is. What was fetched is there, so that less is to be done now.
  if (code === killed) {
    say('It was killed, as a small machine does for want of memory. Once more, a little at a time …');
    code = await runPnpm([...installing, '--network-concurrency=2', '--child-concurrency=1'], { quiet: true });
  }
  if (code === killed)
    fail(
      `Installing ${name} was killed (137). Is there memory enough? 1 GB with swap does to serve, not for everything.`,
    );
  if (code !== 0) fail(`Installing failed (pnpm ended with ${code}). Is the npm registry reachable?`);
  mkdirSync(dirname(installStamp), { recursive: true });
  writeFileSync(installStamp, state);
}

function readStamp() {
  try {
    return readFileSync(installStamp, 'utf8');
  } catch {
    return undefined;
  }
}

/** Changes whenever an install would change something. Modification times alone lie after a checkout. */
function lockState() {
  const files = ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml', ...manifests()];
  return JSON.stringify(files.map((file) => readFileSync(join(root, file), 'utf8')).reduce(checksum, 0));
}

function manifests() {
  return built.map(({ folder }) => `${folder}/package.json`);
}

function checksum(sum, text) {
  let out = sum;
  for (let at = 0; at < text.length; at += 1) out = (Math.imul(out, 31) + text.charCodeAt(at)) | 0;
  return out;
}

/** Bundles each package whose sources are newer than its bundle. */
async function build() {
  for (const { folder, product } of built) {
    const made = modified(join(root, folder, product));
    const sources = [
      join(root, folder, 'src'),
      join(root, folder, 'tsup.config.ts'),
      join(root, folder, 'package.json'),
    ];
    if (made > Math.max(...sources.map(newest))) continue;
    say(`Building ${folder} …`);
    const code = await run(join(bin, 'tsup'), ['--silent'], { cwd: join(root, folder) });
    if (code !== 0) fail(`Building ${folder} failed (tsup ended with ${code}).`);
  }
}

function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(modified(path), ...readdirSync(path).map((name) => newest(join(path, name))));
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function runPnpm(pnpmArgs, { quiet = false } = {}) {
  const npx = ['--yes', pnpm, ...pnpmArgs, ...(quiet ? ['--reporter=append-only', '--loglevel=error'] : [])];
  return run(windows ? 'npx.cmd' : 'npx', npx, { cwd: root });
}

/** Runs a program with our terminal and the Node we installed first in the path; signals are handed on. */
function run(program, programArgs, { cwd }) {
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const child = spawn(program, programArgs, { cwd, env, stdio: 'inherit', shell: windows });
  const forward = (signal) => void child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  // npm hands a signal to the shell it started, and that dies without handing it on: then we are the next to hear of it.
  const parent = process.ppid;
  const orphaned = setInterval(() => process.ppid !== parent && forward('SIGTERM'), 250);
  if (process.env.npm_lifecycle_event === undefined) clearInterval(orphaned);
  return new Promise((done) => {
    child.on('error', (error) => fail(`${program} cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      clearInterval(orphaned);
      for (const name of signals) process.off(name, forward);
      done(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

function say(text) {
  console.log(text);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
