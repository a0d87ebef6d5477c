import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config/load.ts';
import type { Environment } from '../src/config/expand.ts';
import type { Flags } from '../src/config/resolve.ts';
import { createLog, type ServerLog } from '../src/log.ts';
import { startServer, type RunningServer, type StartOptions } from '../src/server.ts';
import { onTestFinished } from 'vitest';

/** A fresh folder with these files in it, gone after the test. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'proxy-server-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The configuration of a folder, an environment and flags; never that of the machine the test runs on. */
export function load(cwd: string, env: Environment = {}, flags: Flags = {}) {
  return loadConfig({ cwd, env, flags });
}

export interface TestLog extends ServerLog {
  readonly lines: readonly string[];
}

export function testLog(): TestLog {
  const lines: string[] = [];
  return { ...createLog({ write: (line) => void lines.push(line), pretty: false }), lines };
}

/** A server on a free port, closed after the test. */
export async function start(
  options: Partial<StartOptions> & { readonly cwd?: string; readonly env?: Environment; readonly flags?: Flags } = {},
): Promise<RunningServer & { readonly log: TestLog }> {
  const { cwd = folder(), env = {}, flags = {}, ...rest } = options;
  const log = testLog();
  const server = await startServer({
    load: (text) => loadConfig({ cwd, env, flags: { port: 0, ...flags }, ...(text !== undefined && { text }) }),
    log,
    ...rest,
  });
  onTestFinished(() => server.close());
  return { ...server, log };
}

/** Waits until `condition` holds; fails with its name after twenty-five seconds: a process takes ten to start where many tests run. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It did not come to pass within 25 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
