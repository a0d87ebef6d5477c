import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, load, start } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

function withProviders(files: Readonly<Record<string, object | string>>): string {
  const cwd = folder();
  mkdirSync(join(cwd, 'configs/providers'), { recursive: true });
  for (const [name, file] of Object.entries(files))
    writeFileSync(join(cwd, 'configs/providers', name), typeof file === 'string' ? file : JSON.stringify(file));
  return cwd;
}

const chat = { model: 'acme-large', messages: [{ role: 'user', content: 'Hi' }] };

test('E19 a provider by a file alone: its key from the environment, in the header of its template', async () => {
  const upstream = await vendor();
  const cwd = withProviders({
    'acme.json': {
      provider: 'acme',
      name: 'Acme',
      base_url: `${upstream.url}/v1`,
      request_format: 'openai',
      models: [{ name: 'acme-large' }],
      headers: { 'X-Acme-Key': '{{api_key}}', 'X-Acme-Region': 'eu' },
    },
    'openai.json': { provider: 'openai', base_url: 'https://api.openai.com/v1', headers: {} },
    'broken.json': '{',
  });
  const { url, config } = await start({ cwd, env: { ACME_API_KEY: 'key-of-acme' } });
  for (const path of [
    '/v1/chat/completions',
    '/api/proxy/acme/chat/completions',
    '/api/v1/chat/completions?provider=acme',
  ])
    expect((await ask(url, path, { body: chat })).status).toBe(200);
  expect(upstream.seen.map((seen) => seen.url)).toEqual(Array.from({ length: 3 }, () => '/v1/chat/completions'));
  for (const { headers } of upstream.seen)
    expect(headers).toMatchObject({ 'x-acme-key': 'key-of-acme', 'x-acme-region': 'eu' });
  expect(upstream.seen[0]?.headers).not.toHaveProperty('authorization');
  expect(config().notes.filter((note) => note.includes('skipped'))).toEqual([
    'configs/providers/broken.json is skipped: it is not JSON.',
    expect.stringContaining('configs/providers/openai.json is skipped: "openai" is a provider already.'),
  ]);
});

test('E19 what is no file there is skipped with a message, and a file in the place of the folder', () => {
  const cwd = withProviders({});
  mkdirSync(join(cwd, 'configs/providers/old.json'));
  expect(load(cwd).notes.join('\n')).toContain('old.json is skipped: ');
  const other = folder();
  mkdirSync(join(other, 'configs'));
  writeFileSync(join(other, 'configs/providers'), '');
  expect(load(other).upstreams).toHaveLength(1);
});

test.each([
  [{ base_url: 'https://a.test' }, 'provider: '],
  [{ provider: 'a', base_url: 'ftp://a.test' }, 'base_url: '],
  [{ provider: 'a', base_url: 'https://a.test', request_format: 'anthropic' }, 'its format is "anthropic"'],
  [
    { provider: 'a', base_url: 'https://a.test', headers: { Authorization: 'Token {{api_key}}' } },
    'the key can stand alone',
  ],
])('E19 %j is skipped with a message', (file, words) => {
  expect(load(withProviders({ 'a.json': file })).notes.join('\n')).toContain(words);
});

test('E19 the configuration’s own vendors are stronger, and its upstreams may name such a provider', () => {
  const cwd = withProviders({ 'acme.json': { provider: 'acme', base_url: 'https://file.test/v1' } });
  const upstreams = 'upstreams: [{ name: u, provider: acme, apiKeys: [k] }]';
  writeFileSync(join(cwd, 'proxy.config.yaml'), upstreams);
  expect(load(cwd).vendors).toMatchObject([{ name: 'acme', baseUrl: 'https://file.test/v1' }]);
  writeFileSync(join(cwd, 'proxy.config.yaml'), `vendors: { acme: { baseUrl: 'https://own.test/v1' } }\n${upstreams}`);
  expect(load(cwd).vendors).toMatchObject([{ name: 'acme', baseUrl: 'https://own.test/v1' }]);
});
