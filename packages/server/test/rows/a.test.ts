/** Rows A1–A7, A16–A17: the process and its settings. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { aiProxySettings, settingsFrom } from '../../src/config/legacy/ai-proxy.ts';
import { freePort } from '../free-port.ts';
import { memoryOf, proxy, started } from '../process.ts';
import { folder, load, start, until } from '../support.ts';
import { ask } from './ask.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

test('A1 the scripts that predecessors’ readers know are there, and begin with any Node from 18 on', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
    readonly scripts: Readonly<Record<string, string>>;
  };
  expect(manifest.engines.node).toBe('>=18');
  for (const name of ['start', 'test', 'build', 'dev', 'dev:local', 'start:dev', 'type-check'])
    expect(manifest.scripts[name]).toMatch(/^node scripts\/run\.mjs /);
});

test('A1 200 streamed requests at once, in four dialects, stay within the 512 MB of a small machine', async () => {
  const run = proxy(['serve', '--port', '0', '--host', '127.0.0.1'], { cwd: folder() });
  const url = await started(run);
  const messages = [{ role: 'user', content: 'Tell me something' }];
  const asks = [
    ['/v1/chat/completions', { model: 'demo', stream: true, messages }, 'data: [DONE]'],
    ['/v1/messages', { model: 'demo', stream: true, max_tokens: 500, messages }, 'event: message_stop'],
    ['/v1/responses', { model: 'demo', stream: true, input: 'Tell me something' }, 'event: response.completed'],
    [
      '/v1beta/models/demo:streamGenerateContent?alt=sse',
      { contents: [{ parts: [{ text: 'Tell me something' }] }] },
      '"finishReason":"STOP"',
    ],
  ] as const;
  const streams = await Promise.all(
    Array.from({ length: 50 }, () => asks.map(([path, body]) => ask(url, path, { body }))).flat(),
  );
  for (const [index, { status, text }] of streams.entries()) {
    expect(status).toBe(200);
    expect(text).toContain(asks[index % asks.length]?.[2]);
  }
  expect(run.child.exitCode).toBeNull();
  expect(memoryOf(run.child.pid, 'VmHWM')).toBeLessThan(512 * 1024 * 1024);
}, 60_000);

const portOf = (url: string) => Number(new URL(url).port);

describe('A2 the port', () => {
  test('is 3000 when nobody says, PORT, or PROXY_PORT, which is stronger', () => {
    expect(load(folder()).server.port).toBe(3000);
    expect(load(folder(), { PORT: '4001' }).server.port).toBe(4001);
    expect(load(folder(), { PORT: '4001', PROXY_PORT: '6543' }).server.port).toBe(6543);
  });

  test('that the environment says is the one that answers', async () => {
    const port = await freePort();
    const url = await started(proxy([], { cwd: folder(), env: { PROXY_PORT: String(port), PORT: '1' } }));
    expect(portOf(url)).toBe(port);
    expect((await ask(url, '/health')).status).toBe(200);
  });
});

/** Whether something listens there. */
function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    onTestFinished(() => void socket.destroy());
  });
}

describe('A3 the address', () => {
  test('BIND_ADDRESS=127.0.0.1 is refused on another interface', async () => {
    const { port } = await start({ env: { BIND_ADDRESS: '127.0.0.1', PROXY_ACCESS_KEY: 'a-key-of-this-test' } });
    expect([await listens('127.0.0.1', port), await listens('127.0.0.2', port)]).toEqual([true, false]);
  });

  test('with an access key it is every interface, without one this machine alone', async () => {
    const open = await start();
    expect([open.config().server.host, await listens('127.0.0.2', open.port)]).toEqual(['127.0.0.1', false]);
    const guarded = await start({ env: { PROXY_ACCESS_KEY: 'a-key-of-this-test' } });
    expect([guarded.config().server.host, await listens('127.0.0.2', guarded.port)]).toEqual(['0.0.0.0', true]);
  });
});

describe('A4 precedence', () => {
  const written = (flag: number) => ['serve', '--PROXY_PORT', String(flag), '--CLAUDE_API_HOST', '127.0.0.1:1'];

  test('ai-proxy’s settings as --NAME value', async () => {
    const flag = await freePort();
    expect(portOf(await started(proxy(written(flag), { cwd: folder() })))).toBe(flag);
  });

  test('are weaker than the environment', async () => {
    const [flag, variable] = [await freePort(), await freePort()];
    const run = proxy(written(flag), { cwd: folder(), env: { PROXY_PORT: String(variable) } });
    expect(portOf(await started(run))).toBe(variable);
  });

  test('holds for all eight names', () => {
    const said = Object.fromEntries(aiProxySettings.map((name) => [name, '1.example']));
    expect(settingsFrom({ ...said, port: 3, config: 'x' })).toEqual(said);
    const hosts = (env: Record<string, string>) =>
      loadConfig({ cwd: folder(), env, defaults: { CLAUDE_API_HOST: 'flag.example' }, flags: { host: '127.0.0.1' } })
        .doors.hosts;
    expect(hosts({})).toMatchObject({ claude: 'https://flag.example', openai: 'https://api.openai.com' });
    expect(hosts({ CLAUDE_API_HOST: 'env.example' })).toMatchObject({ claude: 'https://env.example' });
  });

  test('.env counts as the environment, the real one wins, and a change needs a restart', async () => {
    const cwd = folder({ '.env': 'HEALTH_CHECK_PATH=/from-file\nPROXY_ACCESS_KEY=key-of-the-file' });
    const server = await start({
      cwd,
      env: { PROXY_ACCESS_KEY: 'key-of-the-environment' },
      flags: { host: '127.0.0.1' },
    });
    const models = (key: string) => ask(server.url, '/v1/models', { headers: { 'x-api-key': key } });
    expect((await ask(server.url, '/from-file')).status).toBe(200);
    expect((await models('key-of-the-environment')).status).toBe(200);
    expect((await models('key-of-the-file')).status).toBe(401);
    writeFileSync(join(cwd, '.env'), 'HEALTH_CHECK_PATH=/changed');
    expect((await ask(server.url, '/from-file')).status).toBe(200);
  });

  test('a .env that is a folder, as Docker leaves one where there was none to mount, is told', () => {
    const cwd = folder();
    mkdirSync(join(cwd, '.env'));
    expect(() => load(cwd)).toThrow(/\.env cannot be read \(EISDIR\)\. It must be a file/);
  });
});

describe('A5 development', () => {
  test('shows itself in every answer, and logs in detail', async () => {
    const developing = await start({ env: { NODE_ENV: 'development' } });
    for (const path of ['/health', '/v1/models', '/nowhere'])
      expect((await ask(developing.url, path)).headers['x-development-mode']).toBe('true');
    expect(developing.config().log.level).toBe('debug');
  });

  test('is not on by itself', async () => {
    const { url, config } = await start();
    const answer = await ask(url, '/health');
    expect(answer.headers).not.toHaveProperty('x-development-mode');
    expect(answer.json()).toMatchObject({ mode: 'production' });
    expect(config().log.level).toBe('info');
  });
});

describe('A6 settings that contradict each other are refused at the start', () => {
  const key = { OPENAI_KEY: 'sk-0123456789' };
  test.each<[string, Record<string, string>, string]>([
    ['user_token without ADMIN_KEY', { ...key, GATEKEEPER: 'user_token' }, 'ADMIN_KEY is not set'],
    ['proxy_key without PROXY_KEY', { ...key, GATEKEEPER: 'proxy_key' }, 'PROXY_KEY is not set'],
    [
      'proof of work without user_token',
      { ...key, CAPTCHA_MODE: 'proof_of_work', GATEKEEPER: 'none' },
      'it needs GATEKEEPER=user_token',
    ],
    ['prompt logs without a place', { ...key, PROMPT_LOGGING: 'true' }, 'PROMPT_LOGGING_BACKEND is not set'],
    [
      'firebase without credentials',
      { ...key, GATEKEEPER_STORE: 'firebase_rtdb' },
      'FIREBASE_KEY and FIREBASE_RTDB_URL',
    ],
    ['no key at all', { GATEKEEPER: 'none' }, 'there is no key of any upstream'],
    ['a gatekeeper that nobody knows', { ...key, GATEKEEPER: 'proxy-key' }, 'Did you mean "proxy_key"?'],
  ])('%s', async (_name, env, words) => {
    expect(() => load(folder(), env)).toThrow(words);
  });

  test('with another exit code than 0, and in a sentence', async () => {
    const run = proxy(['--port', '0'], { cwd: folder({ '.env': 'GATEKEEPER=proxy_key\nOPENAI_KEY=sk-0123456789' }) });
    expect(await run.ended).toBe(1);
    expect(run.seen.err).toContain('GATEKEEPER: is proxy_key, but PROXY_KEY is not set.');
    expect(run.seen.err).not.toContain('    at ');
  });

  test('PROXY_KEY lets in those who have it, and only where GATEKEEPER asks for it', async () => {
    const env = { ...key, PROXY_KEY: 'password-of-the-callers' };
    const { url } = await start({ env: { ...env, GATEKEEPER: 'proxy_key' }, flags: { host: '127.0.0.1' } });
    const models = (authorization: string) => ask(url, '/v1/models', { headers: { authorization } });
    expect((await models('Bearer wrong')).status).toBe(401);
    expect((await models('Bearer password-of-the-callers')).status).toBe(200);
    expect(load(folder(), env).accessKeys).toEqual([]);
  });
});

test('F11 lists of keys, each once, for every vendor that oai-reverse-proxy had', () => {
  const env = {
    OPENAI_KEY: 'sk-1, sk-2,sk-1',
    ANTHROPIC_KEY: 'sk-ant-1',
    GOOGLE_AI_KEY: 'AIza-1,AIza-2',
    MISTRAL_AI_KEY: 'm-1',
  };
  const keys = Object.fromEntries(
    load(folder(), env).upstreams.map(({ name, apiKeys = [] }) => [name, apiKeys.map((one) => one.key)]),
  );
  expect(keys).toEqual({
    openai: ['sk-1', 'sk-2'],
    anthropic: ['sk-ant-1'],
    gemini: ['AIza-1', 'AIza-2'],
    mistral: ['m-1'],
  });
  expect(load(folder(), { ...env, OPENAI_API_KEY: 'sk-ours' }).upstreams).toContainEqual(
    expect.objectContaining({ name: 'openai', apiKeys: [{ key: 'sk-ours' }] }),
  );
});

test('A7 the banner names the current upstream with its address, the mode, and where help is', async () => {
  const run = proxy(['--port', '0'], {
    cwd: folder(),
    env: { OPENAI_API_KEY: 'sk-0123456789abcdef', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', NODE_ENV: 'development' },
  });
  const url = await started(run);
  for (const words of [
    'has started',
    url,
    'POST',
    '/v1/messages',
    `GET ${url}/health`,
    'openai – http://127.0.0.1:9/v1',
    'proxy --help',
    'development',
  ])
    expect(run.seen.out).toContain(words);
  expect(run.seen.out).not.toContain('sk-0123456789abcdef');
});

test('A16 a change of a source or of .env starts the server again, one of config.json does not', async () => {
  const cwd = folder({ 'config.json': '{}' });
  const sources = folder({ 'some.ts': 'export {};' });
  // In place of the server, which takes seconds to start.
  const program = [process.execPath, '-e', 'console.log(`pid ${process.pid}`); setInterval(() => undefined, 1000)'];
  const watched = ['--watch', sources, '--watch', join(cwd, '.env')];
  const child = spawn(process.execPath, [join(root, 'scripts/restart-on-change.mjs'), ...watched, '--', ...program]);
  let out = '';
  child.stdout.on('data', (data) => (out += String(data)));
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const pids = () => [...out.matchAll(/pid (\d+)/g)].map(([, pid]) => pid);

  await until('it has started', () => pids().length === 1);
  writeFileSync(join(cwd, 'config.json'), '{"changed":true}');
  writeFileSync(join(cwd, '.env'), 'LOG_LEVEL=debug');
  await until('it has started again for .env', () => pids().length === 2);
  writeFileSync(join(sources, 'some.ts'), 'export const changed = true;');
  await until('it has started again for a source', () => pids().length === 3);
  writeFileSync(join(cwd, 'config.json'), '{"changed":"again"}');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(new Set(pids()).size).toBe(3);
});

test('A17 an edit of a mounted config.json, in place as mounts are, takes effect', async () => {
  const config = { upstream: [{ name: 'a', baseUrl: 'https://a.example', apiKeys: ['k'], serviceType: 'openai' }] };
  const cwd = folder({ 'config.json': JSON.stringify({ ...config, currentUpstream: 0, loadBalance: 'failover' }) });
  const server = await start({ cwd });
  const health = async () => (await ask(server.url, '/health')).json() as { config: { loadBalance: string } };
  expect((await health()).config.loadBalance).toBe('failover');
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...config, currentUpstream: 0, loadBalance: 'random' }));
  await until('it follows', async () => (await health()).config.loadBalance === 'random');
});
