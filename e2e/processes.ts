/** The server's own binary, from its sources, in processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));

/** Starts it with that configuration, YAML or JSON, on a free port of this machine. */
export async function startProcess(config: string): Promise<ServerProcess> {
  const cwd = mkdtempSync(join(tmpdir(), 'proxy-e2e-'));
  writeFileSync(join(cwd, 'proxy.config.yaml'), config);
  const child = spawn(process.execPath, ['-C', '@proxy/source', main, '--port', '0'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: cwd },
  });
  const url = await address(child);
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  return {
    url,
    pid: child.pid ?? 0,
    async close() {
      child.kill('SIGKILL');
      await ended;
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

function address({ stdout, stderr }: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    stderr?.on('data', (data) => (said += String(data)));
    stdout?.on('data', (data) => {
      said += String(data);
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) resolve(found[0]);
    });
    stdout?.once('end', () => reject(new Error(`The server did not start:\n${said}`)));
  });
}
