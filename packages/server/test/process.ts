import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './support.ts';

export const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The command line as a process of its own, from its sources. */
export function proxy(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Record<string, string> },
) {
  const env = { PATH: process.env.PATH ?? '', HOME: options.cwd, ...options.env };
  const child = spawn(process.execPath, ['-C', '@proxy/source', main, ...args], { cwd: options.cwd, env });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (data) => (seen.out += String(data)));
  child.stderr.on('data', (data) => (seen.err += String(data)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  return { child, seen, ended };
}

/** The address on its banner. */
export async function started(run: ReturnType<typeof proxy>): Promise<string> {
  await until('the banner is there', () => /curl /.test(run.seen.out) || run.child.exitCode !== null);
  const url = /GET (http:\S+)\/health/.exec(run.seen.out)?.[1];
  if (url === undefined) throw new Error(run.seen.out + run.seen.err);
  return url;
}

/** In bytes, now or at its height, as Linux tells it. */
export function memoryOf(pid: number | undefined, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}
