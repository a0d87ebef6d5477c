import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CallRecord } from '@proxy/core';
import { keptDays } from '../../src/config/records.ts';
import { createLog } from '../../src/log.ts';
import { banner } from '../../src/banner.ts';
import { openStorage } from '../../src/storage/open.ts';
import { sweep } from '../../src/storage/sweep.ts';
import { folder, load, start, until } from '../support.ts';
import { ask } from './ask.ts';
import { claudeStream, vendor } from './vendor.ts';

/** Rows F20 and F22 of the acceptance list. */

const key = 'ours-0123456789-abcdef';
const headers = { authorization: `Bearer ${key}` };
const turns = [{ role: 'user' as const, content: 'My card is 4111-1111, and what is it?' }];
const chat = { model: 'gpt-4o', messages: turns };
const messages = { model: 'claude-x', max_tokens: 9, system: 'Be brief.', messages: turns };

async function served(records: string, env: Record<string, string> = {}) {
  const openai = await vendor();
  const claude = await vendor((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(claudeStream);
  });
  const config = `
accessKeys: [{ key: ${key}, name: team }]
${records}
upstreams:
  - { name: oa, provider: openai, baseUrl: "${openai.url}", apiKeys: [theirs-0123456789], dialects: [openai-chat], models: [gpt-4o] }
  - { name: an, provider: anthropic, baseUrl: "${claude.url}", apiKeys: [theirs-0123456789], models: [claude-*] }
`;
  const calls: CallRecord[] = [];
  const log = createLog({ write: () => undefined });
  const listening = { ...log, ledger: { append: (record: CallRecord) => void calls.push(record) } };
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), env, log: listening });
  return { ...server, calls };
}

function entriesIn(path: string): readonly Record<string, unknown>[] {
  if (!existsSync(path)) return [];
  return readdirSync(path).flatMap((file) =>
    readFileSync(join(path, file), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

test('F20 prompts and replies in a file, streamed and not, translated and not; never to be had over the web', async () => {
  const base = folder();
  const { url, config } = await served('records: { accessLog: false }', {
    BASE_PATH: base,
    PROMPT_LOGGING: 'true',
    PROMPT_LOGGING_BACKEND: 'file',
  });
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await ask(url, '/v1/messages', { headers, body: { ...messages, stream: true } });
  await ask(url, '/v1/chat/completions', { headers, body: { ...chat, model: 'claude-x', stream: true } });
  await ask(url, '/v1/chat/completions', { body: chat });
  const path = join(base, 'prompts');
  await until('three entries are there', () => entriesIn(path).length === 3);
  const [whole, relayed, translated] = entriesIn(path);
  expect(whole).toMatchObject({
    endpoint: '/v1/chat/completions',
    model: 'gpt-4o',
    prompt: `user: ${turns[0]?.content}`,
    response: 'hi',
  });
  expect(relayed).toMatchObject({
    endpoint: '/v1/messages',
    model: 'claude-x',
    prompt: `system: Be brief.\n\nuser: ${turns[0]?.content}`,
    response: 'hello',
  });
  expect(translated).toMatchObject({ endpoint: '/v1/chat/completions', model: 'claude-x', response: 'hello' });
  const [file = ''] = readdirSync(path);
  for (const place of [`/${file}`, `/prompts/${file}`, `/user_content/${file}`, `/logs/${file}`, `/../prompts/${file}`])
    expect((await ask(url, place, { headers })).status).toBe(404);
  expect(banner(config(), 1)).toContain('Prompts and replies are logged');
});

test('F20 off unless asked for', async () => {
  const base = folder();
  for (const env of [{}, { PROMPT_LOGGING: 'false', PROMPT_LOGGING_BACKEND: 'file' }]) {
    const { url, close, config } = await served('records: { accessLog: false }', { BASE_PATH: base, ...env });
    await ask(url, '/v1/chat/completions', { headers, body: chat });
    await close();
    expect(banner(config(), 1)).not.toContain('are logged');
  }
  expect(readdirSync(base)).toEqual([]);
});

test('F20 what cannot be read is kept as it came, and holds up no other', async () => {
  const base = folder();
  const { url } = await served('records: { accessLog: false, prompts: { to: file } }', { BASE_PATH: base });
  await ask(url, '/v1/chat/completions', { headers, body: { model: 'gpt-4o', messages: 'no list' } });
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  const path = join(base, 'prompts');
  await until('two entries are there', () => entriesIn(path).length === 2);
  const [odd, next] = entriesIn(path);
  expect(odd).toMatchObject({
    prompt: '{"model":"gpt-4o","messages":"no list"}',
    response: expect.any(String) as string,
  });
  expect(next).toMatchObject({ response: 'hi' });
});

test('F20 prompts and replies in the storage, redacted, and swept when they are old', async () => {
  const base = folder();
  const records = `storage: ${join(base, 'kept.db')}\nrecords: { prompts: { to: storage, days: 7, redact: ['\\d{4}-\\d{4}'] } }`;
  const { url, config, close } = await served(records);
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await ask(url, '/v1/messages', { headers, body: { ...messages, stream: true } });
  await ask(url, '/v1/chat/completions', { body: chat });
  expect(banner(config(), 1)).toContain('they are kept in the storage');
  await close();
  const storage = await openStorage({ place: { type: 'sqlite', path: join(base, 'kept.db') } });
  onTestFinished(() => storage.close());
  const [streamed, whole, ...others] = await storage.prompts.list({ limit: 9 });
  expect(others).toEqual([]);
  expect(whole).toMatchObject({
    endpoint: '/v1/chat/completions',
    model: 'gpt-4o',
    prompt: 'user: My card is [redacted], and what is it?',
    response: 'hi',
    callerId: expect.any(String) as string,
  });
  expect(streamed).toMatchObject({ endpoint: '/v1/messages', model: 'claude-x', response: 'hello' });
  expect((await storage.calls.find(whole?.requestId ?? ''))?.status).toBe(200);
  const inAWeek = Date.now() + 8 * 24 * 60 * 60_000;
  await sweep(storage, inAWeek, { ...keptDays(config().records), temporaryKeyHours: 48 });
  expect(await storage.prompts.list({ limit: 9 })).toEqual([]);
  expect(await storage.calls.count()).toBe(3);
});

test('F20 the place of prompts by the predecessor’s variables; days only where something is kept', () => {
  const read = (yaml: string, env = {}) => load(folder({ 'proxy.config.yaml': yaml }), env);
  const env = { PROMPT_LOGGING: 'true', PROMPT_LOGGING_BACKEND: 'storage' };
  expect(read('upstreams: []', env).records.prompts?.to).toBe('storage');
  expect(keptDays(read('records: { days: 9, prompts: { to: storage } }').records)).toEqual({ calls: 9, prompts: 9 });
  expect(() => read("records: { prompts: { to: webhook, url: 'http://127.0.0.1:1/', days: 3 } }")).toThrow(
    'records.prompts: has days, but a webhook keeps what it is sent. Leave days out.',
  );
});

test('F20 files of prompts that are older than their days are removed, and no other', async () => {
  const base = folder();
  const path = join(base, 'prompts');
  mkdirSync(path);
  const kept = [`${new Date().toISOString().slice(0, 10)}.jsonl`, '2020-01-01.txt', 'notes.jsonl'];
  for (const name of [...kept, '2020-01-01.jsonl']) writeFileSync(join(path, name), '');
  const { url } = await served('records: { accessLog: false, prompts: { to: file, days: 2 } }', { BASE_PATH: base });
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await until('the old one has gone', () => !existsSync(join(path, '2020-01-01.jsonl')));
  expect(readdirSync(path)).toEqual(expect.arrayContaining(kept));
});

test('prompts to a webhook, without what is to be left out, and once more after a failure', async () => {
  const bodies: string[] = [];
  let failures = 1;
  const hook = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += String(piece)));
    request.on('end', () => {
      if (failures > 0) failures -= 1;
      else bodies.push(`${request.headers['x-token'] as string} ${body}`); // sent once
      response.writeHead(failures === 0 && bodies.length > 0 ? 204 : 503).end();
    });
  });
  await new Promise<void>((resolve) => void hook.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    hook.closeAllConnections();
    hook.close();
  });
  const { port } = hook.address() as AddressInfo; // a server on a host and port has such an address
  const where = `url: "http://127.0.0.1:${port}/", headers: { x-token: hook-secret-0123 }`;
  const { url } = await served(`records: { prompts: { to: webhook, ${where}, redact: ['\\d{4}-\\d{4}'] } }`);
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await until('the webhook has it', () => bodies.length > 0);
  const [token, ...rest] = bodies[0]?.split(' ') ?? [];
  expect(token).toBe('hook-secret-0123');
  expect(JSON.parse(rest.join(' '))).toMatchObject({
    entries: [
      {
        prompt: 'user: My card is [redacted], and what is it?',
        response: 'hi',
        callerId: expect.any(String) as string,
      },
    ],
  });
});

test('F22 the same prompt has the same hash, whoever’s dialect it came in; nothing of it is kept', async () => {
  const { url, calls } = await served('', { EVENT_LOGGING: 'true' });
  const plain = { ...messages, system: undefined, stream: true };
  await ask(url, '/v1/chat/completions', { headers, body: chat });
  await ask(url, '/v1/messages', { headers, body: plain });
  await ask(url, '/v1/messages', { headers, body: { ...plain, messages: [{ role: 'user', content: 'Another' }] } });
  await ask(url, '/v1/chat/completions', { body: chat });
  await until('four calls are over', () => calls.length === 4);
  const hashes = calls.map((call) => (call as CallRecord & { readonly promptHash?: string }).promptHash);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[2]).not.toBe(hashes[0]);
  expect(hashes[3]).toBeUndefined();
  expect(JSON.stringify(calls)).not.toContain('My card');
});
