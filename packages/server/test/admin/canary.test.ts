import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { masked } from '../../src/config/masked.ts';
import { operations } from '../../src/admin/operations.ts';
import { recordingUpstream } from '../upstream.ts';
import { folder, load, start, until } from '../support.ts';
import { adminServer, json } from './admin-server.ts';

// Must-show 2 of issue 4: a canary secret pushed through every path appears in no log, error, record, metric or API answer.

const canaries = {
  adminKey: 'canary-admin-key-7f3a91',
  accessKey: 'canary-access-key-5d20c4',
  upstreamKey: 'canary-upstream-key-b81e66',
  storedUpstreamKey: 'canary-stored-upstream-key-02d7fa',
  upstreamHeader: 'canary-upstream-header-93bb10',
  proxyPassword: 'canary-proxy-password-41ce',
  encryptionKey: 'canary-encryption-key-60a8d3-of-some-length',
  stranger: 'canary-wrong-key-of-a-stranger-1c9e',
  cookie: 'canary-cookie-of-a-caller-77d1',
  prompt: 'canary-prompt-text-e5f2',
  answer: 'canary-answer-text-8b40',
} as const;

/** A vendor that repeats in its errors what it was sent, as some do. */
function repeating(request: { url?: string | undefined; headers: object }, failing: boolean): string {
  const echo = JSON.stringify(request.headers);
  return failing
    ? JSON.stringify({
        error: { message: `Incorrect API key provided: ${echo}`, type: 'invalid_request_error', code: null },
      })
    : JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'gpt-x',
        choices: [{ index: 0, message: { role: 'assistant', content: canaries.answer }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      });
}

test('no canary sings', async () => {
  let failing = false;
  const upstream = await recordingUpstream({
    listener: (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(failing ? 401 : 200, { 'content-type': 'application/json' });
        response.end(repeating(request, failing));
      });
    },
  });
  const base = folder();
  const server = await adminServer({
    env: {
      ADMIN_KEY: canaries.adminKey,
      ENCRYPTION_KEY: canaries.encryptionKey,
      NODE_ENV: 'development',
      LOG_LEVEL: 'trace',
      BASE_PATH: base,
    },
    config: `
storage: kept/proxy.db
records: { accessLog: true, metrics: { open: true } }
accessKeys: [{ key: ${canaries.accessKey}, name: Ann }]
upstreams:
  - name: main
    provider: openai-compatible
    baseUrl: ${upstream.url}
    apiKeys: [${canaries.upstreamKey}]
    headers: { x-secret: ${canaries.upstreamHeader} }
    models: [gpt-x]
  - name: proxied
    provider: openai-compatible
    baseUrl: http://upstream.invalid
    apiKeys: [${canaries.upstreamKey}-2]
    connection: { proxy: "http://ann:${canaries.proxyPassword}@127.0.0.1:9" }
    models: [gpt-proxied]
`,
  });
  const heard: { readonly place: string; readonly text: string }[] = [];
  const hear = (place: string, answer: { readonly text: string; readonly headers: object }) =>
    heard.push({ place, text: answer.text + JSON.stringify(answer.headers) });
  const admin = { key: canaries.adminKey };
  const callers = [
    { authorization: `Bearer ${canaries.accessKey}` },
    { 'x-api-key': canaries.accessKey },
    { 'x-goog-api-key': canaries.accessKey },
    { authorization: `Bearer ${canaries.stranger}` },
  ];

  await server.call('POST', '/admin/api/v1/credentials', {
    ...admin,
    body: { upstream: 'main', key: canaries.storedUpstreamKey },
  });
  // Every door with good and bad keys, an upstream that answers, one that repeats secrets, and one behind a dead proxy.
  const bodies = {
    '/v1/chat/completions': { messages: [{ role: 'user', content: canaries.prompt }] },
    '/v1/responses': { input: canaries.prompt },
    '/v1/messages': { max_tokens: 9, messages: [{ role: 'user', content: canaries.prompt }] },
    '/api/v1/chat/completions': { messages: [{ role: 'user', content: canaries.prompt }] },
    '/api/proxy/main/chat/completions': { messages: [{ role: 'user', content: canaries.prompt }] },
    '/v1/embeddings': { input: canaries.prompt },
    '/v1/files': { purpose: canaries.prompt },
    '/v1/nothing': {},
  };
  for (failing of [false, true])
    for (const [path, body] of Object.entries(bodies))
      for (const headers of callers)
        for (const model of ['gpt-x', 'gpt-proxied', canaries.stranger]) {
          const options = { key: null, headers: { ...headers, cookie: `s=${canaries.cookie}` } };
          const place = `${path} ${model} ${failing ? 'failing' : 'answering'}`;
          const answer = await server.call('POST', `${path}?key=${canaries.stranger}`, {
            ...options,
            body: { ...body, model: model === canaries.stranger ? 'unknown' : model },
          });
          // What the model wrote is the caller's own.
          hear(place, { ...answer, text: answer.text.replaceAll(canaries.answer, '') });
        }
  for (const path of ['/health', '/', '/metrics', '/status', '/api/stats', '/api/calls/recent', '/api/usage/endpoints'])
    hear(path, await server.call('GET', path, { key: null }));

  await until(
    'the calls are on record',
    async () => json<{ calls: readonly object[] }>(await server.api('GET', '/calls?limit=1', admin)).calls.length > 0,
  );
  // Whatever can be read, and whatever can be refused.
  const { calls } = json<{ calls: readonly { requestId: string }[] }>(
    await server.api('GET', '/calls?limit=1000', admin),
  );
  expect(calls.length).toBeGreaterThan(50);
  hear('calls', await server.api('GET', '/calls?limit=1000', admin));
  for (const { method, path } of operations) {
    if (path.endsWith('/calls/live')) continue;
    const filled = path
      .replace('{id}', calls[0]?.requestId ?? '')
      .replace('{name}', 'main')
      .replace(/\{\w+\}/, 'x');
    if (method === 'GET') hear(path, await server.call('GET', filled, admin));
    else if (!path.endsWith('/session'))
      hear(
        path,
        await server.call(method, filled, { ...admin, body: { key: 1, token: canaries.stranger, text: '{' } }),
      );
  }
  for (const path of [
    '/metrics',
    '/status',
    '/api/stats',
    '/api/calls/recent',
    '/api/usage/endpoints',
    '/admin/dev/info',
  ])
    hear(path, await server.call('GET', path, admin));
  for (let tries = 0; tries < 3; tries += 1) {
    hear('login', await server.api('POST', '/session', { key: null, body: { key: canaries.stranger } }));
    hear('lookup', await server.call('POST', '/user/lookup', { key: null, body: { token: canaries.stranger } }));
  }

  server.log.flush();
  heard.push({ place: 'log', text: server.log.lines.join('') });
  await server.close();
  const files = readdirSync(base, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.some(({ name }) => name.endsWith('.db'))).toBe(true);
  expect(files.some(({ name }) => name.endsWith('.log'))).toBe(true);
  for (const { name, parentPath } of files)
    heard.push({ place: name, text: readFileSync(join(parentPath, name), 'latin1') });
  for (const { place, text } of heard)
    for (const [name, canary] of Object.entries(canaries)) {
      const at = text.indexOf(canary);
      expect(at < 0 ? '' : `${name}: …${text.slice(Math.max(0, at - 120), at + 60)}…`, place).toBe('');
    }
});

test('the password of a storage’s address is told by nobody', async () => {
  const password = 'canary-storage-password-3be9';
  const cwd = folder({ 'proxy.config.yaml': `storage: "postgres://ann:${password}@127.0.0.1:9/calls"` });
  expect(JSON.stringify(masked(load(cwd)))).not.toContain(password);
  const failure = await start({ cwd }).then(
    () => '',
    (error: unknown) => String(error),
  );
  expect(failure).toContain('127.0.0.1:9');
  expect(failure).not.toContain(password);
});
