import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { describe, expect, test, vi } from 'vitest';
import { folder, load, start, until } from './support.ts';
import { recordingUpstream } from './upstream.ts';

/** Three vendors at one address, told apart by the way in which a key is shown; `lists` may change while they run. */
async function vendors() {
  const asked: string[] = [];
  const lists = {
    openai: { object: 'list', data: [{ id: 'gpt-5.5', object: 'model', created: 1, owned_by: 'system' }] } as object,
    anthropic: { data: [{ type: 'model', id: 'claude-opus-4-8', display_name: 'Opus' }], has_more: false } as object,
    gemini: { models: [{ name: 'models/gemini-2.5-pro', displayName: 'Pro', inputTokenLimit: 7 }] } as object,
  };
  const { url } = await recordingUpstream({
    listener({ url: path = '', headers }, response) {
      const who = headers['x-goog-api-key'] ? 'gemini' : headers['x-api-key'] ? 'anthropic' : 'openai';
      asked.push(`${who} ${path}`);
      const revoked = headers.authorization === 'Bearer revoked-key';
      response.statusCode = revoked ? 401 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(revoked ? { error: { message: 'Incorrect API key: revoked-key' } } : lists[who]));
    },
  });
  return { url, asked, lists };
}

const config = (url: string, openaiKey = 'key-of-openai') => `
upstreams:
  - { name: oa, provider: openai, baseUrl: "${url}/v1", apiKeys: [${openaiKey}] }
  - { name: an, provider: anthropic, baseUrl: "${url}", apiKeys: [sk-ant-api-key] }
  - { name: go, provider: gemini, baseUrl: "${url}", apiKeys: [key-of-gemini] }
accessKeys: [{ key: ours-0123456789, name: me }]
`;

function clientsOf(url: string) {
  const apiKey = 'ours-0123456789';
  return {
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: url, apiKey, maxRetries: 0 }),
    genai: new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } }),
  };
}

describe('the vendors’ own lists, merged', () => {
  test('as each SDK reads them', async () => {
    const upstream = await vendors();
    const server = await start({ cwd: folder({ 'proxy.config.yaml': config(upstream.url) }) });
    const { openai, anthropic, genai } = clientsOf(server.url);
    const all = ['gpt-5.5', 'claude-opus-4-8', 'gemini-2.5-pro'];
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(all);
    expect((await anthropic.models.list({ limit: 1000 })).data.map(({ id }) => id)).toEqual(all);
    const named: (string | undefined)[] = [];
    for await (const { name } of await genai.models.list()) named.push(name);
    expect(named).toEqual(all.map((name) => `models/${name}`));
    expect(await openai.models.retrieve('claude-opus-4-8')).toMatchObject({ owned_by: 'an', name: 'Opus' });
    expect(await genai.models.get({ model: 'gemini-2.5-pro' })).toMatchObject({
      displayName: 'Pro',
      inputTokenLimit: 7,
    });
    await expect(openai.models.retrieve('nobody')).rejects.toMatchObject({ status: 404 });
    expect(upstream.asked.sort()).toEqual([
      'anthropic /v1/models?limit=1000',
      'gemini /v1beta/models?pageSize=1000',
      'openai /v1/models',
    ]);
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'nobody', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
  });

  test('F10 only services with a live key: one revoked, one removed while we run', async () => {
    const upstream = await vendors();
    const cwd = folder({ 'proxy.config.yaml': config(upstream.url, 'revoked-key') });
    const server = await start({ cwd });
    const { openai } = clientsOf(server.url);
    const ids = async () => (await openai.models.list()).data.map(({ id }) => id);
    expect(await ids()).toEqual(['claude-opus-4-8', 'gemini-2.5-pro']);
    await vi.waitFor(() => expect(server.log.lines.join('')).toContain('The models of an upstream cannot be listed'));
    expect(server.log.lines.join('')).not.toContain('revoked-key');

    writeFileSync(join(cwd, 'proxy.config.yaml'), config(upstream.url));
    await until('the new key shows', async () => (await ids()).includes('gpt-5.5'));
    const without = config(upstream.url).replace(/.*name: an,.*\n/, '');
    writeFileSync(join(cwd, 'proxy.config.yaml'), without);
    await until('the removed key shows', async () => !(await ids()).includes('claude-opus-4-8'));
    expect(await ids()).toEqual(['gpt-5.5', 'gemini-2.5-pro']);
  });

  test('kept for as long as is configured', async () => {
    const upstream = await vendors();
    const yaml = `${config(upstream.url)}modelLists: { cacheSeconds: 0 }\n`;
    const server = await start({ cwd: folder({ 'proxy.config.yaml': yaml }) });
    const { openai } = clientsOf(server.url);
    await openai.models.list();
    upstream.lists.openai = { data: [{ id: 'gpt-6' }] };
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids).toContain('gpt-6');
    expect(upstream.asked).toHaveLength(6);
    expect(() => load(folder({ 'proxy.config.yaml': 'modelLists: { cacheSeconds: soon }' }))).toThrow(
      'modelLists.cacheSeconds',
    );
  });
});
