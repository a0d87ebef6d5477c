import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { memoryOf, proxy, started } from '../process.ts';
import { socketUpstream, visit } from '../socket-upstream.ts';
import { folder, load, start, until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

/** Rows B1–B14 of the acceptance list: the doors by host name, and browsers. */

const claude = 'claude.api.example.com';
const openai = 'openai.api.example.com:6543';
const theirKey = 'sk-ant-theirs-0123456789';
const theirs = { 'x-api-key': theirKey };
const bearer = { authorization: 'Bearer sk-theirs-0123456789' };
const question = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
const chat = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] };

async function hosts(listener?: Parameters<typeof vendor>[0], env: Record<string, string> = {}) {
  const upstream = await vendor(listener);
  const server = await start({ env: { CLAUDE_API_HOST: upstream.url, OPENAI_API_HOST: upstream.url, ...env } });
  return { upstream, ...server };
}

describe('B1', () => {
  test('the Host chooses the vendor; method, path and query stay', async () => {
    const { url, upstream } = await hosts();
    expect((await ask(url, '/v1/messages?beta=true', { host: claude, headers: theirs, body: question })).status).toBe(
      200,
    );
    expect((await ask(url, '/v1/chat/completions?a=1', { host: openai, headers: bearer, body: chat })).status).toBe(
      200,
    );
    expect((await ask(url, '/v1/models?limit=5', { host: openai, headers: bearer })).status).toBe(200);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await ask(url, '/v1/assistants/asst_1?x=%20y', { method, host: openai, headers: bearer })).status).toBe(
        200,
      );
    expect(upstream.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/messages?beta=true',
      'POST /v1/chat/completions?a=1',
      'GET /v1/models?limit=5',
      ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /v1/assistants/asst_1?x=+y`),
    ]);
  });

  test('no path leads out of the vendor’s address', async () => {
    const { url, upstream } = await hosts();
    for (const path of ['/v1/../admin', '/v1/%2e%2e/admin', '/v1/a%2Fb', '/v1/a\\b'])
      expect((await ask(url, path, { host: openai, headers: bearer })).status).toBe(400);
    expect(upstream.seen).toEqual([]);
  });

  test('calls are limited and written down like every other, by the hash of the caller’s key', async () => {
    const upstream = await vendor();
    const config = `
doors: { hosts: { claude: "${upstream.url}", openai: "${upstream.url}" } }
limits: { requestsPerMinute: 1 }
`;
    const { url, log } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const asked = () => ask(url, '/v1/messages', { host: claude, headers: theirs, body: question });
    expect((await asked()).status).toBe(200);
    const refused = await asked();
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    const other = { 'x-api-key': 'sk-ant-another-0123456789' };
    expect((await ask(url, '/v1/messages', { host: claude, headers: other, body: question })).status).toBe(200);
    await until('the calls are logged', () => log.lines.join('').split('"requestId"').length === 4);
    expect(log.lines.join('')).not.toContain(theirKey);
    expect(log.lines.join('')).toMatch(/own-[0-9a-f]{12}/);
  });
});

describe('B2', () => {
  test('other hosts get 404 and none gets 400, where nothing but these variables is configured', async () => {
    const { url, upstream } = await hosts();
    const stranger = await ask(url, '/v1/messages', { host: 'api.example.com', headers: theirs, body: question });
    expect(stranger.status).toBe(404);
    expect(stranger.json()).toHaveProperty('error.message');
    expect(await raw(url, 'GET /v1/models HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*\{"error":/);
    expect(upstream.seen).toEqual([]);
  });

  test('with upstreams of one’s own, other hosts are served as ever', async () => {
    const upstream = await vendor();
    const config = `
upstreams: [{ name: mine, provider: anthropic, baseUrl: "${upstream.url}", apiKeys: [sk-ant-ours-0123456789] }]
`;
    const env = { CLAUDE_API_HOST: upstream.url };
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }), env });
    expect((await ask(url, '/v1/messages', { body: question })).status).toBe(200);
    expect((await ask(url, '/v1/messages', { host: claude, headers: theirs, body: question })).status).toBe(200);
    expect(upstream.seen.map(({ headers }) => headers['x-api-key'])).toEqual(['sk-ant-ours-0123456789', theirKey]);
  });

  test('closed unless configured', async () => {
    const { url } = await start();
    // No key is configured, so only this machine's own names are let in.
    expect((await ask(url, '/v1/messages', { host: claude, headers: theirs, body: question })).status).toBe(403);
  });
});

test('B3 the vendors’ own hosts are the defaults, and a variable moves each', () => {
  const [one, both] = [
    { OPENAI_API_HOST: 'gw.local:8443' },
    { CLAUDE_API_HOST: 'http://127.0.0.1:1', OPENAI_API_HOST: 'o' },
  ];
  expect(load(folder(), one).doors.hosts).toEqual({
    claude: 'https://api.anthropic.com',
    openai: 'https://gw.local:8443',
    only: true,
  });
  expect(load(folder(), both).doors.hosts).toMatchObject({ claude: 'http://127.0.0.1:1', openai: 'https://o' });
  expect(load(folder(), { PROXY_PORT: '6543', PORT: '3001' }).server.port).toBe(6543);
  // Nobody can spend a key of ours there, so it may be listened on everywhere.
  expect(load(folder(), one).server.host).toBe('0.0.0.0');
});

test('B4 without the caller’s own key: 401, and nobody is asked', async () => {
  const { url, upstream } = await hosts();
  const atClaude = await ask(url, '/v1/messages', { host: claude, headers: bearer, body: question });
  expect(atClaude.status).toBe(401);
  expect(atClaude.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
  expect(atClaude.text).toContain('x-api-key');
  const atOpenai = await ask(url, '/v1/chat/completions', { host: openai, headers: theirs, body: chat });
  expect(atOpenai.status).toBe(401);
  expect(atOpenai.json()).toHaveProperty('error.code', 'invalid_api_key');
  expect(atOpenai.text).toContain('authorization');
  expect(upstream.seen).toEqual([]);
});

test('B5 the Claude host serves messages alone, and batches with their beta header', async () => {
  const { url, upstream } = await hosts();
  const models = await ask(url, '/v1/models', { host: claude, headers: theirs });
  expect(models.status).toBe(404);
  expect(models.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  expect((await ask(url, '/', { host: claude, headers: theirs })).status).toBe(404);
  expect((await ask(url, '/v1/messages/batches', { host: claude, headers: theirs, body: {} })).status).toBe(400);
  expect(upstream.seen).toEqual([]);
  const beta = { ...theirs, 'anthropic-beta': 'message-batches-2024-09-24' };
  const batch = await ask(url, '/v1/messages/batches', { host: claude, headers: beta, body: { requests: [] } });
  expect(batch.status).toBe(200);
  expect(upstream.seen[0]).toMatchObject({ url: '/v1/messages/batches', body: '{"requests":[]}' });
  expect((await ask(url, '/v1/messages/batches/msgbatch_1/results', { host: claude, headers: beta })).status).toBe(200);
});

test.each([
  ['no JSON', claude, '/v1/messages', '{x', 'application/json'],
  ['no JSON, with a charset', openai, '/v1/chat/completions', '{"model":"m"', 'application/json; charset=utf-8'],
  ['no JSON deep within', claude, '/v1/messages', brokenWithin(question), 'application/json'],
  ['no JSON deep within', openai, '/v1/chat/completions', brokenWithin(chat), 'application/json'],
  ['no JSON for a path that is no door', openai, '/v1/assistants', '{"tools":[{"a":1,}]}', 'application/json'],
  ['no UTF-8', openai, '/v1/chat/completions', Buffer.from('{"model":"\xff"}', 'latin1'), 'application/json'],
  ['empty', claude, '/v1/messages', '', 'application/json'],
])('B6 %s: 400, and nobody is asked', async (_what, host, path, body, type) => {
  const { url, upstream } = await hosts();
  const headers = { ...theirs, ...bearer, 'content-type': type };
  expect((await ask(url, path, { host, headers, body, method: 'POST' })).status).toBe(400);
  expect(upstream.seen).toEqual([]);
});

test('B6 valid with a charset: goes through', async () => {
  const { url, upstream } = await hosts();
  const headers = { ...theirs, 'content-type': 'application/json; charset=utf-8' };
  expect((await ask(url, '/v1/messages', { host: claude, headers, body: JSON.stringify(question) })).status).toBe(200);
  expect(upstream.seen[0]?.body).toBe(JSON.stringify(question));
});

test('B7 nothing but the named headers travels', async () => {
  const { url, upstream } = await hosts();
  const extra = Object.fromEntries(
    [
      'cookie',
      'user-agent',
      'x-forwarded-for',
      'x-real-ip',
      'referer',
      'x-stainless-lang',
      'x-custom',
      'via',
      'x-proxy-upstream',
      'accept-language',
    ].map((name) => [name, 'told']),
  );
  const atClaude = {
    ...theirs,
    ...bearer,
    'anthropic-version': '2023-01-01',
    'anthropic-beta': 'b1,b2',
    'openai-beta': 'o',
  };
  await ask(url, '/v1/messages', { host: claude, headers: { ...extra, ...atClaude }, body: question });
  await ask(url, '/v1/chat/completions', { host: openai, headers: { ...extra, ...atClaude }, body: chat });
  const [first, second] = upstream.seen.map(({ headers }) => {
    const {
      host: _host,
      connection: _connection,
      'content-length': _length,
      'transfer-encoding': _chunked,
      ...rest
    } = headers;
    return rest;
  });
  expect(first).toEqual({
    'x-api-key': theirKey,
    'anthropic-version': '2023-01-01',
    'anthropic-beta': 'b1,b2',
    'content-type': 'application/json',
  });
  expect(second).toEqual({ ...bearer, 'openai-beta': 'o', 'content-type': 'application/json' });
});

describe('B8', () => {
  test('a stream arrives as it is sent, byte for byte', async () => {
    const pieces = [
      'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
      ': odd \n\n',
      'data: [DONE]\n\n',
    ];
    const { url } = await hosts((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-vendor': 'kept' });
      pieces.forEach((piece, index) => void setTimeout(() => response.write(piece), index * 200));
      setTimeout(() => response.end(), pieces.length * 200);
    });
    const streamed = await ask(url, '/v1/chat/completions', {
      host: openai,
      headers: bearer,
      body: { ...chat, stream: true },
    });
    expect(streamed.text).toBe(pieces.join(''));
    expect(streamed.headers['x-vendor']).toBe('kept');
    const [first = 0, last = 0] = [streamed.arrivedMs[0], streamed.arrivedMs.at(-1)];
    expect(last - first).toBeGreaterThan(300);
  });

  test('status, headers and bodies stay, compressed ones too', async () => {
    const body = JSON.stringify({ id: 'msg_1', type: 'message', content: [], odd: 'ä' });
    const { url } = await hosts((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-vendor': 'kept' });
      response.end(gzipSync(body));
    });
    const answer = await ask(url, '/v1/messages/batches', {
      host: claude,
      headers: { ...theirs, 'anthropic-beta': 'b', 'accept-encoding': 'gzip' },
      body: {},
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['x-vendor']).toBe('kept');
    expect(answer.text).toBe(body);
  });

  test('a vendor’s own error keeps its status, and its words', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const { url } = await hosts((_request, response) => {
      response.writeHead(529, { 'content-type': 'application/json' });
      response.end(JSON.stringify(error));
    });
    const answer = await ask(url, '/v1/messages', { host: claude, headers: theirs, body: question });
    expect(answer.status).toBe(529);
    expect(answer.json()).toMatchObject(error);
  });
});

test('B9 a form goes through with every name, type and byte', async () => {
  const { url, upstream } = await hosts();
  const form = new FormData();
  form.append('purpose', 'assistants');
  const files = ['one.txt', 'two.bin', 'three.json'].map((name, index) => {
    const type = ['text/plain', 'application/octet-stream', 'application/json'][index] ?? '';
    const bytes = new Uint8Array(70_000 * (index + 1)).map((_, at) => (at * 31 + index) % 256);
    form.append('file', new Blob([bytes], { type }), name);
    return { name, type, hash: sha256(bytes) };
  });
  const sent = new Response(form);
  const type = sent.headers.get('content-type') ?? '';
  const body = new Uint8Array(await sent.arrayBuffer());
  const headers = { ...bearer, 'content-type': type };
  for (const path of ['/v1/files', '/v1/vector_stores/vs_1/files'])
    expect((await ask(url, path, { host: openai, headers, body })).status).toBe(200);
  expect(upstream.seen).toHaveLength(2);
  for (const seen of upstream.seen) {
    const received = await new Response(new Uint8Array(seen.bytes), { headers: { 'content-type': type } }).formData();
    expect(received.get('purpose')).toBe('assistants');
    const got = received.getAll('file').map(async (file) => {
      if (typeof file === 'string') throw new Error('A file came as a text.');
      return { name: file.name, type: file.type, hash: sha256(new Uint8Array(await file.arrayBuffer())) };
    });
    expect(await Promise.all(got)).toEqual(files);
  }
});

test('B9 50 MB pass with flat memory', async () => {
  let seen = 0;
  const upstream = await recordingUpstream({
    listener(asked, response) {
      asked.on('data', (piece: Buffer) => (seen += piece.length));
      asked.on('end', () => response.end('{"id":"file-1"}'));
    },
  });
  const env = { OPENAI_API_HOST: upstream.url };
  const run = proxy(['serve', '--port', '0', '--host', '127.0.0.1'], { cwd: folder(), env });
  const url = await started(run);
  const send = (bytes: number) => {
    const head = '--B\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head), Buffer.alloc(bytes), Buffer.from('\r\n--B--\r\n')]);
    const headers = { ...bearer, 'content-type': 'multipart/form-data; boundary=B' };
    return ask(url, '/v1/files', { host: openai, headers, body });
  };
  await send(1024);
  seen = 0;
  const size = 50 * 1024 * 1024;
  const before = memoryOf(run.child.pid, 'VmRSS');
  expect((await send(size)).status).toBe(200);
  expect(seen).toBeGreaterThan(size);
  // Had it been held, it would be there whole.
  expect(memoryOf(run.child.pid, 'VmHWM') - before).toBeLessThan(size);
}, 60_000);

test('B10 a download of 20 MB arrives unchanged', async () => {
  const bytes = Buffer.alloc(20 * 1024 * 1024, 'content of a file ');
  const { url } = await hosts((_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="a.bin"',
      'content-length': bytes.length,
    });
    response.end(bytes);
  });
  for (const path of ['/v1/files/file-1/content', '/v1/containers/c_1/files/f_1/content']) {
    const answer = await ask(url, path, { host: openai, headers: bearer });
    expect(answer.headers['content-disposition']).toBe('attachment; filename="a.bin"');
    expect(sha256(answer.bytes)).toBe(sha256(bytes));
  }
});

describe('B11 and B12: realtime', () => {
  async function realtime(script?: Parameters<typeof socketUpstream>[0]) {
    const upstream = await socketUpstream(script);
    const server = await start({ env: { OPENAI_API_HOST: upstream.url } });
    return { upstream, ...server };
  }
  const path = '/v1/realtime?model=gpt-realtime';

  test.each([{ 'openai-beta': 'realtime=v1' }, {}])(
    'B11 text, binary and 1 MB frames both ways, in order, with %j',
    async (beta: Record<string, string>) => {
      const { url, upstream } = await realtime({
        visit: ({ socket }) => socket.on('message', (data, binary) => socket.send(data as Buffer, { binary })),
      });
      const client = visit(`${url}${path}`, ['realtime'], { host: openai, ...bearer, ...beta, cookie: 'c=1' });
      await client.opened();
      const frames = [Buffer.from('text'), Buffer.alloc(1024 * 1024, 7), Buffer.from([0, 255, 1])];
      frames.forEach((frame, index) => client.socket.send(index === 0 ? frame.toString() : frame));
      await until('all frames came back', () => client.received.length === frames.length);
      expect(client.received.map(({ binary }) => binary)).toEqual([false, true, true]);
      client.received.forEach(({ data }, index) => expect(data.equals(frames[index] ?? Buffer.of())).toBe(true));
      const [asked] = upstream.asked;
      expect(asked?.url).toBe(path);
      expect(asked?.headers).toMatchObject({ ...bearer, ...beta, 'sec-websocket-protocol': 'realtime' });
      expect(asked?.headers.cookie).toBeUndefined();
      expect(client.socket.protocol).toBe('realtime');
      if (beta['openai-beta'] === undefined) expect(asked?.headers['openai-beta']).toBeUndefined();
    },
  );

  test('B12 no key: 401 before the upgrade', async () => {
    const { url, upstream } = await realtime();
    expect((await visit(`${url}${path}`, [], { host: openai }).refused()).status).toBe(401);
    expect(upstream.asked).toEqual([]);
  });

  test('B12 a browser’s key, in the subprotocol', async () => {
    const { url, upstream } = await realtime();
    const client = visit(`${url}${path}`, ['realtime', 'openai-insecure-api-key.sk-theirs'], { host: openai });
    await client.opened();
    expect(upstream.asked[0]?.headers.authorization).toBe('Bearer sk-theirs');
    expect(upstream.asked[0]?.headers['sec-websocket-protocol']).toBe('realtime');
  });

  test('B12 a refusal of the upstream’s keeps its status', async () => {
    const { url } = await realtime({
      refuse: () => ({ status: 403, body: { error: { type: 'invalid_request_error', message: 'Not for you.' } } }),
    });
    const refused = await visit(`${url}${path}`, [], { host: openai, ...bearer }).refused();
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('Not for you.');
  });

  test('B12 closing codes go both ways', async () => {
    const { url, upstream } = await realtime();
    const leaving = visit(`${url}${path}`, [], { host: openai, ...bearer });
    await leaving.opened();
    leaving.socket.close(4001, 'mine');
    await until('the upstream heard', () => upstream.visitors[0]?.closed !== undefined);
    expect(upstream.visitors[0]?.closed).toEqual({ code: 4001, reason: 'mine' });
    const left = visit(`${url}${path}`, [], { host: openai, ...bearer });
    await left.opened();
    upstream.visitors[1]?.socket.close(4002, 'theirs');
    expect(await left.closed()).toEqual({ code: 4002, reason: 'theirs' });
  });
});

test('B13 OPTIONS and every answer carry the four headers under these host names', async () => {
  const { url, upstream } = await hosts();
  const four = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
    'access-control-allow-headers':
      'Content-Type, X-API-Key, Anthropic-Version, Anthropic-Beta, Authorization, OpenAI-Beta',
    'access-control-max-age': '86400',
  };
  for (const host of [claude, openai]) {
    const told = await ask(url, '/v1/anything', { method: 'OPTIONS', host });
    expect(told.status).toBe(204);
    expect(told.headers).toMatchObject(four);
  }
  expect(upstream.seen).toEqual([]);
  expect((await ask(url, '/v1/messages', { host: claude, headers: theirs, body: question })).headers).toMatchObject(
    four,
  );
  expect((await ask(url, '/v1/messages', { host: claude, body: question })).headers).toMatchObject(four);
  const closed = await hosts(undefined, { ENABLE_CORS: 'false' });
  const untold = await ask(closed.url, '/v1/messages', { method: 'OPTIONS', host: claude });
  expect(untold.headers).not.toHaveProperty('access-control-allow-origin');
});

describe('B14', () => {
  const page = 'https://page.example';
  const wanted = 'x-api-key,authorization,anthropic-version,anthropic-dangerous-direct-browser-access';
  async function browser(env: Record<string, string>) {
    const upstream = await recordingUpstream();
    const config = `
upstreams: [{ name: mine, provider: anthropic, baseUrl: "${upstream.url}", apiKeys: [sk-ant-ours-0123456789] }]
accessKeys: [ours-0123456789]
`;
    const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }), env, flags: { host: '127.0.0.1' } });
    const headers = { origin: page, 'access-control-request-method': 'POST', 'access-control-request-headers': wanted };
    const before = await ask(url, '/v1/messages', { method: 'OPTIONS', headers });
    const simple = await ask(url, '/v1/messages', {
      headers: { origin: page, 'x-api-key': 'ours-0123456789' },
      body: question,
    });
    const refused = await ask(url, '/v1/messages', { headers: { origin: page, 'x-api-key': 'wrong' }, body: question });
    expect([simple.status, refused.status]).toEqual([200, 401]);
    return { before, simple, refused };
  }

  test('any page, where nobody said', async () => {
    const { before, simple, refused } = await browser({});
    expect(before.status).toBe(204);
    expect(before.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': wanted,
      'access-control-allow-methods': expect.stringContaining('POST') as string,
    });
    for (const { headers } of [simple, refused]) expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('the pages of a list alone', async () => {
    const { before, simple } = await browser({ CORS_ORIGIN: `https://other.example, ${page}` });
    for (const { headers } of [before, simple])
      expect(headers).toMatchObject({ 'access-control-allow-origin': page, vary: 'Origin' });
    const { before: stranger, simple: unread } = await browser({ CORS_ORIGIN: 'https://other.example' });
    for (const { headers } of [stranger, unread]) expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('none: ENABLE_CORS=false', async () => {
    const { before, simple } = await browser({ ENABLE_CORS: 'false', CORS_ORIGIN: '*' });
    for (const { headers } of [before, simple])
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('without an access key a foreign page is refused before anything is said about it', async () => {
    const { url } = await start();
    const headers = { origin: page, 'access-control-request-method': 'POST' };
    expect((await ask(url, '/v1/messages', { method: 'OPTIONS', headers })).status).toBe(403);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The first members are as they should be. */
function brokenWithin(body: object): string {
  return `${JSON.stringify(body).slice(0, -1)},"metadata":{"a":[1,,2]}}`;
}

/** A request as no client of today's writes it. */
function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (piece) => (answer += piece.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
