import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { banner } from '../src/banner.ts';
import { commandLine } from './command-line.ts';
import { ask } from './rows/ask.ts';
import { vendor } from './rows/vendor.ts';
import { folder, start, until } from './support.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The commands of the section for teams, as they stand there. */
function commandsOfReadme(): readonly (readonly string[])[] {
  const section = readme.slice(readme.indexOf('\n## For a team'));
  const [, block = ''] = /```sh\n(.*?)```/s.exec(section) ?? [];
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/^npm start -- /, '').replace(/\s+#.*/, ''))
    .map((line) => line.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1')));
}

test('the path of a first user, as the README has it: a budget, a call, its cost, the limit, a refusal that helps', async () => {
  const [openai, anthropic] = [await vendor(), await vendor()];
  const cwd = folder();
  vi.stubEnv('OPENAI_API_KEY', 'sk-openai-0123456789');
  vi.stubEnv('ANTHROPIC_API_KEY', 'sk-ant-0123456789abcdef');
  onTestFinished(() => void vi.unstubAllEnvs());
  const run = async (...args: readonly string[]) => {
    const ran = await commandLine(cwd, args);
    expect(ran.err, args.join(' ')).toBe('');
    return ran.out;
  };

  const commands = commandsOfReadme();
  expect(commands.map(([name]) => name)).toEqual([
    ...['init', 'config', 'config', 'config', 'config', 'users', 'keys', 'serve'],
  ]);
  let said = '';
  for (const command of commands.slice(0, -1)) said = await run(...command);
  // Of the vendors there are only stand-ins here.
  const file = join(cwd, 'proxy.config.yaml');
  const moved = readFileSync(file, 'utf8').replace('https://api.openai.com', openai.url);
  writeFileSync(file, moved.replace('https://api.anthropic.com', anthropic.url));
  const [key = ''] = /sk-proxy-\S+/.exec(said) ?? [];
  const env = { DATABASE_PATH: 'data/proxy.db', OPENAI_API_KEY: 'sk-openai-0123456789' };
  const server = await start({ cwd, env: { ...env, ANTHROPIC_API_KEY: 'sk-ant-0123456789abcdef', BASE_PATH: cwd } });

  const shown = banner(server.config(), server.port, {}, server.open());
  expect(shown).toContain('Access key 访问密钥 required');
  expect(shown).not.toContain('Bearer any');

  const body = { model: 'openai/gpt-4o-mini', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };
  const call = () => ask(server.url, '/v1/chat/completions', { body, headers: { authorization: `Bearer ${key}` } });
  const first = await call();
  expect(first.status, first.text).toBe(200);
  const claude = { ...body, model: 'claude-haiku-4-5' };
  const second = await ask(server.url, '/v1/messages', { body: claude, headers: { 'x-api-key': key } });
  expect(second.status, second.text).toBe(200);

  // 3 tokens in at 0.15 and 2 out at 0.60 a million; 3 in at 1 and 2 out at 5.
  await until('both calls are on record', async () =>
    (await run('usage', '--by', 'user', '--json')).includes('"calls": 2'),
  );
  const [used] = JSON.parse(await run('usage', '--by', 'user', '--json')) as { costUsd: number }[];
  expect(used).toMatchObject({ name: 'ada', inputTokens: 6, outputTokens: 4 });
  expect(used?.costUsd).toBeCloseTo((3 * 0.15 + 2 * 0.6 + 3 * 1 + 2 * 5) / 1e6, 9);
  const id = String(first.headers['x-proxy-request-id']);
  expect(await run('logs')).toContain(id);
  const why = await run('explain', id);
  for (const piece of [id, 'gpt-4o-mini', 'openai', '0.15']) expect(why).toContain(piece);

  await run('users', 'update', 'ada', '--budget', '0.00023usd/month');
  await until('the smaller budget is reached', async () => (await call()).status === 429);
  const refused = await call();
  const { error } = refused.json() as { error: { message: string } };
  expect(error.message).toMatch(/ada/);
  expect(error.message).toMatch(/0\.00023/);
  expect(error.message).toMatch(
    /There is room again at \d{4}-\d\d-01T00:00:00Z\. Send max_completion_tokens of at most \d\d\./,
  );
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
});
