import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { behindTls, socketUpstream, visit, type Visitor } from './socket-upstream.ts';
import { folder, start, until } from './support.ts';

const usage = {
  total_tokens: 30,
  input_tokens: 20,
  output_tokens: 10,
  input_token_details: { cached_tokens: 5, audio_tokens: 8 },
  output_token_details: { audio_tokens: 6 },
};

/** Answers as OpenAI Realtime does: a session, and one response for each that is asked for. */
function realtime({ socket }: Visitor) {
  socket.send(JSON.stringify({ type: 'session.created', event_id: 'e1', session: { type: 'realtime' } }));
  socket.on('message', (data: Buffer) => {
    if ((JSON.parse(data.toString()) as { type: string }).type !== 'response.create') return;
    const events = [
      { type: 'response.created', event_id: 'e2', response: { id: 'r1', status: 'in_progress' } },
      { type: 'response.output_text.delta', event_id: 'e3', response_id: 'r1', delta: 'Hi' },
      { type: 'response.done', event_id: 'e4', response: { id: 'r1', status: 'completed', usage } },
    ];
    for (const event of events) socket.send(JSON.stringify(event));
  });
}

function echo({ socket }: Visitor) {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
}

async function serverFor(upstream: { readonly url: string }, more = '') {
  const config = `
upstreams:
  - { name: oa, provider: openai, baseUrl: "${upstream.url}/v1", apiKeys: [theirs], models: { fast: gpt-realtime, gpt-realtime: gpt-realtime } }
accessKeys: [{ name: me, key: ours-0123456789 }]
${more}`;
  return start({ cwd: folder({ 'proxy.config.yaml': config }) });
}

const ours = { authorization: 'Bearer ours-0123456789' };

test('B11 the openai SDK’s realtime helper completes a session; usage is on record, the alias and the key are ours', async () => {
  const upstream = await socketUpstream({ visit: realtime });
  const { port, log } = await serverFor(upstream);
  const client = new OpenAI({ baseURL: `${await behindTls(port)}/v1`, apiKey: 'ours-0123456789' });
  const session = new OpenAIRealtimeWS({ model: 'fast', options: { rejectUnauthorized: false } }, client);
  const heard: string[] = [];
  session.on('session.created', () => session.send({ type: 'response.create' }));
  session.on('response.output_text.delta', ({ delta }) => heard.push(delta));
  const done = new Promise<unknown>((resolve, reject) => {
    session.on('error', reject);
    session.on('response.done', ({ response }) => resolve(response.usage));
  });
  expect(await done).toEqual(usage);
  expect(heard).toEqual(['Hi']);
  session.close({ code: 1000, reason: 'thanks' });

  await until('the upstream is closed', () => upstream.visitors[0]?.closed !== undefined);
  expect(upstream.visitors[0]?.closed).toEqual({ code: 1000, reason: 'thanks' });
  const [asked] = upstream.asked;
  expect(asked?.url).toBe('/v1/realtime?model=gpt-realtime');
  expect(asked?.headers.authorization).toBe('Bearer theirs');

  await until('a line is written', () => log.lines.some((line) => line.includes('realtime')));
  const line = JSON.parse(log.lines.find((one) => one.includes('openai-chat realtime')) ?? '{}') as object;
  expect(line).toMatchObject({
    status: 101,
    model: 'fast',
    upstreamModel: 'gpt-realtime',
    callerId: expect.stringMatching(/^key-/) as string,
    usage: { inputTokens: 15, cacheReadTokens: 5, outputTokens: 10, audioInputTokens: 8, audioOutputTokens: 6 },
  });
});

test('B11 a megabyte of text and of bytes, both ways, in order and untouched; OpenAI-Beta travels', async () => {
  const upstream = await socketUpstream({ visit: echo });
  const { url } = await serverFor(upstream);
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`, [], { ...ours, 'openai-beta': 'realtime=v1' });
  await client.opened();
  const text = `{"type":"x","audio":"${'é'.repeat(512 * 1024)}"}`;
  const bytes = Buffer.alloc(1024 * 1024, 0xa7);
  client.socket.send(text);
  client.socket.send(bytes);
  client.socket.send('last');
  await until('all came back', () => client.received.length === 3);
  expect(client.received.map(({ binary }) => binary)).toEqual([false, true, false]);
  expect(client.texts()[0]).toBe(text);
  expect(client.received[1]?.data.equals(bytes)).toBe(true);
  expect(client.texts()[2]).toBe('last');
  expect(upstream.asked[0]?.headers['openai-beta']).toBe('realtime=v1');
});

test('B11 a browser shows its key as a subprotocol, which no upstream sees', async () => {
  const upstream = await socketUpstream({ visit: echo });
  const { url } = await serverFor(upstream);
  const protocols = ['realtime', 'openai-insecure-api-key.ours-0123456789', 'openai-beta.realtime-v1'];
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`, protocols);
  await client.opened();
  expect(client.socket.protocol).toBe('realtime');
  expect(upstream.asked[0]?.headers['sec-websocket-protocol']).toBe('realtime, openai-beta.realtime-v1');
  expect(JSON.stringify(upstream.asked[0]?.headers)).not.toContain('ours-');
});

test('B12 a wrong key, an unknown model and an upstream’s refusal are statuses of the handshake', async () => {
  const refuse = () => ({ status: 429, body: { error: { message: 'Slow down.', type: 'requests', code: 'rate' } } });
  const upstream = await socketUpstream({ refuse });
  const { url } = await serverFor(upstream);
  const ask = (model: string, headers: Record<string, string>) =>
    visit(`${url}/v1/realtime?model=${model}`, [], headers).refused();

  const none = await ask('gpt-realtime', {});
  expect(none.status).toBe(401);
  expect(JSON.parse(none.body)).toMatchObject({ error: { message: expect.stringContaining('access key') as string } });
  expect((await ask('gpt-realtime', { authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await ask('nobody-knows', ours)).status).toBe(404);
  expect(upstream.asked).toHaveLength(0);

  const busy = await ask('gpt-realtime', ours);
  expect(busy).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  expect(busy.body).toContain('Slow down.');
});

test('a key that the upstream refuses: the next one opens the session', async () => {
  const upstream = await socketUpstream({
    refuse: ({ headers }) =>
      headers.authorization === 'Bearer spent' ? { status: 401, body: { error: { message: 'No.' } } } : undefined,
    visit: echo,
  });
  const config = `
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [spent, good] }]`;
  const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`);
  await client.opened();
  expect(upstream.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer spent', 'Bearer good']);
});

test('limits: a second session at a time is answered 429 with retry-after, and the place is free when the first has ended', async () => {
  const upstream = await socketUpstream({ visit: echo });
  const { url } = await serverFor(upstream, 'limits: { concurrency: 1, tokensPerMinute: 1000 }');
  const address = `${url}/v1/realtime?model=gpt-realtime`;
  const first = visit(address, [], ours);
  await first.opened();
  const refused = await visit(address, [], ours).refused();
  expect(refused.status).toBe(429);
  expect(refused.headers['retry-after']).toBe('1');
  first.socket.close();
  await first.closed();
  await visit(address, [], ours).opened();
});

test('limits: what a session uses counts while it runs', async () => {
  const upstream = await socketUpstream({ visit: realtime });
  const { url } = await serverFor(upstream, 'limits: { tokensPerMinute: 25 }');
  const address = `${url}/v1/realtime?model=gpt-realtime`;
  const first = visit(address, [], ours);
  await first.opened();
  first.socket.send('{"type":"response.create"}');
  await until('the response is done', () => first.texts().some((text) => text.includes('response.done')));
  const refused = await visit(address, [], ours).refused();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
});

test('B12 close codes and reasons pass both ways', async () => {
  const upstream = await socketUpstream();
  const { url } = await serverFor(upstream);
  const address = `${url}/v1/realtime?model=gpt-realtime`;

  const left = visit(address, [], ours);
  await left.opened();
  left.socket.close(4001, 'bye');
  await until('the upstream hears', () => upstream.visitors[0]?.closed !== undefined);
  expect(upstream.visitors[0]?.closed).toEqual({ code: 4001, reason: 'bye' });

  const quiet = visit(address, [], ours);
  await quiet.opened();
  quiet.socket.close();
  await until('the upstream hears', () => upstream.visitors[1]?.closed !== undefined);
  expect(upstream.visitors[1]?.closed).toEqual({ code: 1005, reason: '' });

  const ended = visit(address, [], ours);
  await ended.opened();
  upstream.visitors[2]?.socket.close(3000, 'session_expired');
  expect(await ended.closed()).toEqual({ code: 3000, reason: 'session_expired' });

  const cut = visit(address, [], ours);
  await cut.opened();
  upstream.visitors[3]?.socket.terminate();
  expect((await cut.closed()).code).toBe(1011);
});

test('a caller that breaks off takes the upstream’s connection along', async () => {
  const upstream = await socketUpstream({ visit: realtime });
  const { url, log } = await serverFor(upstream);
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`, [], ours);
  await client.opened();
  client.socket.terminate();
  await until('the upstream hears', () => upstream.visitors[0]?.closed !== undefined);
  expect(upstream.visitors[0]?.closed?.code).toBe(1001);
  await until('it is on record', () => log.lines.some((line) => line.includes('client-gone')));
});

test('a message longer than allowed breaks the session off with 1009', async () => {
  const upstream = await socketUpstream({ visit: echo });
  const { url } = await serverFor(upstream, 'websockets: { maxMessageMb: 1 }');
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`, [], ours);
  await client.opened();
  client.socket.send(Buffer.alloc(1024 * 1024 + 1));
  expect((await client.closed()).code).toBe(1009);
  await until('the upstream hears', () => upstream.visitors[0]?.closed !== undefined);
});

test('a session without a message for too long is closed', async () => {
  const upstream = await socketUpstream({ visit: echo });
  const { url } = await serverFor(upstream, 'websockets: { idleSeconds: 0.1 }');
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`, [], ours);
  await client.opened();
  expect(await client.closed()).toEqual({ code: 1001, reason: 'The session was idle for too long.' });
  await until('the upstream hears', () => upstream.visitors[0]?.closed !== undefined);
});

test('a server that stops lets a response end, then says 1001', async () => {
  const upstream = await socketUpstream();
  const server = await serverFor(upstream);
  const address = `${server.url}/v1/realtime?model=gpt-realtime`;
  const idle = visit(address, [], ours);
  await idle.opened();
  const busy = visit(address, [], ours);
  await busy.opened();
  upstream.visitors[1]?.socket.send('{"type":"response.created","response":{}}');
  await until('it has begun', () => busy.received.length === 1);

  const closing = server.close();
  expect(await idle.closed()).toEqual({ code: 1001, reason: 'The server is shutting down.' });
  expect(busy.socket.readyState).toBe(busy.socket.OPEN);
  upstream.visitors[1]?.socket.send('{"type":"response.done","response":{}}');
  expect((await busy.closed()).code).toBe(1001);
  expect(busy.texts()[1]).toContain('response.done');
  await closing;
});

test('a slow caller makes the upstream wait, and gets everything', async () => {
  const upstream = await socketUpstream();
  const { url } = await serverFor(upstream);
  const client = visit(`${url}/v1/realtime?model=gpt-realtime`, [], ours);
  await client.opened();
  client.socket.pause();
  const piece = Buffer.alloc(512 * 1024, 1);
  const { socket } = upstream.visitors[0] as Visitor; // opened, so it is there
  for (let n = 0; n < 100; n += 1) socket.send(piece);
  // 50 MB: more than the buffers of two connections and the gateway hold.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(socket.bufferedAmount).toBeGreaterThan(10 * 1024 * 1024);
  client.socket.resume();
  await until('all of it came', () => client.received.length === 100);
});

test('what is no WebSocket: an ordinary answer to an upgrade, 426 to a plain request, another protocol ignored', async () => {
  const upstream = await socketUpstream();
  const { url } = await serverFor(upstream);
  const plain = await fetch(`${url}/v1/realtime?model=gpt-realtime`, { headers: ours });
  expect(plain.status).toBe(426);
  const models = await visit(`${url}/v1/models`, [], ours).refused();
  expect(models.status).toBe(200);
  expect(models.body).toContain('gpt-realtime');
  expect((await visit(`${url}/nowhere`, [], ours).refused()).status).toBe(404);
  expect((await visit(`${url}/ping`).refused()).status).toBe(200);
});

test('without access keys a page from elsewhere opens no WebSocket', async () => {
  const upstream = await socketUpstream({ visit: echo });
  const config = `
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [theirs] }]`;
  const { url } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
  const page = { origin: 'https://evil.example' };
  expect((await visit(`${url}/v1/realtime?model=gpt-realtime`, [], page).refused()).status).toBe(403);
});
