import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, start, until } from '../support.ts';
import { ask } from './ask.ts';
import { claudeStream, vendor } from './vendor.ts';

/** Rows A8, A9, A11, A12 and A14 of the acceptance list. */

const key = 'ours-0123456789-abcdef';
const authorization = `Bearer ${key}`;
const chat = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hi' }] };
const messages = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: chat.messages };

async function served(base: string, env: Record<string, string> = {}) {
  const openai = await vendor();
  const claude = await vendor((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(claudeStream);
  });
  const config = `
accessKeys: [{ key: ${key}, name: team }]
upstreams:
  - { name: oa, provider: openai, baseUrl: "${openai.url}", apiKeys: [theirs-0123456789], dialects: [openai-chat], models: [gpt-4o, whisper-1] }
  - { name: an, provider: anthropic, baseUrl: "${claude.url}", apiKeys: [theirs-0123456789], models: [claude-*] }
`;
  return start({ cwd: folder({ 'proxy.config.yaml': config }), env: { BASE_PATH: base, ...env } });
}

function linesIn(base: string): readonly Record<string, unknown>[] {
  const logs = join(base, 'logs');
  if (!existsSync(logs)) return [];
  return readdirSync(logs).flatMap((file) => {
    expect(file).toMatch(/^\d{4}-\d{2}-\d{2}\.log$/);
    return readFileSync(join(logs, file), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  });
}

test('A11 and A12 a line for each call below BASE_PATH: both APIs, streamed and not, uploads, refusals', async () => {
  const base = join(folder(), 'not', 'there', 'yet');
  const { url } = await served(base);
  const headers = { authorization };
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await ask(url, '/v1/messages', { headers, body: { ...messages, stream: true } });
  await ask(url, '/v1/chat/completions?key=secret-in-a-query', { body: chat });
  const form = ['--x', 'content-disposition: form-data; name="model"', '', 'whisper-1', '--x'];
  form.push('content-disposition: form-data; name="file"; filename="a.mp3"', '', 'sound', '--x--', '');
  await ask(url, '/v1/audio/transcriptions', {
    headers: { ...headers, 'content-type': 'multipart/form-data; boundary=x' },
    body: form.join('\r\n'),
  });
  await until('four lines are there', () => linesIn(base).length === 4);
  const [whole, streamed, refused, upload] = linesIn(base);
  expect(whole).toMatchObject({
    path: '/v1/chat/completions',
    params: { model: 'gpt-4o', stream: false },
    inputTokens: 3,
    outputTokens: 2,
    status: 200,
    cost: 0.0000275, // 3 x 2.5 + 2 x 10 millionths
    totalTime: expect.any(Number) as number,
    sourceIP: expect.stringContaining('127.0.0.1') as string,
  });
  expect(whole).not.toHaveProperty('error');
  expect(streamed).toMatchObject({ path: '/v1/messages', params: { model: 'claude-sonnet-4-5', stream: true } });
  expect(streamed?.outputTokens).toBeGreaterThan(0);
  expect(refused).toMatchObject({
    status: 401,
    inputTokens: 0,
    error: expect.stringContaining('unauthenticated') as string,
  });
  expect(upload).toMatchObject({ path: '/v1/audio/transcriptions', status: 200 });
  const text = JSON.stringify(linesIn(base));
  for (const secret of [key, 'theirs-0123456789', 'secret-in-a-query']) expect(text).not.toContain(secret);
});

test('A11 without BASE_PATH, and with it when it is turned off, no file is written', async () => {
  const upstream = await vendor();
  const base = folder();
  const config = `records: { accessLog: false }\nupstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [k-0123456789] }]`;
  const { url, close } = await start({ cwd: folder({ 'proxy.config.yaml': config }), env: { BASE_PATH: base } });
  await ask(url, '/v1/chat/completions', { body: chat });
  await close();
  expect(readdirSync(base)).toEqual([]);
});

test('A8 and A9 lines of the level and above, and request lines unless the word is false', async () => {
  const silent = await served(folder(), { ENABLE_REQUEST_LOGS: 'false' });
  await ask(silent.url, '/v1/chat/completions', { headers: { authorization }, body: chat });
  silent.log.flush();
  expect(silent.log.lines.join('')).not.toContain('requestId');
  for (const [LOG_LEVEL, many] of [
    ['warn', 0],
    ['info', 1],
  ] as const) {
    const { url, log } = await served(folder(), { LOG_LEVEL, ENABLE_REQUEST_LOGS: 'no' });
    await ask(url, '/v1/chat/completions', { headers: { authorization }, body: chat });
    await until('the call is over', () => {
      log.flush();
      return many === 0 || log.lines.join('').includes('requestId');
    });
    expect(log.lines.join('').match(/"requestId"/g) ?? []).toHaveLength(many);
  }
});

test('A14 health as each predecessor’s monitors read it, under any name', async () => {
  const { url } = await served(folder());
  for (const host of ['localhost', 'monitor.example.com']) {
    const api = await ask(url, '/api/health', { host });
    expect(api.status).toBe(200);
    expect(api.json()).toEqual({
      success: true,
      message: 'API Proxy is healthy',
      timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/) as string,
    });
    expect((await ask(url, '/health', { host })).status).toBe(200);
    expect((await ask(url, '/ping', { host })).json()).toEqual({ pong: expect.any(Number) as number });
  }
});
