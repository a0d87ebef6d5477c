import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sentenceOf } from '../src/cli/fail.ts';
import { main, proxy, started } from './process.ts';
import { folder, until } from './support.ts';

test('A7, A15 serve prints a banner to paste from, answers, and ends with 0 after its stream when told to', async () => {
  const run = proxy(['--port', '0'], { cwd: folder() });
  const url = await started(run);
  for (const piece of [
    `ANTHROPIC_BASE_URL=${url}`,
    `GOOGLE_GEMINI_BASE_URL=${url}`,
    `base_url=${url}/v1`,
    `OPENAI_BASE_URL=${url}/v1`,
    'POST',
    '/v1/messages',
    '/health',
    'demo – demo://',
    '已启动',
    'production',
  ])
    expect(run.seen.out).toContain(piece);
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', stream: true, messages: [{ role: 'user', content: 'Tell me something' }] }),
  });
  run.child.kill('SIGTERM');
  // A terminal's Ctrl-C and npm's forwarding of it make two signals of one wish.
  run.child.kill('SIGTERM');
  expect((await answer.text()).trimEnd().endsWith('data: [DONE]')).toBe(true);
  expect(await run.ended).toBe(0);
});

test('SIGHUP reloads', async () => {
  const cwd = folder({ 'proxy.config.yaml': 'upstreams: [{ name: a, provider: demo }]' });
  const run = proxy(['serve', '--port', '0'], { cwd });
  await started(run);
  run.child.kill('SIGHUP');
  await until('the log says so', () => run.seen.out.includes('Configuration reloaded.'));
});

test('a server outlives who read its log', async () => {
  const run = proxy(['--port', '0'], { cwd: folder() });
  const url = await started(run);
  run.child.stdout.destroy();
  run.child.stderr.destroy();
  run.child.kill('SIGHUP'); // which is told in the log
  await until('it has gone on', async () => (await fetch(`${url}/health`)).ok);
  run.child.kill('SIGTERM'); // as well
  expect(await run.ended).toBe(0);
});

test.skipIf(!existsSync('/dev/full'))('what a command cannot print is told, and is a failure', async () => {
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(full));
  const run = spawnSync(process.execPath, ['-C', '@proxy/source', main, 'schema'], { stdio: ['ignore', full, 'pipe'] });
  expect(run.status).toBe(1);
  expect(String(run.stderr)).toMatch(/^What was to be printed cannot be written: ENOSPC.*\n$/);
});

test('a port in use is told with the mend', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const run = proxy(['--port', String(port)], { cwd: folder() });
  expect(await run.ended).toBe(1);
  expect(run.seen.err).toMatch(new RegExp(`^Port ${port} is in use already\\. .*--port ${port + 1}`));
  expect(run.seen.err).not.toContain('    at ');
});

test.each([
  [{ code: 'EADDRINUSE', port: 65_535 }, 'or choose another: --port 3000, or PORT=3000.'],
  [{ code: 'ENOTFOUND', hostname: 'nowhere.invalid' }, 'This machine has no address nowhere.invalid.'],
  [{ code: 'EAI_AGAIN', hostname: 'nowhere.invalid' }, 'This machine has no address nowhere.invalid.'],
  [{ code: 'EADDRNOTAVAIL', address: '203.0.113.9' }, 'This machine has no address 203.0.113.9.'],
])('%j of the system is told in a sentence', (said, sentence) => {
  const system = Object.assign(new Error('listen'), said);
  expect(sentenceOf(new Error('It cannot listen.', { cause: system }))).toContain(sentence);
});

test('a start without a key on a wide address is refused in one sentence', async () => {
  const run = proxy(['--host', '0.0.0.0', '--port', '0'], { cwd: folder() });
  expect(await run.ended).toBe(1);
  expect(run.seen.err).toContain('Refusing to listen on 0.0.0.0: no access key is configured');
  expect(run.seen.err).not.toContain('    at ');
});

test('init writes a file that only its owner reads, and does not write over one', async () => {
  const cwd = folder();
  const path = join(cwd, 'proxy.config.yaml');
  expect(await proxy(['init'], { cwd }).ended).toBe(0);
  expect(existsSync(path) && statSync(path).mode & 0o777).toBe(0o600);
  const written = readFileSync(path, 'utf8');
  const again = proxy(['init'], { cwd });
  expect(await again.ended).toBe(1);
  expect(again.seen.err).toContain('--force');
  expect(readFileSync(path, 'utf8')).toBe(written);
});

test('check prints what comes of the configuration, secrets masked, or every problem', async () => {
  const secret = 'sk-0123456789abcdefghijkl';
  const cwd = folder({
    'proxy.config.yaml': `upstreams: [{ name: a, provider: openai, apiKeys: [${secret}], headers: { x-token: ${secret} } }]\naccessKeys: [${secret}]`,
  });
  const good = proxy(['check'], { cwd });
  expect(await good.ended).toBe(0);
  expect(good.seen.out).toContain('sk-01234***hijkl');
  expect(good.seen.out).not.toContain(secret);
  const wrong = folder({ 'bad.yaml': 'strict: maybe\nlogg: {}' });
  const bad = proxy(['check', '--config', 'bad.yaml'], { cwd: wrong });
  expect(await bad.ended).toBe(1);
  expect(bad.seen.err).toMatch(
    /strict: must be true or false\.[\s\S]*"logg" is not an option here\. Did you mean "log"\?/,
  );
  const json = proxy(['check', '--json', '--config', 'bad.yaml'], { cwd: wrong });
  expect(await json.ended).toBe(1);
  expect(JSON.parse(json.seen.out)).toEqual({
    file: expect.stringMatching(/bad\.yaml$/),
    problems: [
      expect.stringContaining('strict: must be true or false.'),
      expect.stringContaining('"logg" is not an option here.'),
    ],
  });
});

test.each([
  ['--help', 'Usage: proxy'],
  ['--version', '0.'],
])('%s ends with 0', async (flag, text) => {
  const run = proxy([flag], { cwd: folder() });
  expect(await run.ended).toBe(0);
  expect(run.seen.out).toContain(text);
});

test('a misspelt command is told with a guess', async () => {
  const run = proxy(['chekc'], { cwd: folder() });
  expect(await run.ended).not.toBe(0);
  expect(run.seen.err).toContain('"chekc" is not a command. Did you mean "check"?');
});
