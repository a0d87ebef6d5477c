import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { commandLine } from '../command-line.ts';
import { proxy, started } from '../process.ts';
import { folder, start, until } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

/** Rows about what outlives the server: A23, C17, E14 to E16. */

const chat = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] };
const canary = 'sk-canary-0123456789abcdef';

/** A folder with a configuration for a vendor of its own. `.env` is what the command line and the server both read. */
async function installed(env: Readonly<Record<string, string>> = {}, more = '') {
  const upstream = await vendor();
  const cwd = folder({
    'proxy.config.yaml': `
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", dialects: [openai-chat] }]
${more}`,
    '.env': Object.entries({ OPENAI_API_KEY: '', ...env })
      .map(([name, value]) => `${name}="${value}"\n`)
      .join(''),
  });
  const json = async (...args: string[]) => {
    const { out, err, code } = await commandLine(cwd, [...args, '--json']);
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as Record<string, unknown>;
  };
  const run = () => start({ cwd, env: { BASE_PATH: cwd, DATABASE_PATH: 'data/proxy.db', ...env } });
  return { cwd, upstream, json, run };
}

/** Everything below a folder as one text. */
function textOf(path: string): string {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test('C17 users, their keys and their counts outlive the server', async () => {
  const { json, run } = await installed({ DATABASE_PATH: 'data/proxy.db' });
  await json('users', 'add', 'ada', '--budget', '1000000tokens/month');
  const { key } = (await json('keys', 'add', '--user', 'ada')) as { key: string };
  const call = (url: string) =>
    ask(url, '/v1/chat/completions', { body: chat, headers: { authorization: `Bearer ${key}` } });
  const first = await run();
  expect((await call(first.url)).status).toBe(200);
  expect((await call(first.url)).status).toBe(200);
  await first.close();
  const second = await run();
  expect((await call(second.url)).status).toBe(200);
  const used = async () => (await json('users', 'show', 'ada')) as { used: { calls: number; tokens: number } };
  await until('the third call is counted', async () => (await used()).used.calls === 3);
  expect(await used()).toMatchObject({
    name: 'ada',
    used: { calls: 3, tokens: 15 },
    limits: { budgets: [{ amount: 1000000, of: 'tokens', per: 'month' }] },
  });
});

test('E14 keys of upstreams are added, listed and removed beside a running server, and shown masked alone', async () => {
  const { cwd, upstream, json, run } = await installed({ DATABASE_PATH: 'data/proxy.db' });
  const { url, log } = await run();
  const added = await json('credentials', 'add', 'oa', canary);
  expect(added).toMatchObject({ upstream: 'oa', hint: 'sk-canar***bcdef' });
  const used = async () => {
    await ask(url, '/v1/chat/completions', { body: chat });
    return upstream.seen.at(-1)?.headers.authorization;
  };
  await until('the key is used', async () => (await used()) === `Bearer ${canary}`);
  const { out } = await commandLine(cwd, ['credentials', 'list']);
  expect(out).toContain('sk-canar***bcdef');
  expect(out + JSON.stringify(await json('credentials', 'list')) + log.lines.join('')).not.toContain(canary);
  await json('credentials', 'remove', String(added.id));
  await until('it is used no longer', async () => (await used()) !== `Bearer ${canary}`);
});

test('E14 a key for an upstream that there is not is refused, with a guess', async () => {
  const { cwd } = await installed();
  const { code, err } = await commandLine(cwd, ['credentials', 'add', 'opnai', canary]);
  expect([code, err]).toEqual([1, expect.stringContaining('Did you mean "openai"?')]);
  expect((await commandLine(cwd, ['credentials', 'list'])).out).toContain('No stored upstream key.');
});

test('E15 no key lies in clear anywhere; production wants ENCRYPTION_KEY; a wrong one is told', async () => {
  const { cwd, json, run } = await installed({
    DATABASE_PATH: 'data/proxy.db',
    ENCRYPTION_KEY: 'a long secret of ours',
  });
  await json('credentials', 'add', 'oa', canary);
  const { key } = (await json('keys', 'add')) as { key: string };
  const server = await run();
  const headers = { 'x-api-key': key };
  expect((await ask(server.url, '/v1/chat/completions', { headers, body: chat })).status).toBe(200);
  await server.close();
  const kept = textOf(join(cwd, 'data')) + server.log.lines.join('');
  for (const secret of [canary, key, 'a long secret of ours']) expect(kept).not.toContain(secret);

  const again = (env: Record<string, string>) =>
    start({
      cwd: folder({ 'proxy.config.yaml': 'upstreams: [{ name: d, provider: demo }]' }),
      env: { BASE_PATH: cwd, DATABASE_PATH: 'data/proxy.db', ...env },
    });
  await expect(again({ ENCRYPTION_KEY: 'another' })).rejects.toThrow(
    'is not the key that this database was written with',
  );
  await expect(again({ NODE_ENV: 'production' })).rejects.toThrow('Set ENCRYPTION_KEY');
  await (await again({ NODE_ENV: 'production', ENCRYPTION_KEY: 'a long secret of ours' })).close();
});

test('E15 in production upstream keys are not stored without ENCRYPTION_KEY', async () => {
  const { cwd } = await installed();
  vi.stubEnv('NODE_ENV', 'production');
  onTestFinished(() => void vi.unstubAllEnvs());
  const ran = await commandLine(cwd, ['credentials', 'add', 'oa', canary]);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('set ENCRYPTION_KEY');
  expect(ran.err).not.toContain(canary);
});

test('E15 a new encryption key takes over by one command', async () => {
  const { cwd, json } = await installed({ ENCRYPTION_KEY: 'the old one' });
  await json('credentials', 'add', 'oa', canary);
  const config = join(
    folder({
      'both.yaml': `storage: ${cwd}/data/proxy.db\nencryptionKey: the new one\npreviousEncryptionKeys: [the old one]\nupstreams: [{ name: d, provider: demo }]`,
    }),
    'both.yaml',
  );
  expect(await json('credentials', 'reencrypt', '--config', config)).toEqual({ reencrypted: 1 });
  await expect(json('credentials', 'list')).rejects.toThrow('is not the key');
});

test('E16 the database lies where DATABASE_PATH says, its folder is made, and it is there after a restart', async () => {
  const { cwd, json, run } = await installed(
    { DATABASE_PATH: './deep/er/api_proxy.db' },
    'accessKeys: [ours-0123456789]',
  );
  const first = await run();
  await ask(first.url, '/v1/chat/completions', { headers: { 'x-api-key': 'ours-0123456789' }, body: chat });
  await first.close();
  expect(existsSync(join(cwd, 'deep/er/api_proxy.db'))).toBe(true);
  await (await run()).close();
  expect(await json('usage', '--by', 'upstream')).toMatchObject([{ group: 'oa', calls: 1, failed: 0 }]);
  expect(await json('logs')).toMatchObject([{ status: 200, model: 'gpt-x' }]);
  const { out } = await commandLine(cwd, ['usage']);
  expect(out).toMatch(/gpt-x +│ 1 +│ 0 +│.*│ unknown │ 1 /);
});

test('A23 nothing but the program is needed: no Redis, no database server, no setting', async () => {
  const cwd = folder();
  const run = proxy(['--port', '0'], { cwd });
  const url = await started(run);
  const body = { model: 'demo', messages: [{ role: 'user', content: 'Hi' }] };
  expect((await ask(url, '/v1/chat/completions', { body })).status).toBe(200);
  run.child.kill('SIGTERM');
  expect(await run.ended).toBe(0);
  expect(existsSync(join(cwd, 'data/proxy.db'))).toBe(true);
  const { out } = await commandLine(cwd, ['logs']);
  expect(out).toContain('demo');
});
