/** Row A19: compose as oai-reverse-proxy's users have it, on 127.0.0.1:7860 with an env_file and a data folder. */
import { appendFileSync, chownSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { ask } from '../rows/ask.ts';
import { project } from './compose.ts';
import { answers, health, logs } from './container.ts';
import { podman } from './engine.ts';

const engine = inject('engine');

test('A19 compose.yaml is valid, takes PUBLISH and the env_file, and serves /health', async () => {
  const { folder, url, container, compose, config } = await project();
  for (const name of ['.env', 'data']) expect(existsSync(join(folder, name))).toBe(false);
  await expect(compose('config')).rejects.toThrow('.env');
  copyFileSync(join(folder, '.env.example'), join(folder, '.env'));
  const theirs = [
    'GATEKEEPER=proxy_key',
    'PROXY_KEY=a-key-of-this-test',
    'OPENAI_KEY=theirs-0123456789',
    'SERVER_TITLE=Ours',
  ];
  appendFileSync(join(folder, '.env'), `\n${theirs.join('\n')}\n`);
  mkdirSync(join(folder, 'data'));
  for (const name of ['.env', 'data']) chownSync(join(folder, name), 1000, 1000);

  const { services } = parse(await config('127.0.0.1:7860')) as { services: { proxy: Record<string, unknown> } };
  expect(services.proxy).toMatchObject({
    ports: ['127.0.0.1:7860:3000/tcp'],
    environment: { PORT: '3000', GATEKEEPER: 'proxy_key', SERVER_TITLE: 'Ours' },
    restart: 'unless-stopped',
  });
  expect(services.proxy['volumes']).toEqual([
    expect.stringMatching(/\/data:\/app\/data(:rw)?$/),
    expect.stringMatching(/\/\.env:\/app\/\.env:ro$/),
  ]);

  await compose('up', '-d', '--build');
  const name = await container();
  await answers(url, name);
  const { status, json } = await ask(url, '/health');
  expect([status, json()]).toEqual([200, expect.objectContaining({ status: 'healthy' })]);
  expect(await health(name)).toBe('healthy');
  const models = (key: string) => ask(url, '/v1/models', { headers: { authorization: `Bearer ${key}` } });
  expect([(await models('a-key-of-this-test')).status, (await models('another')).status]).toEqual([200, 401]);
  expect(await podman(engine, 'port', name)).toBe(`3000/tcp -> ${new URL(url).host}`);
  expect(await logs(name)).not.toMatch(/a-key-of-this-test|theirs-0123456789/);
}, 180_000);
