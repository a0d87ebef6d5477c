// The Dockerfile's steps as plain commands, each stage in a folder of its own, then what it starts: as much as can be shown without an
// engine. Needs the npm registry or a full pnpm store.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const context = resolve(fileURLToPath(new URL('..', import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'proxy-dockerfile-'));
const node = join(context, 'node_modules/.bin');
const ignored = ignoreRules(readFileSync(join(context, '.dockerignore'), 'utf8'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const stages = buildStages(readFileSync(join(context, 'Dockerfile'), 'utf8'));
await checkImage(stages.at(-1));
console.log('The Dockerfile’s steps work, and what they make answers and is healthy.');

function buildStages(text) {
  const stages = [];
  for (const [word, rest] of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (word === 'FROM') stages.push(newStage(rest));
    else if (word === 'WORKDIR') mkdirSync(inside(stage, (stage.workdir = rest)), { recursive: true });
    else if (word === 'ENV')
      Object.assign(stage.env, Object.fromEntries(rest.split(/\s+/).map((pair) => pair.split('='))));
    else if (word === 'COPY') copy(stages, stage, rest);
    else if (word === 'RUN') run(stage, rest);
    else if (word === 'USER') stage.user = rest;
    else if (word === 'HEALTHCHECK') stage.health = JSON.parse(rest.slice(rest.indexOf('CMD') + 3));
    else if (word === 'CMD') stage.command = JSON.parse(rest);
    else if (word !== 'EXPOSE') throw new Error(`The instruction ${word} is not known to this check.`);
  }
  return stages;
}

function instructionsOf(text) {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]);
}

function newStage(rest) {
  const root = mkdtempSync(join(scratch, 'stage-'));
  return { name: / AS (\w+)$/i.exec(rest)?.[1], root, workdir: '/', env: {} };
}

function copy(stages, stage, rest) {
  const words = rest.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const source = from === undefined ? undefined : stages.find(({ name }) => name === from);
  const to = paths.pop();
  for (const path of paths) {
    const origin = source ? inside(source, path) : join(context, path);
    const intoFolder = to.endsWith('/') && !source;
    const target = intoFolder ? join(inside(stage, to), basename(path)) : inside(stage, to);
    const filter = source ? undefined : (file) => !ignored(relative(context, file));
    cpSync(origin, target, { recursive: true, verbatimSymlinks: true, ...(filter && { filter }) });
  }
}

function run(stage, command) {
  console.log(`RUN ${command}`);
  // There is no user "node" here, and whoever runs this need not be root.
  const shims = join(scratch, 'shims');
  mkdirSync(shims, { recursive: true });
  writeFileSync(join(shims, 'chown'), '#!/bin/sh\n');
  chmodSync(join(shims, 'chown'), 0o755);
  const env = { ...process.env, CI: 'true', ...stage.env, PATH: [shims, node, process.env.PATH].join(delimiter) };
  const { status } = spawnSync('/bin/sh', ['-c', command], { cwd: inside(stage, '.'), env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`It ended with ${status}: ${command}`);
}

async function checkImage({ root, workdir, command, health, user, env }) {
  if (user === undefined || user === 'root') throw new Error('The image would run as root.');
  const port = String(await freePort());
  const options = {
    cwd: join(root, workdir),
    env: { PATH: [node, process.env.PATH].join(delimiter), ...env, PORT: port },
  };
  const server = spawn(command[0], command.slice(1), { ...options, stdio: 'inherit' });
  const ended = new Promise((done) => server.on('exit', done));
  try {
    for (let tries = 0; spawnSync(health[0], health.slice(1), options).status !== 0; tries += 1) {
      if (tries > 50 || server.exitCode !== null) throw new Error('The health check of the image fails.');
      await new Promise((done) => setTimeout(done, 200));
    }
    if (!existsSync(join(root, workdir, 'data'))) throw new Error('The image has no folder for data.');
  } finally {
    server.kill('SIGTERM');
  }
  if ((await ended) !== 0) throw new Error('It does not end with 0 on SIGTERM.');
}

/** An image's path, below the folder that stands for its root. */
function inside({ root, workdir }, path) {
  return path.startsWith('/') ? join(root, path) : join(root, workdir, path);
}

/** As Docker reads them: the last pattern that matches decides, and a folder's pattern holds for all below it. */
function ignoreRules(text) {
  const rules = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keep: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }));
  return (path) => path !== '' && rules.reduce((out, { keep, pattern }) => (pattern.test(path) ? !keep : out), false);
}

function patternOf(glob) {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(.*/)?'));
  return new RegExp(`^${source}(/.*)?$`);
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
