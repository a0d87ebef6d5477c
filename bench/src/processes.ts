import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './subjects.ts';

/** A subject at work. */
export interface Running {
  readonly subject: Subject;
  readonly port: number;
  /** CPU it has used since it began, all threads and child processes, user and system. */
  cpuSeconds(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Starts a subject and waits until it takes connections. @throws when it does not within ten seconds. */
export async function start(subject: Subject, upstreamPort: number): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), `bench-${subject.name}-`));
  const port = await freePort();
  const [command, ...rest] = subject.prepare({ port, upstreamPort, directory });
  const child = spawn(command, rest, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  // A benchmark that dies must not leave a server behind.
  const orphan = () => void child.kill('SIGKILL');
  process.once('exit', orphan);
  child.once('exit', () => process.off('exit', orphan));
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      // The last words explain a failed start; the rest of what a subject says is nobody's business.
      said.push(chunk.toString());
      if (said.length > 50) said.shift();
    });
  const pid = await listening(child, port).catch(async (error: unknown) => {
    await gone(child, directory);
    throw new Error(`${subject.name} did not start: ${String(error)}\n${said.join('')}`, { cause: error });
  });
  return {
    subject,
    port,
    cpuSeconds: () => processTree(pid).reduce((sum, each) => sum + cpuTicks(each), 0) / ticksPerSecond,
    residentBytes: () => processTree(pid).reduce((sum, each) => sum + residentBytes(each), 0),
    stop: () => gone(child, directory),
  };
}

async function listening(child: ChildProcess, port: number): Promise<number> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`it left with exit code ${child.exitCode}`);
    if (await accepts(port)) return child.pid;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port} after ten seconds`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function gone(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    // A gateway may drain its streams first; a benchmark has none worth waiting for.
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
    await exited;
    clearTimeout(timer);
  }
  rmSync(directory, { recursive: true, force: true });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // a TCP server has a port
      server.close(() => resolve(port));
    });
  });
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

function cpuTicks(pid: number): number {
  return cpuTicksOfStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** utime + stime. proc(5): the second field is the program's name in parentheses, and may itself hold both ")" and spaces. */
export function cpuTicksOfStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
