import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must, run, type Engine } from './engine.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const minuteMs = 60_000;

/** npm's major version in the official image of a Node. */
const npmOf = { 18: 10, 24: 11 } as const;

/**
 * The official `node:<major>-slim`; where no image registry can be reached, a stand-in of that name that holds no more than it does:
 * Debian's smallest system, and Node and npm from the npm registry.
 */
export async function nodeSlim(engine: Engine, major: keyof typeof npmOf): Promise<void> {
  const tag = `docker.io/library/node:${major}-slim`;
  const pulled = await run(engine, 'podman', ['pull', '--quiet', tag], { timeoutMs: 5 * minuteMs });
  if (pulled.code === 0) return tell(`${tag} is the official one.`);
  tell(`${tag} cannot be pulled, so a stand-in is made.`);
  await debian(engine);
  const context = join(engine.home, `node-${major}`);
  for (const [name, source] of [
    ['node', `node-linux-${process.arch}@${major}`],
    ['npm', `npm@${npmOf[major]}`],
  ] as const)
    await unpack(engine, source, join(context, name));
  for (const name of ['node-slim.Dockerfile', 'docker-entrypoint.sh'])
    copyFileSync(join(here, name), join(context, name));
  chmodSync(join(context, 'docker-entrypoint.sh'), 0o755);
  const file = join(context, 'node-slim.Dockerfile');
  await must(engine, 'podman', ['build', '--quiet', '--squash', '-f', file, '-t', tag, context]);
  rmSync(context, { recursive: true });
}

const debianTag = 'localhost/debian:bookworm-slim';

async function debian(engine: Engine): Promise<void> {
  if ((await run(engine, 'podman', ['image', 'exists', debianTag])).code === 0) return;
  const folder = join(engine.home, 'debian');
  const timeoutMs = 10 * minuteMs;
  await must(engine, 'debootstrap', ['--variant=minbase', 'bookworm', folder], { timeoutMs });
  const unneeded = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];
  for (const path of unneeded) rmSync(join(folder, path), { recursive: true, force: true });
  const archive = join(engine.home, 'debian.tar');
  await must(engine, 'tar', ['-C', folder, '-cf', archive, '.']);
  await must(engine, 'podman', ['import', '--quiet', archive, debianTag]);
  for (const path of [folder, archive]) rmSync(path, { recursive: true });
}

async function unpack(engine: Engine, source: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', source], { cwd: folder, encoding: 'utf8' }).trim();
  await must(engine, 'tar', ['-xzf', packed, '--strip-components=1', '--no-same-owner'], { cwd: folder });
  rmSync(join(folder, packed));
}

/** What git knows of this repository and what is new in it, as a clone would have it; nothing that is installed, built or secret. */
export async function checkout(engine: Engine, name: string): Promise<string> {
  const folder = join(engine.home, name);
  mkdirSync(folder);
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const paths = listed.toString().split('\0');
  const list = join(engine.home, `${name}.list`);
  writeFileSync(list, paths.filter((path) => path !== '' && existsSync(join(root, path))).join('\0'));
  const archive = join(engine.home, `${name}.tar`);
  await must(engine, 'tar', ['-C', root, '--null', '-T', list, '-cf', archive]);
  await must(engine, 'tar', ['-C', folder, '-xf', archive, '--no-same-owner']);
  for (const path of [list, archive]) rmSync(path);
  return folder;
}

export const image = 'localhost/proxy:built';

/**
 * The smallest machine that builds: 1 GB and 512 MB of swap. Written as memory alone, since there may be no swap where these tests run;
 * in 1 GB and none, the kernel killed pnpm's install once in six runs.
 */
export const smallMachine = ['--memory', '1536m', '--memory-swap', '1536m'] as const;

/** Our Dockerfile as it is, in no more memory than that. */
export async function buildImage(engine: Engine, context: string): Promise<void> {
  const args = ['build', ...smallMachine, '-t', image];
  await must(engine, 'podman', [...args, ...registry(engine), context], { timeoutMs: 20 * minuteMs });
}

/** This machine's way to the npm registry, lent to what installs in a container; nothing of it stays in an image. */
export function registry({ home }: Engine): readonly string[] {
  const setting = (name: string) => execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim();
  const certificates = [process.env.NODE_EXTRA_CA_CERTS, setting('cafile')].find((path) => existsSync(path ?? ''));
  const settings = join(home, 'npmrc');
  const [mounted, user] = ['/run/certificates.pem', '/root/.npmrc'];
  const lines = [`registry=${setting('registry')}`, ...(certificates === undefined ? [] : [`cafile=${mounted}`])];
  writeFileSync(settings, `${lines.join('\n')}\n`);
  const volumes = [`${settings}:${user}:ro`, ...(certificates === undefined ? [] : [`${certificates}:${mounted}:ro`])];
  return ['--network', 'host', ...volumes.flatMap((volume) => ['-v', volume])];
}

/** Minutes of silence look like a fault. */
export function tell(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
