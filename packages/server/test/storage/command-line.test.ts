import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actor } from '../../src/cli/storage/with-storage.ts';
import { commandLine } from '../command-line.ts';
import { folder } from '../support.ts';

function installed(more = '') {
  const cwd = folder({ 'proxy.config.yaml': `upstreams: [{ name: demo, provider: demo }]\n${more}` });
  return (...args: string[]) => commandLine(cwd, args);
}

test('users: added with limits, listed, changed, disabled, removed; every change is on the audit log', async () => {
  const run = installed();
  expect((await run('users', 'list')).out).toContain('No user.');
  const limits = ['--requests-per-minute', '60', '--budget', '20usd/month', '--budget', '1000tokens/day'];
  expect((await run('users', 'add', 'ada', '--role', 'temporary', ...limits)).out).toContain('Added user "ada"');
  expect((await run('users', 'add', 'ada')).err).toBe('There is a user "ada" already.\n');
  const { out } = await run('users', 'list');
  for (const piece of ['ada', 'temporary', '60 requests/minute', '20 usd/month', '1000 tokens/day'])
    expect(out).toContain(piece);
  expect((await run('users', 'update', 'ada', '--disable', 'on leave', '--concurrency', '2')).out).toContain(
    'Changed limits, disabled',
  );
  const shown = JSON.parse((await run('users', 'show', 'ada', '--json')).out) as object;
  expect(shown).toMatchObject({ disabledReason: 'on leave', limits: { requestsPerMinute: 60, concurrency: 2 } });
  expect((await run('users', 'update', 'ada')).code).toBe(1);
  expect((await run('users', 'show', 'bob')).err).toBe('There is no user "bob". There are: ada.\n');
  expect((await run('users', 'remove', 'ada')).out).toContain('Removed "ada"');
  expect((await run('users', 'add', 'x', '--budget', 'much')).code).toBe(1);
  const twice = await run('users', 'add', 'x', '--budget', '5usd/day', '--budget', '6usd/day');
  expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('There is a budget of usd/day already')]);
  for (const name of ['  ', 'x'.repeat(201)])
    expect((await run('users', 'add', name)).err).toContain('A name has between 1 and 200 characters.');
  expect((await run('users', 'list')).out).toContain('No user.');
});

test('the audit log names a user of the machine, or the number of one who has no name', () => {
  const unnamed = actor(() => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  });
  expect(actor(() => 'ada')).toBe('cli:ada');
  expect(unnamed).toBe(`cli:${process.getuid?.() ?? 'unknown'}`);
});

test('keys: printed once, then masked; found by id and by name, changed, revoked', async () => {
  const run = installed();
  await run('users', 'add', 'ada');
  const added = JSON.parse(
    (
      await run(
        'keys',
        'add',
        '--user',
        'ada',
        '--name',
        'laptop',
        '--models',
        'gpt-*,claude-*',
        '--expires',
        '30d',
        '--json',
      )
    ).out,
  ) as { id: string; key: string };
  expect(added.key).toMatch(/^sk-proxy-/);
  const other = (await run('keys', 'add', '--name', 'laptop')).out;
  expect(other).toContain('the only time it is shown');
  for (const args of [['list'], ['list', '--json'], ['show', added.id], ['list', '--user', 'ada']])
    expect((await run('keys', ...args)).out).not.toContain(added.key);
  expect((await run('keys', 'show', 'laptop')).err).toContain('There are 2 access keys named "laptop"');
  expect((await run('keys', 'update', added.id, '--name', 'desk')).out).toContain('Changed name');
  expect((await run('keys', 'show', 'desk')).out).toContain('gpt-*');
  expect((await run('keys', 'revoke', 'desk', '--reason', 'lost')).out).toContain('Revoked');
  expect((await run('keys', 'revoke', 'desk')).code).toBe(1);
  expect((await run('keys', 'list')).out).toContain('revoked');
});

test('keys: what binds one is held to what the configuration holds it to', async () => {
  const run = installed();
  const slips = [
    ['--models', 'family:trubo', '"trubo" is not a family. Did you mean "turbo"?'],
    ['--models', ',', 'It must not be empty.'],
    ['--operations', 'embed,generat', '"generat" is not an operation. Did you mean "generate"?'],
    ['--addresses', '10.0.0.0/8,office', '"office" must be an address or a CIDR such as 10.0.0.0/8.'],
    ['--expires', '9999999999d', 'Write a span such as 30m, 24h, 7d or 2w, or a date such as 2026-01-31.'],
  ] as const;
  for (const [option, value, problem] of slips) {
    const { code, err } = await run('keys', 'add', option, value);
    expect(err, value).toContain(problem);
    expect(code, value).toBe(1);
  }
  expect((await run('keys', 'list')).out).toContain('No access key.');
});

test('names, numbers and times that cannot be meant are refused; nothing is added', async () => {
  const run = installed();
  const refused = async (what: string, args: string) => {
    const { code, err } = await run(...what.split(' '), ...args.split(' '));
    expect({ args, code, err }).toMatchObject({ code: 1, err: expect.stringContaining('invalid') as string });
    return err;
  };
  expect(await refused('keys add', '--expires 2020-01-01')).toContain('It is past already');
  expect(await refused('keys add', '--requests-per-minute 99999999999999999999')).toContain('Write a whole number');
  expect((await run('keys', 'add', '--name', ' ')).err).toContain('A name has between');
  expect((await run('usage', '--since', '7')).err).toContain('Write a span');
  expect((await run('keys', 'list')).out).toContain('No access key.');
  expect((await run('users', 'list')).out).toContain('No user.');
});

test('the help of usage says since when in words', async () => {
  expect((await installed()('usage', '--help')).out).toContain('(default: 7d)');
});

test('storage is relative to where one stands, wherever the configuration lies', async () => {
  const elsewhere = folder({ 'x.yaml': 'storage: kept/here.db\nupstreams: [{ name: demo, provider: demo }]' });
  const cwd = folder();
  expect((await commandLine(cwd, ['users', 'add', 'ada', '--config', join(elsewhere, 'x.yaml')])).code).toBe(0);
  expect([existsSync(join(cwd, 'kept/here.db')), existsSync(join(elsewhere, 'kept'))]).toEqual([true, false]);
});

test('usage and logs say so when there is nothing; storage in memory is refused', async () => {
  const run = installed();
  expect((await run('usage')).out).toContain('No call on record');
  expect((await run('usage', '--by', 'colour')).code).toBe(1);
  expect((await run('usage', '--help')).out).toContain('(default: 7d)');
  expect((await run('logs')).out).toContain('No call on record.');
  expect((await installed('storage: memory')('users', 'list')).err).toContain('Nothing is kept here');
});
