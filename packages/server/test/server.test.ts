import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serve } from '@proxy/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configPlaces } from '../src/config/load.ts';
import { folder, start, until } from './support.ts';
import { recordingUpstream } from './upstream.ts';

const ask = (model = 'demo', content = 'Say yes') => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
});

async function modelsOf(url: string, headers: Record<string, string> = {}): Promise<readonly string[]> {
  const answer = await fetch(`${url}/v1/models`, { headers });
  const { data } = (await answer.json()) as { data: readonly { id: string }[] };
  return data.map(({ id }) => id);
}

describe('doors that are no dialect', () => {
  test('A13 health has exactly the keys and types that monitors read', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/health`);
    const body = (await answer.json()) as Record<string, unknown>;
    expect(answer.status).toBe(200);
    expect(Object.keys(body)).toEqual(['status', 'timestamp', 'uptime', 'mode', 'config']);
    expect(body).toMatchObject({
      status: 'healthy',
      uptime: expect.any(Number) as number,
      mode: 'production',
      config: { upstreamCount: 1, currentUpstream: 0, loadBalance: 'failover' },
    });
    expect(new Date(String(body.timestamp)).toISOString()).toBe(body.timestamp);
  });

  test('A13 health can be moved and turned off', async () => {
    const moved = await start({ env: { HEALTH_CHECK_PATH: '/alive' } });
    expect((await fetch(`${moved.url}/alive`)).status).toBe(200);
    expect((await fetch(`${moved.url}/health`)).status).toBe(404);
    const off = await start({ env: { HEALTH_CHECK_ENABLED: 'false' } });
    expect((await fetch(`${off.url}/health`)).status).toBe(404);
  });

  test('A14 ping, and a page that names the doors', async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/ping`)).json()).toEqual({ pong: expect.any(Number) as number });
    const page = await fetch(`${url}/`);
    expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await page.text()).toContain('POST /v1/messages');
    expect((await fetch(`${url}/`, { method: 'HEAD' })).status).toBe(200);
  });

  test('health needs no access key, models do', async () => {
    const { url } = await start({ env: { PROXY_ACCESS_KEY: 'our-own-secret' }, flags: { host: '127.0.0.1' } });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
    expect(await modelsOf(url, { authorization: 'Bearer our-own-secret' })).toContain('demo');
    expect((await fetch(`${url}/v1/models`, { headers: { 'x-api-key': 'our-own-secreT' } })).status).toBe(401);
  });
});

describe('without access keys', () => {
  test('a page from elsewhere is refused, one on this machine is not', async () => {
    const { url } = await start();
    const from = (origin: string) => fetch(`${url}/v1/models`, { headers: { origin } });
    expect((await from('https://evil.example')).status).toBe(403);
    expect((await from('null')).status).toBe(403);
    expect((await from('http://localhost:5173')).status).toBe(200);
  });

  test.each([
    ['rebound.example', 403],
    ['localhost', 200],
    ['[::1]:3000', 200],
    ['127.0.0.1.evil.example', 403],
  ])('the Host %s is answered with %i', async (host, status) => {
    const { port } = await start();
    expect(await statusFor(port, host)).toBe(status);
  });

  test('with access keys Host and Origin do not matter', async () => {
    const { port } = await start({ env: { PROXY_ACCESS_KEY: 'our-own-secret' }, flags: { host: '127.0.0.1' } });
    expect(await statusFor(port, 'proxy.example', 'x-api-key: our-own-secret\r\nOrigin: https://app.example\r\n')).toBe(
      200,
    );
  });
});

/** fetch does not let anybody write Host. */
function statusFor(port: number, host: string, more = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(Number(data.toString().slice(9, 12)));
    });
    socket.write(`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
  });
}

describe('D22 hot reload', () => {
  const file = (model: string) => `upstreams: [{ name: a, provider: demo, models: [${model}] }]\n`;

  test('an edit is taken over, also when the file is replaced by rename', async () => {
    const cwd = folder({ 'proxy.config.yaml': file('one') });
    const path = join(cwd, 'proxy.config.yaml');
    const { url } = await start({ cwd });
    expect(await modelsOf(url)).toEqual(['one']);
    writeFileSync(path, file('two'));
    await until('the edit shows', async () => (await modelsOf(url)).includes('two'));
    writeFileSync(`${path}.new`, file('three'));
    renameSync(`${path}.new`, path);
    await until('the replaced file shows', async () => (await modelsOf(url)).includes('three'));
    writeFileSync(path, file('four'));
    await until('an edit after that shows too', async () => (await modelsOf(url)).includes('four'));
  });

  test('an invalid edit keeps the old configuration and says why; the next good one is taken', async () => {
    const cwd = folder({ 'proxy.config.yaml': file('one') });
    const path = join(cwd, 'proxy.config.yaml');
    const { url, log } = await start({ cwd });
    writeFileSync(path, 'upstreams: [{ name: a, provider: demmo }]\n');
    await until('the reason is in the log', () => log.lines.join('').includes('Did you mean \\"demo\\"'));
    expect(await modelsOf(url)).toEqual(['one']);
    writeFileSync(path, file('two'));
    await until('the good edit shows', async () => (await modelsOf(url)).includes('two'));
  });

  test('an emptied or half-written file changes nothing until it is whole', async () => {
    const cwd = folder({ 'proxy.config.yaml': file('one') });
    const path = join(cwd, 'proxy.config.yaml');
    const { url, log } = await start({ cwd });
    writeFileSync(path, '');
    writeFileSync(path, 'upstreams: [{ name');
    await new Promise((resolve) => setTimeout(resolve, 60));
    writeFileSync(path, file('two'));
    await until('the whole file shows', async () => (await modelsOf(url)).includes('two'));
    expect(log.lines.join('')).not.toContain('cannot be used');
  });

  test('the first file is taken over by a server that was started without one', async () => {
    const cwd = folder();
    const { url, log } = await start({ cwd, places: configPlaces(cwd) });
    expect((await fetch(`${url}/health`)).ok).toBe(true);
    writeFileSync(join(cwd, 'proxy.config.yml'), 'upstreams: [{ name: a, provider: demmo }]\n');
    await until('what is wrong with it is told', () => log.lines.join('').includes('Did you mean \\"demo\\"'));
    writeFileSync(join(cwd, 'proxy.config.yml'), file('two'));
    await until('the file shows', async () => (await modelsOf(url)).includes('two'));
  });

  test('a file that is gone is no configuration without upstreams and keys', async () => {
    const cwd = folder({ 'proxy.config.yaml': file('one') });
    const path = join(cwd, 'proxy.config.yaml');
    const server = await start({ cwd });
    renameSync(path, `${path}.away`);
    expect(server.reload()).toBe(false);
    expect(server.log.lines.join('')).toContain(`${path} is gone. Bring it back`);
    expect(await modelsOf(server.url)).toEqual(['one']);
    renameSync(`${path}.away`, path);
    expect(server.reload()).toBe(true);
  });

  test('an edit shows while another file of the folder changes all the time', async () => {
    const cwd = folder({ 'proxy.config.yaml': file('one') });
    const { url } = await start({ cwd });
    const busy = setInterval(() => appendFileSync(join(cwd, 'proxy.log'), 'a line\n'), 10);
    onTestFinished(() => clearInterval(busy));
    writeFileSync(join(cwd, 'proxy.config.yaml'), file('two'));
    await until('the edit shows', async () => (await modelsOf(url)).includes('two'));
  });

  test('a running stream goes on with what it began with', async () => {
    const cwd = folder({ 'proxy.config.yaml': file('one') });
    const server = await start({ cwd });
    const init = ask('one', 'Tell me something long');
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      ...init,
      body: JSON.stringify({ ...(JSON.parse(init.body) as object), stream: true }),
    });
    writeFileSync(join(cwd, 'proxy.config.yaml'), file('two'));
    expect(server.reload()).toBe(true);
    expect(await modelsOf(server.url)).toEqual(['two']);
    expect((await answer.text()).trimEnd().endsWith('data: [DONE]')).toBe(true);
  });

  test('taking the access keys away while listening wide is refused', async () => {
    const keyed = `accessKeys: [our-own-secret]\n${file('one')}`;
    const cwd = folder({ 'proxy.config.yaml': keyed });
    const server = await start({
      cwd,
      listen: (gateway, options) => serve(gateway, { ...options, host: '127.0.0.1' }),
    });
    expect(server.config().server.host).toBe('0.0.0.0');
    writeFileSync(join(cwd, 'proxy.config.yaml'), file('one'));
    expect(server.reload()).toBe(false);
    expect((await fetch(`http://127.0.0.1:${server.port}/v1/models`)).status).toBe(401);
    expect(server.log.lines.join('')).toContain('Refusing to listen on 0.0.0.0');
  });
});

describe('an upstream from the environment', () => {
  test('is called with its key, and the access key stays here', async () => {
    const { url: vendor, seen } = await recordingUpstream();
    const env = {
      ANTHROPIC_API_KEY: 'sk-ant-upstream-secret',
      ANTHROPIC_BASE_URL: vendor,
      PROXY_ACCESS_KEY: 'our-own-secret',
    };
    const { url, log, close } = await start({ env, flags: { host: '127.0.0.1' } });
    const init = ask('claude-x');
    const answer = await fetch(`${url}/v1/chat/completions`, {
      ...init,
      headers: { ...init.headers, authorization: 'Bearer our-own-secret' },
    });
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'hi' } }] });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ url: '/v1/messages', headers: { 'x-api-key': 'sk-ant-upstream-secret' } });
    expect(JSON.stringify(seen)).not.toContain('our-own-secret');
    await close();
    const lines = log.lines.join('');
    expect(lines).toContain('openai-chat claude-x → anthropic/claude-x 200');
    expect(lines).not.toMatch(/upstream-secret|our-own-secret/);
  });
});
