/** One agent at work in a folder of its own, started by `proxy run`: no other configuration, no other environment. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningVendor } from '../e2e/vendors/server.ts';
import type { VendorDialect } from '../e2e/vendors/vendor.ts';
import { hands, type AgentName } from './hands.ts';
import { files } from './task.ts';

export const vendorKey = 'vendor-key-0123456789';

export interface Workplace {
  /** Where the agent works. */
  readonly folder: string;
  file(name: string): string;
  remove(): void;
}

export function createWorkplace(): Workplace {
  const root = mkdtempSync(join(tmpdir(), 'proxy-agents-'));
  const folder = join(root, 'work');
  mkdirSync(join(root, 'home'));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return {
    folder,
    file: (name) => readFileSync(join(folder, name), 'utf8'),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));
const bins = [new URL('node_modules/.bin', import.meta.url).pathname, dirname(process.execPath), '/usr/bin', '/bin'];
const longestMs = 90_000;

const providers: Readonly<Record<VendorDialect, string>> = {
  'openai-chat': 'provider: openai',
  'openai-responses': 'provider: openai',
  'anthropic-messages': 'provider: anthropic',
  'gemini-generate': 'provider: gemini',
  'bedrock-converse': 'provider: bedrock\n    region: us-west-2',
};

/** Runs the agent to its end. */
export async function work(
  agent: AgentName,
  vendor: RunningVendor,
  { folder }: Workplace,
  prompt: string,
): Promise<Ended> {
  const root = dirname(folder);
  const { dialect, model } = vendor.vendor;
  const config = join(root, 'proxy.yaml');
  writeFileSync(
    config,
    `upstreams:\n  - name: vendor\n    ${providers[dialect]}\n    dialects: [${dialect}]\n    baseUrl: ${vendor.url}\n` +
      `    apiKeys: [${vendorKey}]\n    models: { the-model: ${model} }\n`,
  );
  const args = ['-C', '@proxy/source', main, 'run', agent, '--config', config, '--port', '9', '--model', 'the-model'];
  const { env, args: own } = hands[agent];
  const child = spawn(process.execPath, [...args, '--', ...own(prompt)], {
    cwd: folder,
    env: { PATH: bins.join(':'), HOME: join(root, 'home'), TMPDIR: root, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += String(data)));
  child.stderr.on('data', (data) => (err += String(data)));
  const timer = setTimeout(() => child.kill('SIGTERM'), longestMs);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { code, out, err };
}
