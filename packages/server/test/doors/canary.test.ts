import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { operations } from '../../src/admin/operations.ts';
import { commandLine } from '../command-line.ts';
import { ask } from '../rows/ask.ts';
import { visit } from '../socket-upstream.ts';
import { folder, start } from '../support.ts';
import { echoes, echoingUpstream, type Echo } from './echo.ts';
import { modelKnocks, type Knock } from './knocks.ts';

// Must-show 2 of issue 4: canaries pushed through every door, and sent back by an upstream in every way it can, are heard nowhere.

/** Made of different words, so that a failing message names the one that sang. */
const canaries = {
  accessKey: 'canary-access-key-5d20c4aa',
  adminKey: 'canary-admin-key-7f3a91bb',
  encryptionKey: 'canary-encryption-key-60a8d3-of-some-length',
  openai: 'canary-openai-key-b81e66cc',
  anthropic: 'canary-anthropic-key-02d7fadd',
  gemini: 'canary-gemini-key-93bb10ee',
  mistral: 'canary-mistral-key-41ce00ff',
  bedrock: 'CANARYBEDROCKID01:canary-bedrock-secret-77d1aa01/02',
  azure: 'canary-azure-key-e5f28b40',
  stored: 'canary-stored-key-1c9e77d1',
  secretHeader: 'canary-secret-header-8b401c9e',
  plainHeader: 'canary.plain.header.9f31d20b',
  webhook: 'canary-webhook-token-3be93be9',
  collector: 'canary-collector-token-aa01cc02',
  proxyPassword: 'canary-proxy-password-41ce41ce',
  theirs: 'canary-own-key-of-a-caller-dd03ee04',
  stranger: 'canary-wrong-key-of-a-stranger-ff05',
  cookie: 'canary-cookie-of-a-caller-0607',
} as const;
/** These the upstream is meant to hear. */
const forUpstreams: ReadonlySet<string> = new Set([
  'openai',
  'anthropic',
  'gemini',
  'mistral',
  'bedrock',
  'azure',
  'stored',
  'secretHeader',
  'plainHeader',
  'theirs',
]);

/** Takes whatever is posted. */
async function sink() {
  const taken: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      taken.push(`${request.url} ${Buffer.concat(pieces).toString()}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken }; // a server on a host and port has such an address
}

const configOf = (cwd: string, upstream: string, collector: string, prompts: string) => `
server: { port: 0, host: 127.0.0.1 }
log: { level: trace }
storage: "${cwd}/kept/proxy.db"
records:
  metrics: { open: true }
  accessLog: { folder: "${cwd}/kept/logs" }
  promptHashes: true
  prompts: { ${prompts} }
  telemetry: { endpoint: "${collector}", headers: { x-token: ${canaries.collector} } }
doors: { hosts: { claude: "${upstream}", openai: "${upstream}" }, api: true, services: true, addresses: { allow: [127.0.0.0/8] } }
admin: { key: ${canaries.adminKey} }
accessKeys: [{ key: ${canaries.accessKey}, name: Ann }]
upstreams:
  - { name: oa, provider: openai, baseUrl: "${upstream}", apiKeys: [${canaries.openai}], models: [m], headers: { x-secret: ${canaries.secretHeader}, x-gate: ${canaries.plainHeader} } }
  - { name: an, provider: anthropic, baseUrl: "${upstream}", apiKeys: [${canaries.anthropic}], models: [m] }
  - { name: ge, provider: gemini, baseUrl: "${upstream}", apiKeys: [${canaries.gemini}], models: [m] }
  - { name: mi, provider: mistral, baseUrl: "${upstream}", apiKeys: [${canaries.mistral}], models: [m] }
  - { name: be, provider: bedrock, baseUrl: "${upstream}", apiKeys: ["${canaries.bedrock}"], models: [m], settings: { region: us-east-1 } }
  - { name: az, provider: azure, baseUrl: "${upstream}", apiKeys: [${canaries.azure}], models: [m] }
  - { name: proxied, provider: openai, baseUrl: "http://upstream.invalid", apiKeys: [${canaries.openai}-2], models: [behind-a-proxy], connection: { proxy: "http://ann:${canaries.proxyPassword}@127.0.0.1:9" } }
`;

test('no canary sings, at whatever door and in whatever way an upstream sends it back', async () => {
  const upstream = await echoingUpstream();
  const collector = await sink();
  const webhook = await sink();
  const toWebhook = `to: webhook, url: "${webhook.url}", headers: { x-hook: ${canaries.webhook} }`;
  const cwd = folder();
  const configure = (prompts: string) =>
    writeFileSync(join(cwd, 'proxy.config.yaml'), configOf(cwd, upstream.url, collector.url, prompts));
  configure(toWebhook);
  const env = { ENCRYPTION_KEY: canaries.encryptionKey, NODE_ENV: 'development' };
  const server = await start({ cwd, env, watch: false });
  const heard: { readonly place: string; readonly text: string }[] = [];
  const admin = { authorization: `Bearer ${canaries.adminKey}` };
  const adminAsks = async (method: string, path: string, body?: object) => {
    const answer = await ask(server.url, path, { method, headers: admin, ...(body && { body }) });
    heard.push({ place: `${method} ${path}`, text: answer.text + JSON.stringify(answer.headers) });
    return answer;
  };
  const tail = new AbortController();
  const live = await fetch(`${server.url}/admin/api/v1/calls/live`, { headers: admin, signal: tail.signal });
  const watched = live.text().catch(() => '');
  void watched;
  await adminAsks('POST', '/admin/api/v1/credentials', { upstream: 'oa', key: canaries.stored });

  async function knock(at: Knock, echo: Echo) {
    upstream.state.echo = echo;
    server.keys().reset();
    const key = at.opens === 'own-key' ? canaries.theirs : canaries.accessKey;
    const shown = { 'x-api-key': key, authorization: `Bearer ${key}` };
    const headers: Record<string, string> = {
      ...at.headers,
      ...shown,
      cookie: `s=${canaries.cookie}`,
      'proxy-authorization': `Basic ${canaries.stranger}`,
    };
    const place = `${at.title} (${echo})`;
    if (at.socket) {
      heard.push({ place, text: await session(server.url, at, headers) });
      return;
    }
    const { host, ...others } = headers;
    const options = {
      method: at.method,
      ...(host !== undefined && { host }),
      headers: others,
      ...(at.body !== undefined && { body: at.body }),
    };
    const answer = await ask(
      server.url,
      `${at.url}${at.url.includes('?') ? '&' : '?'}key=${canaries.stranger}`,
      options,
    ).catch((error: unknown) => ({ text: String(error), headers: {} }));
    heard.push({ place, text: answer.text + JSON.stringify(answer.headers) });
  }

  const asking = { address: upstream.url, model: 'm' };
  const whole = modelKnocks(asking);
  const streamed = modelKnocks({ ...asking, streaming: true });
  const own = whole.filter(({ url }) => !/^\/(proxy|api)\//.test(url)).length;
  expect(own).toBeGreaterThan(100);
  // A stranger, at each.
  for (const at of whole.filter(({ opens, socket }) => opens === 'access-key' && !socket)) {
    const { host, ...others } = at.headers;
    const options = {
      method: at.method,
      ...(host !== undefined && { host }),
      headers: { ...others, 'x-api-key': canaries.stranger },
      ...(at.body !== undefined && { body: at.body }),
    };
    const answer = await ask(server.url, at.url, options);
    heard.push({ place: `${at.title} (stranger)`, text: answer.text });
  }

  // Every door in one way at least, and those of the gateway's own and the callers' in all.
  for (const [index, at] of whole.entries())
    for (const [which, echo] of echoes.entries()) {
      const all = !/^\/(proxy|api)\//.test(at.url) && at.operation !== 'list-models';
      const withStream = echo === 'late' || echo === 'first';
      if (all || index % echoes.length === which) await knock((withStream ? streamed[index] : at) ?? at, echo);
    }
  expect(upstream.seen.length).toBeGreaterThan(500);
  const behind = whole.find(({ url }) => url === '/v1/chat/completions');
  if (behind) await knock({ ...behind, body: (behind.body ?? '').replace('"oa/m"', '"behind-a-proxy"') }, 'refusal');

  // Prompts go into a file from here on.
  configure(`to: file, folder: "${cwd}/kept/prompts"`);
  expect(server.reload()).toBe(true);
  for (const [index, at] of whole.entries())
    if (at.operation === 'generate' && !/^\/(proxy|api)\//.test(at.url)) {
      await knock(at, 'headers');
      await knock(streamed[index] ?? at, 'late');
    }

  // Whatever can be read.
  const calls: { readonly requestId: string }[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await adminAsks('GET', `/admin/api/v1/calls?limit=1000${after && `&after=${after}`}`);
    const told = page.json() as { readonly calls: typeof calls; readonly next?: string };
    calls.push(...told.calls);
    after = told.next;
  }
  expect(calls.length).toBeGreaterThan(2000);
  await adminAsks('POST', '/admin/api/v1/keys/check', {});
  for (const { method, path } of operations)
    if (method === 'GET' && !path.endsWith('/live'))
      await adminAsks(
        'GET',
        path
          .replace('{id}', calls[0]?.requestId ?? '')
          .replace('{name}', 'oa')
          .replace(/\{\w+\}/, 'x'),
      );
  for (const path of ['/metrics', '/api/stats', '/api/calls/recent?limit=1000', '/api/usage/endpoints', '/health', '/'])
    await adminAsks('GET', path);
  await server.close();
  heard.push({ place: 'live tail', text: await watched });
  heard.push({ place: 'log', text: server.log.lines.join('') });
  heard.push({ place: 'telemetry', text: collector.taken.join('\n') });
  heard.push({ place: 'webhook', text: webhook.taken.join('\n') });
  expect([collector.taken.length, webhook.taken.length].every((many) => many > 0)).toBe(true);
  upstream.state.echo = 'refusal';
  process.env.ENCRYPTION_KEY = canaries.encryptionKey;
  onTestFinished(() => void delete process.env.ENCRYPTION_KEY);
  for (const args of [
    'logs --limit 9999',
    'logs --limit 9999 --json',
    'logs --failed',
    'usage',
    'usage --json',
    'keys list',
    'credentials list',
    'users list',
    `explain ${calls[0]?.requestId}`,
    'check',
    'config show',
    'doctor --json',
  ]) {
    const { out, err } = await commandLine(cwd, args.split(' '));
    heard.push({ place: `proxy ${args}`, text: out + err });
  }

  const files = readdirSync(join(cwd, 'kept'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const end of ['.db', '.log', '.jsonl'])
    expect(
      files.some(({ name }) => name.endsWith(end)),
      end,
    ).toBe(true);
  for (const { name, parentPath } of files)
    heard.push({ place: name, text: readFileSync(join(parentPath, name), 'latin1') });
  const notForUpstreams = Object.entries(canaries).filter(([name]) => !forUpstreams.has(name));
  const sang = [
    ...heard.flatMap(({ place, text }) => songs(place, text, Object.entries(canaries))),
    ...upstream.seen.flatMap((text) => songs(`upstream ${text.slice(0, 60)}`, text, notForUpstreams)),
  ];
  expect(sang.slice(0, 20), `${sang.length} places`).toEqual([]);
});

function songs(place: string, text: string, looked: readonly (readonly [string, string])[]): readonly string[] {
  return looked.flatMap(([name, canary]) => {
    // Of a secret in parts each is one; the first is an id.
    const at = text.indexOf(canary.split(':').at(-1) ?? canary);
    return at < 0 ? [] : [`${place}: ${name}: …${text.slice(Math.max(0, at - 100), at + 50)}…`];
  });
}

/** A session's handshake and whatever comes of it. */
async function session(url: string, at: Knock, headers: Readonly<Record<string, string>>): Promise<string> {
  const client = visit(url + at.url, [], headers);
  const { socket, texts } = client;
  socket.on('open', () => {
    const first =
      at.operation === 'live'
        ? { setup: { model: 'models/ge/m' } }
        : { type: 'response.create', model: 'oa/m', input: 'Hi' };
    socket.send(JSON.stringify(first));
  });
  if (at.operation === 'respond') socket.on('message', () => setImmediate(() => socket.close()));
  const over = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`Nothing comes of ${at.title}: ${texts().join(' ')}`)), 25_000);
    const end = (...what: readonly unknown[]) => {
      clearTimeout(late);
      resolve(JSON.stringify(what));
    };
    socket.on('close', (code, reason) => end(code, reason.toString()));
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (piece) => (body += String(piece)));
      response.on('error', () => undefined);
      response.on('close', () => end(response.statusCode, response.headers, body));
    });
  });
  return `${over} ${texts().join('\n')}`;
}
