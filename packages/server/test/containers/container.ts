import { chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { ask } from '../rows/ask.ts';
import { until } from '../support.ts';
import { podman, run } from './engine.ts';
import { image } from './images.ts';

const engine = inject('engine');

/** The image's user "node". */
const user = 1000;

export interface Container {
  readonly name: string;
  /** Where this machine reaches it. */
  readonly url: string;
}

let containers = 0;

/** Our image, as `docker run -d … proxy` starts it; gone after the test. Returns when it answers. */
export async function runImage(port: number, ...args: readonly string[]): Promise<Container> {
  const name = `proxy-${process.pid}-${(containers += 1)}`;
  onTestFinished(async () => void (await run(engine, 'podman', ['rm', '-f', '-t', '0', name])));
  await podman(engine, 'run', '-d', '--name', name, '-p', `127.0.0.1::${port}`, ...args, image);
  const url = `http://${await podman(engine, 'port', name, `${port}/tcp`)}`;
  await answers(url, name);
  return { name, url };
}

export async function answers(url: string, name: string): Promise<void> {
  const state = () => podman(engine, 'inspect', '--format', '{{.State.Status}}', name);
  await until(`${name} answers at ${url}`, async () => {
    if (['exited', 'stopped', 'dead'].includes(await state())) throw new Error(await logs(name));
    return (await statusOf(url, '/ping')) === 200;
  });
}

/** Undefined where nobody answers. */
export async function statusOf(url: string, path: string, headers = {}): Promise<number | undefined> {
  return ask(url, path, { headers }).then(
    ({ status }) => status,
    () => undefined,
  );
}

export const logs = async (name: string) => (await run(engine, 'podman', ['logs', name])).text;

/** What its health check says. Where there is no systemd, podman has nobody who asks it from time to time. */
export async function health(name: string): Promise<string> {
  await run(engine, 'podman', ['healthcheck', 'run', name]);
  return podman(engine, 'inspect', '--format', '{{.State.Health.Status}}', name);
}

export interface Memory {
  /** Of all its processes together and the files that it had in memory, as the kernel counted. */
  readonly peakMb: number;
  readonly killed: number;
}

/** By either version of cgroups. */
export async function memoryIn(name: string): Promise<Memory> {
  const read = (path: string) => `cat /sys/fs/cgroup/${path} 2>/dev/null`;
  const peak = await podman(engine, 'exec', name, 'sh', '-c', `${read('memory.peak')} || ${read('memory/memory.max_usage_in_bytes')}`); // prettier-ignore
  const events = await podman(engine, 'exec', name, 'sh', '-c', `${read('memory.events')} || ${read('memory/memory.oom_control')}`); // prettier-ignore
  return { peakMb: Math.round(Number(peak) / 2 ** 20), killed: Number(/^oom_kill (\d+)$/m.exec(events)?.[1]) };
}

/** A folder of this machine with these files, the image's user's own, to be mounted. */
export function owned(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(engine.home, 'mounted-'));
  chownSync(folder, user, user);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    chownSync(join(folder, name), user, user);
  }
  return folder;
}

/** Upstreams listen on all addresses, since a container reaches this machine by one of a network. */
export const everywhere = '0.0.0.0';

/** The name of this machine's server in a container. */
export function fromInside(url: string): string {
  return `http://host.containers.internal:${new URL(url).port}`;
}
