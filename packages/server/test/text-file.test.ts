import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from './command-line.ts';
import { folder, load } from './support.ts';

const upstreams = '{"upstreams":[{"name":"a","provider":"demo"}]}';
const utf8 = (text: string) => Buffer.from(`\uFEFF${text}`);
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

test.each([
  ['UTF-8 with its mark', utf8],
  ['UTF-16, as PowerShell writes', utf16],
])('%s is read: JSON, YAML and the first line of a .env', async (_what, bytes) => {
  const cwd = folder();
  writeFileSync(join(cwd, '.env'), bytes('PORT=4001\nLOG_LEVEL=debug\n'));
  for (const name of ['x.json', 'x.yaml']) {
    writeFileSync(join(cwd, name), bytes(upstreams));
    const config = load(cwd, {}, { config: name });
    expect([config.server.port, config.log.level, config.upstreams[0]?.name]).toEqual([4001, 'debug', 'a']);
    const added = await commandLine(cwd, ['config', 'add', 'b', 'openai', 'https://b.example', '-c', name]);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(cwd, name), 'utf8')).toMatch(/b\.example/);
  }
});

test('what is written as .json is JSON', async () => {
  const cwd = folder({
    'old.json': '{"upstream":[{"name":"a","baseUrl":"https://a.example","apiKeys":[],"serviceType":"claude"}]}',
  });
  expect((await commandLine(cwd, ['init', 'new.json'])).code).toBe(0);
  expect(load(cwd, {}, { config: 'new.json' }).upstreams).toMatchObject([{ name: 'demo' }]);
  const ran = await commandLine(cwd, ['import', 'old.json', '--write', 'imported.json']);
  expect([ran.code, ran.err]).toEqual([0, expect.stringContaining('Not carried over: "a" has no key')]);
  expect(load(cwd, {}, { config: 'imported.json' }).upstreams).toMatchObject([{ name: 'a' }]);
});

test.each([['check'], ['config show'], ['usage'], ['doctor --no-calls']])(
  '%s tells a folder in the place of the file in a sentence',
  async (command) => {
    const { code, out, err } = await commandLine(folder(), [...command.split(' '), '--config', '.']);
    expect(code).toBe(1);
    expect(out + err).toContain('read (EISDIR)'); // the table of doctor breaks its lines
  },
);

test.each([
  ['init nowhere/x.yaml', 'nowhere/x.yaml', 'ENOENT', 'Make its folder first.'],
  ['config add a openai https://a.example -c nowhere/x.yaml', 'nowhere/x.yaml', 'ENOENT', 'Make its folder first.'],
  ['import old.json --write nowhere/x.yaml', 'nowhere/x.yaml', 'ENOENT', 'Make its folder first.'],
  ['init --force taken', 'taken', 'EISDIR', 'It is a folder: name a file.'],
])('%s tells what cannot be written in a sentence', async (command, name, code, mend) => {
  const cwd = folder({ 'old.json': '{"upstream":[],"currentUpstream":0}' });
  mkdirSync(join(cwd, 'taken'));
  const ran = await commandLine(cwd, command.split(' '));
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(`${join(cwd, name)} cannot be written (${code}). ${mend}\n`);
});
