/** `proxy run`: stand-ins for the agents print what they were started with. The agents themselves are in agents/. */
import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { banner } from '../src/banner.ts';
import { openStorage } from '../src/storage/open.ts';
import { folder, load, start, until } from './support.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const node = dirname(process.execPath);

/** A program of that name that tells its environment and arguments, then does what `body` says. */
function standIn(command: string, body = ''): string {
  const bin = folder();
  const script = `#!${process.execPath}
const { env } = process;
const url = env.ANTHROPIC_BASE_URL ?? env.GOOGLE_GEMINI_BASE_URL;
const tell = (more) => process.stdout.write(JSON.stringify({ env, args: process.argv.slice(2), ...more }) + '\\n');
${body || 'tell();'}
`;
  writeFileSync(join(bin, command), script);
  chmodSync(join(bin, command), 0o755);
  return bin;
}

interface Told {
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly seen?: string;
}

function proxyRun(
  args: readonly string[],
  { bin, env = {}, cwd = folder() }: { bin?: string; env?: Record<string, string>; cwd?: string },
) {
  const child = spawn(process.execPath, ['-C', '@proxy/source', main, 'run', ...args], {
    cwd,
    env: { PATH: bin ?? node, HOME: cwd, PORT: '9', ...env }, // nothing listens on the discard port
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += String(data)));
  child.stderr.on('data', (data) => (err += String(data)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  return { child, cwd, ended, out: () => out, err: () => err, told: () => JSON.parse(out) as Told };
}

test('Claude Code gets a server of its own for as long as it lives, and none of its files is touched', async () => {
  const ask = `
    fetch(url + '/v1/messages', { method: 'POST', headers: { authorization: 'Bearer ' + env.ANTHROPIC_AUTH_TOKEN, 'anthropic-version': '2023-06-01',
      'content-type': 'application/json' }, body: JSON.stringify({ model: env.ANTHROPIC_MODEL, max_tokens: 99, messages: [{ role: 'user', content: 'Hi' }] }) })
      .then((answer) => answer.text()).then((seen) => { tell({ seen }); process.exitCode = 7; });`;
  const agent = proxyRun(['claude', '--', '-p', 'two words', '--model', 'x'], {
    bin: standIn('claude', ask),
    env: { ANTHROPIC_BASE_URL: 'http://elsewhere.test', CLAUDE_CODE_USE_BEDROCK: '1', NO_PROXY: 'intranet' },
  });
  expect(await agent.ended, agent.err()).toBe(7);
  const { env, args, seen } = agent.told();
  expect(args).toEqual(['-p', 'two words', '--model', 'x']);
  expect(env.ANTHROPIC_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(env).toMatchObject({ ANTHROPIC_MODEL: 'demo', ANTHROPIC_DEFAULT_HAIKU_MODEL: 'demo' });
  expect(env.NO_PROXY).toBe('intranet,localhost,127.0.0.1,::1');
  expect(env).not.toHaveProperty('CLAUDE_CODE_USE_BEDROCK');
  expect(seen).toContain('"type":"message"');
  expect(readdirSync(agent.cwd)).toEqual([]);
  await expect(fetch(env.ANTHROPIC_BASE_URL ?? '')).rejects.toThrow();
});

test('a key of Anthropic’s feeds the server and is not handed to the agent; its own vendor’s default model stays', async () => {
  const agent = proxyRun(['claude'], { bin: standIn('claude'), env: { ANTHROPIC_API_KEY: 'sk-ant-of-mine' } });
  expect(await agent.ended, agent.err()).toBe(0);
  expect(agent.told().env).not.toHaveProperty('ANTHROPIC_API_KEY');
  expect(agent.told().env).not.toHaveProperty('ANTHROPIC_MODEL');
});

test('a server that runs already is used, with its access key, and what the agents get is what its banner says', async () => {
  const cwd = folder({
    'proxy.config.yaml': 'accessKeys: [a-real-key]\nupstreams: [{ name: a, provider: demo, models: [m-1] }]',
  });
  const server = await start({ cwd, flags: { host: '127.0.0.1' } });
  const told = await Promise.all(
    ['claude', 'codex', 'gemini'].map(async (name) => {
      const agent = proxyRun([name], {
        bin: standIn(name),
        cwd,
        env: { PORT: String(server.port), HOST: '127.0.0.1' },
      });
      expect(await agent.ended, agent.err()).toBe(0);
      return { name, ...agent.told() };
    }),
  );
  const pasted = banner(load(cwd, {}, { host: '127.0.0.1' }), server.port, {}).replaceAll(/ \\\n +/g, ' ');
  for (const { name, env, args } of told) {
    const line = pasted.split('\n').find((words) => words.includes(` ${name}`) && words.includes('=')) ?? '';
    const [variables = '', options = ''] = line.trim().split(` ${name}`);
    expect(options.trim()).toBe(args.join(' '));
    for (const variable of variables.split(' ')) {
      const [key = '', value] = variable.split('=');
      expect(env[key]).toBe(value === '$PROXY_ACCESS_KEY' ? 'a-real-key' : value);
    }
    expect(JSON.stringify({ env, args })).toContain(server.url);
  }
});

test('where access keys are stored, a server of its own takes the agent’s; one that runs already needs to be told which', async () => {
  const ask = `
    fetch(url + '/v1/models', { headers: { authorization: 'Bearer ' + env.ANTHROPIC_AUTH_TOKEN } })
      .then((answer) => tell({ seen: String(answer.status) }));`;
  const cwd = folder();
  const path = join(cwd, 'data/proxy.db');
  const storage = await openStorage({ place: { type: 'sqlite', path } });
  const { key } = await storage.accessKeys.create({});
  await storage.close();
  const own = proxyRun(['claude'], { bin: standIn('claude', ask), cwd });
  expect(await own.ended, own.err()).toBe(0);
  expect(own.told().seen).toBe('200');

  const server = await start({ cwd, env: { DATABASE_PATH: path }, flags: { host: '127.0.0.1' } });
  const env = { PORT: String(server.port), HOST: '127.0.0.1' };
  const untold = proxyRun(['claude'], { bin: standIn('claude', ask), cwd, env });
  expect(await untold.ended).toBe(1);
  expect(untold.err()).toContain('name one with --key');
  const told = proxyRun(['claude', '--key', key], { bin: standIn('claude', ask), cwd, env });
  expect(await told.ended, told.err()).toBe(0);
  expect(told.told()).toMatchObject({ seen: '200', env: { ANTHROPIC_AUTH_TOKEN: key } });
});

test('--model goes to each agent in its own words', async () => {
  const expected = {
    claude: { ANTHROPIC_MODEL: 'team/gpt-x', ANTHROPIC_DEFAULT_HAIKU_MODEL: 'team/gpt-x' },
    codex: {},
    gemini: { GEMINI_MODEL: 'team/gpt-x' },
  };
  for (const [name, variables] of Object.entries(expected)) {
    const agent = proxyRun([name, '--model', 'team/gpt-x'], { bin: standIn(name) });
    expect(await agent.ended, agent.err()).toBe(0);
    expect(agent.told().env).toMatchObject(variables);
    if (name === 'codex') expect(agent.told().args.slice(0, 2)).toEqual(['-c', 'model=team/gpt-x']);
  }
});

test('a signal goes to the agent, and its answer to the caller', async () => {
  const wait = `process.on('SIGTERM', () => process.exit(3)); tell(); setInterval(() => {}, 1000);`;
  const agent = proxyRun(['gemini'], { bin: standIn('gemini', wait) });
  await until('it runs', () => agent.out().includes('\n'));
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(3);
});

test('an agent that a signal ended is counted as shells count', async () => {
  const agent = proxyRun(['codex'], { bin: standIn('codex', `process.kill(process.pid, 'SIGKILL');`) });
  expect(await agent.ended).toBe(137);
});

test('an agent that is not installed is told with the mend', async () => {
  const agent = proxyRun(['codex'], {});
  expect(await agent.ended).toBe(127);
  expect(agent.err()).toBe(
    'Codex CLI is not installed: no "codex" on PATH. Install it: npm install -g @openai/codex\n',
  );
});

test.each([
  [['cluade'], 'error: "cluade" is not an agent. Did you mean "claude"? Known: claude, codex, gemini.'],
  [[], "error: missing required argument 'agent'"],
])('what cannot be run is told: %j', async (args, message) => {
  const agent = proxyRun(args, {});
  expect(await agent.ended).not.toBe(0);
  expect(agent.err()).toContain(message);
});
