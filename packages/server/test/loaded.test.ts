/** What a server has in memory that serves ordinary calls from SQLite: every package that loads costs megabytes at rest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { proxy, started } from './process.ts';
import { folder } from './support.ts';
import { recordingUpstream } from './upstream.ts';

const preloaded = pathToFileURL(fileURLToPath(new URL('tell-loaded.ts', import.meta.url))).href;

/** Each with what would bring it in. */
const needless = {
  'the fetch of Node, by an import of node:http': /^NativeModule internal\/deps\/undici\/undici$/,
  'the fetch of undici, by its index': /\/undici\/(index\.js|lib\/(web|mock|cache|interceptor)\/)/,
  'tables of time zones, by a budget in UTC': /^Intl\.DateTimeFormat$/,
  'pg, without PostgreSQL': /\/node_modules\/pg\//,
  'jose, without Google': /\/node_modules\/jose\//,
  'OpenTelemetry’s SDK, without telemetry': /\/@opentelemetry\/(sdk|exporter)-/,
  'the OpenAPI document’s maker': /\/node_modules\/zod-openapi\//,
  'other commands': /\/packages\/server\/src\/(doctor|import|demo\/things)\//,
};

const key = 'sk-loaded-0123456789abcdef0123456789abcdef';
const user = { name: 'ann', limits: { budgets: [{ amount: 100, of: 'usd', per: 'month' }] } };

test('a server loads what it serves with, before a call and behind one', async () => {
  const { url } = await recordingUpstream();
  const config = {
    server: { host: '127.0.0.1', port: 0 },
    storage: 'proxy.db',
    records: { metrics: true },
    users: [user],
    accessKeys: [{ name: 'ann', key, user: 'ann', limits: { requestsPerMinute: 1000 } }],
    upstreams: [{ name: 'a', provider: 'anthropic', baseUrl: url, apiKeys: ['sk-x'], models: ['claude-sonnet-4-5'] }],
  };
  const cwd = folder({ 'proxy.config.json': JSON.stringify(config) });
  const told = join(cwd, 'loaded.txt');
  const env = { NODE_OPTIONS: `--import=${preloaded}`, LOADED: told };
  const run = proxy(['serve', '--config', 'proxy.config.json'], { cwd, env });
  const at = await started(run);

  const answer = await fetch(`${at}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'hi' } }] });
  run.child.kill('SIGTERM');
  expect(await run.ended).toBe(0);

  const loaded = readFileSync(told, 'utf8').split('\n');
  expect(loaded).toContainEqual(expect.stringMatching(/\/undici\/lib\/dispatcher\/pool\.js$/));
  expect(loaded).toContain('NativeModule http');
  const found = Object.entries(needless).flatMap(([what, module]) =>
    loaded.filter((one) => module.test(one)).map((one) => `${what}: ${one}`),
  );
  expect(found).toEqual([]);
});
