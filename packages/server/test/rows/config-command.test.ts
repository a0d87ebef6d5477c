/** Rows D31–D35: `proxy config`, on claude-proxy's config.json and on a file of ours. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../command-line.ts';
import { proxy, started } from '../process.ts';
import { folder, load, until } from '../support.ts';

const config = (cwd: string, ...args: readonly string[]) => commandLine(cwd, ['config', ...args]);

const legacy = {
  upstream: [
    {
      name: 'first',
      baseUrl: 'https://one.example/v1',
      apiKeys: ['sk-first-0123456789abcdef'],
      serviceType: 'openai',
      weight: 7,
    },
    { name: '3rd', baseUrl: 'https://two.example', apiKeys: [], serviceType: 'claude' },
  ],
  currentUpstream: 1,
  loadBalance: 'failover',
  somethingElse: { kept: true },
};

const legacyFolder = () => folder({ 'config.json': JSON.stringify(legacy) });
const written = (cwd: string) => JSON.parse(readFileSync(join(cwd, 'config.json'), 'utf8')) as typeof legacy;

describe('D31 add', () => {
  test.each([
    ['openai-main https://api.openai.com openai', 'openai'],
    ['openai-main openai https://api.openai.com/v1', 'openai'],
    ['old openaiold https://old.example', 'openaiold'],
    ['gem gemini https://generativelanguage.googleapis.com/v1beta --description Google', 'gemini'],
    ['c claude https://c.example --insecureSkipVerify', 'claude'],
    ['x https://x.example custom --insecureSkipVerify true', 'custom'],
  ])('%s', async (line, type) => {
    const cwd = legacyFolder();
    const [name = '', ...rest] = line.split(' ');
    const ran = await config(cwd, 'add', name, ...rest);
    expect(ran).toMatchObject({ code: 0, err: '' });
    const added = written(cwd).upstream.at(-1);
    expect(added).toMatchObject({
      name,
      serviceType: type,
      apiKeys: [],
      baseUrl: rest.find((word) => word.includes('://')),
    });
    expect(added).toEqual({
      ...added,
      ...(line.includes('Google') && { description: 'Google' }),
      ...(line.includes('insecure') && { insecureSkipVerify: true }),
    });
    expect(written(cwd)).toMatchObject({ ...legacy, upstream: [...legacy.upstream, added] });
  });

  test.each([
    [['a', 'opnai', 'https://a.example'], 'Did you mean "openai"?'],
    [['a', 'openai', 'a.example'], 'must be the address'],
    [['FIRST', 'openai', 'https://a.example'], 'There is an upstream "FIRST" already'],
    [['a', 'openai'], "missing required argument 'url'"],
  ])('%j is refused with the mend, and the file stays', async (args, message) => {
    const cwd = legacyFolder();
    const { code, err } = await config(cwd, 'add', ...args);
    expect(code).not.toBe(0);
    expect(err).toContain(message);
    expect(written(cwd)).toEqual(legacy);
  });
});

test('D32 key add, list and remove: several at once, duplicates told, never a whole key on the screen', async () => {
  const cwd = legacyFolder();
  const keys = ['sk-second-0123456789abcdef', 'sk-third-0123456789abcdef', 'sk-first-0123456789abcdef'];
  const added = await config(cwd, 'key', 'FIRST', 'add', ...keys);
  expect(added.out).toContain('Added 2 keys to "first".');
  expect(added.out).toContain('sk-first***bcdef is there already.');
  expect(written(cwd).upstream[0]?.apiKeys).toEqual([keys[2], keys[0], keys[1]]);

  const listed = await config(cwd, 'key', '0', 'list');
  expect(listed.out).toBe('0  sk-first***bcdef\n1  sk-secon***bcdef\n2  sk-third***bcdef\n');
  expect((await config(cwd, 'key', 'first', 'remove', keys[0] as string)).code).toBe(0);
  expect((await config(cwd, 'key', 'first', 'remove', '0')).code).toBe(0);
  expect(written(cwd).upstream[0]?.apiKeys).toEqual([keys[1]]);

  for (const wrong of [
    ['nobody', 'list'],
    ['first', 'remove', '9'],
    ['first', 'add'],
    ['first', 'frobnicate'],
  ])
    expect((await config(cwd, 'key', ...wrong)).code).not.toBe(0);
  const everything = [added, listed].map(({ out, err }) => out + err).join('');
  for (const key of keys) expect(everything).not.toContain(key);
});

test('D33 show, use and remove; a name that begins with a digit is a name', async () => {
  const cwd = legacyFolder();
  const { out } = await config(cwd, 'show');
  for (const part of ['failover', 'first', 'https://one.example/v1', '1 *', '3rd', 'sk-first***bcdef'])
    expect(out).toContain(part);
  expect(out).not.toContain('sk-first-0123456789abcdef');

  expect((await config(cwd, 'use', '0')).code).toBe(0);
  expect(written(cwd).currentUpstream).toBe(0);
  expect((await config(cwd, 'use', '3RD')).code).toBe(0);
  expect(written(cwd).currentUpstream).toBe(1);
  const removed = await config(cwd, 'remove', '3rd');
  expect(removed.out).toContain('Now the current upstream is "first".');
  expect(written(cwd)).toEqual({ ...legacy, upstream: legacy.upstream.slice(0, 1), currentUpstream: 0 });
});

test('D34 update: every part, and nothing else', async () => {
  const cwd = legacyFolder();
  expect((await config(cwd, 'update', 'first', '--insecureSkipVerify', 'true')).code).toBe(0);
  expect(written(cwd).upstream[0]).toEqual({ ...legacy.upstream[0], insecureSkipVerify: true });
  expect(
    (
      await config(
        cwd,
        'update',
        '0',
        '--insecureSkipVerify',
        'false',
        '--name',
        'uno',
        '--url',
        'https://u.example',
        '--type',
        'gemini',
        '--description',
        'Eins',
      )
    ).code,
  ).toBe(0);
  expect(written(cwd).upstream[0]).toEqual({
    ...legacy.upstream[0],
    ...{
      insecureSkipVerify: false,
      name: 'uno',
      baseUrl: 'https://u.example',
      serviceType: 'gemini',
      description: 'Eins',
    },
  });
  for (const wrong of [
    ['uno', '--insecureSkipVerify', 'maybe'],
    ['uno', '--name', '3rd'],
    ['uno'],
    ['uno', '--type', 'x'],
  ])
    expect((await config(cwd, 'update', ...wrong)).code).not.toBe(0);
});

test('D35 balance, clear and help; what is unknown ends with another code', async () => {
  const cwd = legacyFolder();
  for (const strategy of ['round-robin', 'random', 'failover']) {
    expect((await config(cwd, 'balance', strategy)).code).toBe(0);
    expect(written(cwd).loadBalance).toBe(strategy);
  }
  expect((await config(cwd, 'balance', 'rondom')).err).toContain('Did you mean "random"?');
  for (const help of [[], ['--help'], ['help']]) {
    const { code, out } = await config(cwd, ...help);
    expect([code, out.includes('proxy config balance round-robin')]).toEqual([0, true]);
  }
  expect((await config(cwd, 'frobnicate')).code).not.toBe(0);
  expect(await config(cwd, 'clear')).toMatchObject({ code: 1, err: expect.stringContaining('--yes') as string });
  expect(written(cwd).upstream).toHaveLength(2);
  expect((await config(cwd, 'clear', '--yes')).code).toBe(0);
  expect(written(cwd)).toMatchObject({ upstream: [], somethingElse: { kept: true } });
});

test('D35 a running server follows the command', async () => {
  const cwd = legacyFolder();
  const run = proxy(['serve', '--port', '0'], { cwd, env: { PROXY_ACCESS_KEY: 'ours-0123456789' } });
  const url = await started(run);
  const current = async () => {
    const health = (await (await fetch(`${url}/health`)).json()) as { config: { currentUpstream: number } };
    return health.config.currentUpstream;
  };
  expect(await current()).toBe(1);
  expect(await proxy(['config', 'use', 'first'], { cwd }).ended).toBe(0);
  await until('it has read the file again', async () => (await current()) === 0);
});

describe('D21 a missing file is begun by show', () => {
  test('one of ours, for its owner alone, and it changes nothing', async () => {
    const cwd = folder();
    const env = { OPENAI_API_KEY: 'k' };
    const before = load(cwd, env).upstreams;
    const { code, out } = await config(cwd, 'show');
    expect([code, out]).toEqual([0, expect.stringContaining('proxy.config.yaml (just begun)')]);
    expect(statSync(join(cwd, 'proxy.config.yaml')).mode & 0o777).toBe(0o600);
    expect(load(cwd, env).upstreams).toEqual(before);
  });

  test('claude-proxy’s, where it is the one that is named', async () => {
    const cwd = folder();
    expect((await config(cwd, 'show', '--config', 'config.json')).code).toBe(0);
    expect(written(cwd)).toEqual({ upstream: [], currentUpstream: 0, loadBalance: 'failover' });
    expect((await config(cwd, 'add', 'a', 'claude', 'https://a.example')).code).toBe(0);
    expect(written(cwd).upstream).toMatchObject([{ name: 'a', serviceType: 'claude' }]);
  });
});

describe('a file of ours', () => {
  const yaml = `# The team's.
server: { port: 3000 }
upstreams:
  # Paid by marketing.
  - name: a
    provider: anthropic
    apiKeys: [ '\${KEY_A}', { file: key.txt } ]
  - { name: b, provider: openai, models: [ gpt-* ] }
routes:
  - model: cheap
    targets: [ b/gpt-mini, a ]
  - model: fast # not for long
    targets: [ b ]
`;
  const text = (cwd: string) => readFileSync(join(cwd, 'proxy.config.yaml'), 'utf8');

  test('is begun where there is none, for its owner alone, and the server takes it', async () => {
    const cwd = folder();
    const { out } = await config(cwd, 'add', 'main', 'openai', 'https://api.openai.com');
    expect(out).toContain('Next: proxy config key main add <key>');
    await config(cwd, 'key', 'main', 'add', 'sk-0123456789abcdefghij');
    expect(statSync(join(cwd, 'proxy.config.yaml')).mode & 0o777).toBe(0o600);
    expect(load(cwd).upstreams).toMatchObject([
      { name: 'main', provider: 'openai', apiKeys: [{ key: 'sk-0123456789abcdefghij' }] },
    ]);
  });

  test('a type’s facts go with it, and a person’s stay', async () => {
    const cwd = folder();
    await config(cwd, 'add', 'one', 'openaiold', 'https://one.example');
    const own = text(cwd).replace(/( +)maxTokensField: max_tokens/, '$&\n$1topK: true');
    writeFileSync(join(cwd, 'proxy.config.yaml'), own);
    const factsAfter = async (type: string) => {
      expect((await config(cwd, 'update', 'one', '--type', type)).code).toBe(0);
      return load(cwd).upstreams[0]?.facts;
    };
    expect(await factsAfter('openai')).toEqual({ topK: true, maxTokensField: 'max_completion_tokens' });
    expect(await factsAfter('gemini')).toEqual({ topK: true });
    await config(cwd, 'add', 'two', 'openaiold', 'https://two.example');
    expect((await config(cwd, 'update', 'two', '--type', 'claude')).code).toBe(0);
    expect(load(cwd).upstreams[1]).not.toHaveProperty('facts');
  });

  test('keeps its comments and what is not touched; references are shown as they are', async () => {
    const cwd = folder({ 'proxy.config.yaml': yaml });
    expect((await config(cwd, 'add', 'c', 'openaiold', 'https://c.example')).code).toBe(0);
    expect((await config(cwd, 'balance', 'round-robin')).code).toBe(0);
    expect((await config(cwd, 'update', 'b', '--name', 'bee')).code).toBe(0);
    expect((await config(cwd, 'use', 'c')).code).toBe(0);
    for (const kept of ["# The team's.", '# Paid by marketing.', '# not for long', 'gpt-*'])
      expect(text(cwd)).toContain(kept);
    writeFileSync(join(cwd, 'key.txt'), 'k');
    const { upstreams, routes } = load(cwd, { KEY_A: 'k', OPENAI_API_KEY: 'k' });
    expect(upstreams.map(({ name, strategy }) => [name, strategy])).toEqual([
      ['a', 'round-robin'],
      ['bee', 'round-robin'],
      ['c', 'round-robin'],
    ]);
    expect(upstreams[2]).toMatchObject({ provider: 'openai-compatible', facts: { maxTokensField: 'max_tokens' } });
    expect(routes.map(({ model, targets }) => [model, targets])).toEqual([
      ['cheap', [{ upstream: 'bee', model: 'gpt-mini' }, { upstream: 'a' }]],
      ['fast', [{ upstream: 'bee' }]],
      ['*', [{ upstream: 'c' }]],
    ]);
    const listed = await config(cwd, 'key', 'a', 'list');
    expect(listed.out).toBe('0  ${KEY_A}\n1  file key.txt\n');
  });

  test('a route that led to a removed upstream alone goes along, and that is told', async () => {
    const cwd = folder({ 'proxy.config.yaml': yaml });
    const { out } = await config(cwd, 'remove', 'b');
    expect(out).toContain('The route of "fast" led nowhere else and is removed.');
    expect(text(cwd)).not.toContain('fast');
    expect(text(cwd)).toMatch(/targets: \[ a \]/);
  });

  test('fallbacks and prices follow a new name; fallbacks that led to a removed upstream go with it', async () => {
    const cwd = folder({
      'proxy.config.yaml': `upstreams:
  - { name: a, provider: demo, fallbacks: [ b ] }
  - { name: b, provider: demo }
  - { name: c, provider: demo, fallbacks: [ a, b/x ] }
routes: [ { model: m, targets: [ a ], fallbacks: [ { upstream: b, model: y } ] } ]
prices: [ { model: x, upstream: b, input: 1, output: 2 } ]
`,
    });
    expect((await config(cwd, 'update', 'b', '--name', 'bee')).out).not.toContain('does not take it');
    const { upstreams, routes, prices } = load(cwd);
    expect(upstreams.map(({ fallbacks }) => fallbacks)).toEqual([
      [{ upstream: 'bee' }],
      undefined,
      [{ upstream: 'a' }, { upstream: 'bee', model: 'x' }],
    ]);
    expect(routes[0]?.fallbacks).toEqual([{ upstream: 'bee', model: 'y' }]);
    expect(prices).toMatchObject([{ upstream: 'bee' }]);
    expect((await config(cwd, 'remove', 'bee')).out).not.toContain('does not take it');
    expect(load(cwd).upstreams.map(({ fallbacks }) => fallbacks)).toEqual([undefined, [{ upstream: 'a' }]]);
    expect(load(cwd).routes).toMatchObject([{ targets: [{ upstream: 'a' }] }]);
    expect(text(cwd).match(/fallbacks/g)).toHaveLength(1);
  });

  test('a change that cannot be is refused, and the file stays', async () => {
    const cwd = folder({ 'proxy.config.yaml': yaml });
    const { code, err } = await config(cwd, 'update', 'a', '--url', 'ftp://a.example');
    expect(code).toBe(1);
    expect(err).toContain('upstreams[0].baseUrl: must begin with http:// or https://.');
    expect(text(cwd)).toBe(yaml);
  });

  test('in JSON it stays JSON', async () => {
    const cwd = folder({ 'proxy.config.json': '{"upstreams":[{"name":"a","provider":"demo"}]}' });
    expect((await config(cwd, 'add', 'c', 'claude', 'https://c.example')).code).toBe(0);
    const file = JSON.parse(readFileSync(join(cwd, 'proxy.config.json'), 'utf8')) as object;
    expect(file).toEqual({
      upstreams: [
        { name: 'a', provider: 'demo' },
        { name: 'c', provider: 'anthropic', baseUrl: 'https://c.example' },
      ],
    });
  });

  test('--json says it for programs', async () => {
    const cwd = folder();
    const shown = JSON.parse((await config(cwd, 'show', '--json')).out) as object;
    expect(shown).toMatchObject({ upstreams: [] });
    expect(existsSync(join(cwd, 'proxy.config.yaml'))).toBe(false);
  });
});
