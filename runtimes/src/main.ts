import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Miniflare, Response as WorkerResponse } from 'miniflare';
import { bundle, bundleSuite } from './bundle.ts';
import type { Report } from './vitest-shim.ts';

/**
 * The core's suite, unchanged, on Node, Bun, Deno and workerd, and the gateway as a Worker. Prints a line each; exits 1
 * when anything failed, or when a runtime ran fewer tests than another.
 */
const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));
const compatibilityDate = '2026-06-01';
const folder = await mkdtemp(join(tmpdir(), 'proxy-runtimes-'));
const wrong: string[] = [];

try {
  const script = join(folder, 'suite.mjs');
  // Both from the same sources, though somebody may be editing them.
  const [plain, worker] = await Promise.all([
    bundleSuite(
      "import { run } from './vitest-shim.ts';\nrun().then((report) => console.log('REPORT ' + JSON.stringify(report)));",
    ),
    bundleSuite(
      "import { run } from './vitest-shim.ts';\nexport default { fetch: async () => Response.json(await run()) };",
    ),
  ]);
  await writeFile(script, plain);
  const reports = new Map<string, Report>([
    ['node', await spawned(process.execPath, [script])],
    ['bun', await spawned(join(bin, 'bun'), ['run', script])],
    ['deno', await spawned(join(bin, 'deno'), ['run', '--no-remote', '--allow-env', script])],
    ['workerd', await inWorkerd(worker)],
  ]);
  const most = Math.max(...[...reports.values()].map(({ passed, failures }) => passed + failures.length));
  for (const [runtime, { passed, failures }] of reports) {
    wrong.push(...failures.map(({ name, error }) => `${runtime}: FAILED ${name}\n${error}\n`));
    const all = passed + failures.length;
    if (all < most || all === 0) wrong.push(`${runtime}: ${most - all} never ran, ${all} did`);
    console.log(`${runtime}: ${passed} passed, ${failures.length} failed`);
  }
  await workerAnswersTranslatedStream();
  console.log('workerd: the gateway as a Worker answered a translated stream');
} catch (error) {
  wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await rm(folder, { recursive: true });
}
if (wrong.length > 0) {
  process.exitCode = 1;
  console.log(wrong.join('\n'));
  await leaveForTheEnd(wrong.join('\n'));
}

/** As vitest.failures.ts does for the other packages. */
async function leaveForTheEnd(text: string): Promise<void> {
  const failures = process.env['TEST_FAILURES'];
  if (failures === undefined) return;
  await mkdir(failures, { recursive: true });
  await writeFile(join(failures, 'runtimes.txt'), text);
}

async function spawned(command: string, args: readonly string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(command, [...args], {
    maxBuffer: 1e9,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const line = stdout.split('\n').find((one) => one.startsWith('REPORT '));
  if (line === undefined) throw new Error(`${command} gave no report:\n${stdout.slice(0, 2000)}`);
  return JSON.parse(line.slice('REPORT '.length)) as Report; // written by our own bundle
}

async function inWorkerd(script: string): Promise<Report> {
  const worker = new Miniflare({ modules: true, script, compatibilityDate, compatibilityFlags: ['nodejs_compat'] });
  try {
    const response = await worker.dispatchFetch('http://suite.test/');
    return (await response.json()) as Report; // written by our own bundle
  } finally {
    await worker.dispose();
  }
}

/** No Node compatibility here: what a Worker without any flag must be able to do. */
async function workerAnswersTranslatedStream(): Promise<void> {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const script = await bundle(`export { default } from './worker.ts';`);
  const worker = new Miniflare({
    modules: true,
    script,
    compatibilityDate,
    outboundService: () =>
      new WorkerResponse(
        chunk({ role: 'assistant', content: 'Hello ' }) +
          chunk({ content: 'world' }) +
          chunk({}, 'stop') +
          'data: [DONE]\n\n',
        {
          headers: { 'content-type': 'text/event-stream' },
        },
      ),
  });
  try {
    const response = await worker.dispatchFetch('http://proxy.test/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', max_tokens: 50, stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    const text = await response.text();
    const words = [...text.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, word]) => word).join('');
    if (response.status !== 200 || words !== 'Hello world' || !text.includes('event: message_stop'))
      throw new Error(`The Worker answered ${response.status}: ${text}`);
  } finally {
    await worker.dispose();
  }
}
