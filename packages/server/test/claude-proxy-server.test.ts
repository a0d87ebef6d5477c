import { describe, expect, test } from 'vitest';
import { folder, start } from './support.ts';
import { recordingUpstream } from './upstream.ts';

// A predecessor's folder, served: its config.json and .env, and a Messages client in front.

const question = { model: 'claude-opus-4-1', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] };

function ask(url: string, accessKey: string, body: object = question) {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': accessKey },
    body: JSON.stringify(body),
  });
}

async function serveWith(upstream: object, more: object = {}) {
  const config = { upstream: [{ name: 'main', ...upstream }], currentUpstream: 0, loadBalance: 'failover', ...more };
  const cwd = folder({ 'config.json': JSON.stringify(config), '.env': 'PROXY_ACCESS_KEY=our-own-secret\n' });
  return start({ cwd, flags: { host: '127.0.0.1' } });
}

test('D30 an upstream gets the mapped model, and its own key', async () => {
  const upstream = await recordingUpstream();
  const modelMapping = { opus: 'gpt-big' };
  const { url } = await serveWith({
    baseUrl: `${upstream.url}/v1`,
    apiKeys: ['key-1'],
    serviceType: 'openaiold',
    modelMapping,
  });
  const answer = await ask(url, 'our-own-secret');
  expect(await answer.json()).toMatchObject({
    type: 'message',
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
  });
  expect(upstream.seen).toHaveLength(1);
  expect(upstream.seen[0]).toMatchObject({
    url: '/v1/chat/completions',
    headers: { authorization: 'Bearer key-1' },
    body: { model: 'gpt-big', max_tokens: 50 },
  });
  expect(JSON.stringify(upstream.seen)).not.toContain('our-own-secret');
});

describe('D24 the keys of the current upstream', () => {
  test.each([
    ['round-robin', '123123'],
    ['failover', '111111'],
  ])('%s uses them as %s', async (loadBalance, order) => {
    const upstream = await recordingUpstream();
    const { url } = await serveWith(
      { baseUrl: upstream.url, apiKeys: ['key-1', 'key-2', 'key-3'], serviceType: 'claude' },
      { loadBalance },
    );
    for (let count = 0; count < 6; count += 1) expect((await ask(url, 'our-own-secret')).status).toBe(200);
    expect(upstream.seen.map(({ headers }) => headers.authorization?.slice(-1)).join('')).toBe(order);
  });
});

test('D26 without a key the call is refused in the caller’s language, and no other upstream is asked', async () => {
  const upstream = await recordingUpstream();
  const other = { name: 'other', baseUrl: upstream.url, apiKeys: ['key-1'], serviceType: 'claude' };
  const main = { name: 'main', baseUrl: upstream.url, apiKeys: [], serviceType: 'claude' };
  const { url } = await serveWith({}, { upstream: [main, other] });
  for (const model of ['claude-opus-4-1', 'other/claude-opus-4-1']) {
    const answer = await ask(url, 'our-own-secret', { ...question, model });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(await answer.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } });
  }
  expect(upstream.seen).toEqual([]);
});

test('D29 a wrong certificate is refused with its cause in the log, and accepted where the upstream says so', async () => {
  const upstream = await recordingUpstream({ tls: true });
  const careful = await serveWith({ baseUrl: upstream.url, apiKeys: ['key-1'], serviceType: 'claude' });
  expect((await ask(careful.url, 'our-own-secret')).status).toBe(502);
  await careful.close();
  expect(careful.log.lines.join('')).toMatch(/certificate.*(DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_ALTNAME_INVALID)/);
  expect(upstream.seen).toEqual([]);

  const lax = await serveWith({
    baseUrl: upstream.url,
    apiKeys: ['key-1'],
    serviceType: 'claude',
    insecureSkipVerify: true,
  });
  expect((await ask(lax.url, 'our-own-secret')).status).toBe(200);
});

test('D29 one lax upstream leaves the other verifying', async () => {
  const first = await recordingUpstream({ tls: true });
  const second = await recordingUpstream({ tls: true });
  const cwd = folder({
    'proxy.config.yaml': `
upstreams:
  - { name: lax, provider: anthropic, baseUrl: "${first.url}", apiKeys: [key-12345], insecureSkipVerify: true }
  - { name: careful, provider: anthropic, baseUrl: "${second.url}/", apiKeys: [key-12345] }
`,
  });
  const { url } = await start({ cwd });
  expect((await ask(url, 'any', { ...question, model: 'lax/claude-x' })).status).toBe(200);
  expect((await ask(url, 'any', { ...question, model: 'careful/claude-x' })).status).toBe(502);
});
