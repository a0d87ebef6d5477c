import { chmodSync, cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { importLiteLlm } from '../../src/import/litellm.ts';
import { readForeign } from '../../src/import/read.ts';
import { maskedDraft, render } from '../../src/import/render.ts';
import { commandLine } from '../command-line.ts';
import { folder, load } from '../support.ts';

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));

/** A fixture as it is, or the database that its statements make. */
function foreign(name: string): string {
  if (!name.endsWith('.sql')) return join(fixtures, name);
  const path = join(folder(), 'foreign.db');
  const database = new DatabaseSync(path);
  database.exec(readFileSync(join(fixtures, name), 'utf8'));
  database.close();
  return path;
}

const encryption = { ENCRYPTION_KEY: 'test-encryption-key' };
/** What the imported files refer to. */
const variables = {
  OPENAI_API_KEY: 'sk-openai',
  AZURE_API_KEY: 'azure',
  ANTHROPIC_API_KEY: 'sk-ant',
  GROQ_API_KEY: 'gsk',
  LITELLM_MASTER_KEY: 'sk-master-0123456789',
  AWS_ID: 'AKIAEXAMPLE000000000',
  AWS_SECRET: 'secret-of-aws-0123456789',
  VERTEX_API_KEY: 'vertex',
  PROXY_KEY: 'password-of-the-callers',
  ANTHROPIC_KEY: 'sk-ant-0123456789',
  AWS_CREDENTIALS: 'AKIAEXAMPLE000000000:aws-secret-0123456789:us-east-1',
  ACME_API_KEY: 'acme',
};

describe('each file of another program becomes a configuration that a server takes', () => {
  test.each([
    ['litellm.yaml', 'LiteLLM'],
    ['config.json', 'claude-proxy'],
    ['reverse-proxy.env', '.env'],
    ['providers', 'api-proxy’s provider files'],
    ['api-proxy.sql', 'api-proxy'],
    ['one-api.sql', 'one-api'],
    ['channels.json', 'new-api'],
  ])('%s', async (name, source) => {
    const imported = readForeign(foreign(name), encryption);
    expect(imported.source).toBe(source);
    const text = render(imported);
    await expect(text).toMatchFileSnapshot(`fixtures/expected/${name}.yaml`);
    const config = load(folder({ 'proxy.config.yaml': text }), variables);
    expect(config.upstreams.map((upstream) => upstream.name)).toEqual(
      imported.draft.upstreams.map((upstream) => upstream.name),
    );
  });
});

test('LiteLLM’s names that mean an upstream here get no route, and what that loses is told', () => {
  const at = (model: string, name = model) => ({
    model_name: name,
    litellm_params: { model, api_key: 'k-0123456789' },
  });
  const list = [at('openai/gpt-4o'), at('openai/gpt-5'), at('anthropic/claude-x', 'openai/gpt-5'), at('openai/*')];
  const { draft, left } = importLiteLlm({ model_list: list });
  expect(draft.routes).toEqual([]);
  expect(left).toEqual(['The route of "openai/gpt-5", which always means the upstream "openai" here.']);
});

test('it is printed with keys masked; written whole, for its owner alone, and not over another', async () => {
  const cwd = folder();
  cpSync(join(fixtures, 'config.json'), join(cwd, 'old.json'));
  const printed = await commandLine(cwd, ['import', 'old.json']);
  expect(printed.code).toBe(0);
  expect(printed.out).toContain('sk-***89');
  expect(printed.out + printed.err).not.toMatch(/sk-(first|second|relay)-0/);
  const path = join(cwd, 'proxy.config.yaml');
  expect(existsSync(path)).toBe(false);

  expect(await commandLine(cwd, ['import', 'old.json', '--write'])).toMatchObject({ code: 0, out: '' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toContain('sk-first-0123456789');
  const again = await commandLine(cwd, ['import', 'old.json', '--write']);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('--force') as string });
  const json = await commandLine(cwd, ['import', 'old.json', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ source: 'claude-proxy', problems: [] });
  expect(json.out).not.toContain('sk-first-0');
});

test('headers, and what an address holds, are masked as keys are; references to the environment are not', () => {
  const shown = JSON.stringify(
    maskedDraft({
      vendors: { acme: { baseUrl: 'https://user:acme-password@acme.test', headers: { 'x-team': 'acme-header-0123' } } },
      upstreams: [
        {
          name: 'u',
          provider: 'openai-compatible',
          baseUrl: 'https://u.test/v1?api-version=2&key=query-key-0123456789&token=${TOKEN}',
          headers: { 'x-anything': 'header-value-0123456789', authorization: '${TOKEN}' },
          connection: { proxy: 'http://me:proxy-password@proxy.test', passphrase: 'passphrase-0123' },
        },
      ],
    } as Parameters<typeof maskedDraft>[0]), // no more than it looks at
  );
  expect(shown).not.toMatch(/acme-password|acme-header|query-key-0|header-value-0|proxy-password|passphrase-0/);
  expect(shown).toContain('https://u.test/v1?api-version=2&key=');
  expect(shown).toContain('token=${TOKEN}');
  expect(shown).toContain('"authorization":"${TOKEN}"');
});

test('a wrong ENCRYPTION_KEY, a missing one and a file of nobody are told with the mend', async () => {
  const database = foreign('api-proxy.sql');
  expect(() => readForeign(database, {})).toThrow('Set ENCRYPTION_KEY to the one it ran with.');
  expect(() => readForeign(database, { ENCRYPTION_KEY: 'another' })).toThrow('ENCRYPTION_KEY does not open the key');
  const cwd = folder({
    'notes.txt': 'milk, bread',
    'half.json': '{',
    'half.db': `SQLite format 3\0${'?'.repeat(999)}`,
  });
  chmodSync(join(cwd, 'notes.txt'), 0o600);
  for (const [file, words] of [
    ['notes.txt', 'is nothing that is known. Understood are'],
    ['half.json', 'It is not JSON'],
    ['half.db', 'half.db cannot be read: file is not a database. Stop the program'],
    ['nowhere.db', 'There is no '],
  ] as const) {
    const { code, err } = await commandLine(cwd, ['import', file]);
    expect([code, err]).toEqual([1, expect.stringContaining(words)]);
  }
});
