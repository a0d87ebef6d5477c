import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test, vi } from 'vitest';
import { commandLine } from './command-line.ts';
import { folder } from './support.ts';

/** What a shell is offered behind these words; it prints line by line. */
async function offered(cwd: string, ...words: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
  await commandLine(cwd, ['complete', '--', ...words]);
  spy.mockRestore();
  return lines.filter((line) => !line.startsWith(':')).map((line) => line.split('\t')[0] ?? '');
}

const yaml = 'upstreams: [{ name: main, provider: demo }, { name: spare, provider: demo }]';

describe('completion offers', () => {
  test.each([
    [['do'], ['doctor']],
    [
      ['run', 'c'],
      ['claude', 'codex'],
    ],
    [['config', 'us'], ['use']],
    [
      ['config', 'use', ''],
      ['main', 'spare'],
    ],
    [
      ['config', 'balance', 'r'],
      ['round-robin', 'random'],
    ],
    [['doctor', '--no'], ['--no-calls']],
  ])('%j', async (words, expected) => {
    expect(await offered(folder({ 'proxy.config.yaml': yaml }), ...words)).toEqual(expected);
  });

  test('nothing, instead of an error, where the file is broken', async () => {
    expect(await offered(folder({ 'proxy.config.yaml': '{' }), 'config', 'use', '')).toEqual([]);
  });
});

test.each(['bash', 'zsh', 'fish', 'powershell'])('a script for %s', async (shell) => {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
  await commandLine(folder(), ['completion', shell]);
  spy.mockRestore();
  const script = lines.join('\n');
  expect(script).toContain(`${shell} completion for proxy`);
  if (shell === 'bash' && spawnSync('bash', ['--version']).status === 0)
    expect(execFileSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
});
