import { connect } from 'node:net';
import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { folder, load, start, until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';
import { ask } from './ask.ts';
import { chat, from, guarded, paths, question } from './guarded.ts';

/** Rows C7 to C11 and C29 to C31 of the acceptance list, and F13: how much at once, how long, how large, with which key. */

/** A vendor that answers when it is told to. */
function stalling() {
  const waiting: ServerResponse[] = [];
  const answer: RequestListener = (_request, response) => void waiting.push(response);
  const release = () => {
    for (const response of waiting.splice(0)) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(reply));
    }
  };
  const arrived = (count: number) => until(`${count} have arrived`, () => waiting.length === count);
  return { answer, release, arrived, waiting };
}

const reply = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

const streamed = { ...chat, stream: true };
const frames = [
  '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"},"finish_reason":null}]}',
  '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  '[DONE]',
].map((data) => `data: ${data}\n\n`);

describe('C7 how many at once (A22 MAX_CONCURRENT_REQUESTS)', () => {
  test('the third waits until one of two has ended', async () => {
    const upstream = stalling();
    const { asked, upstream: seen } = await guarded({ answer: upstream.answer, env: { MAX_CONCURRENT_REQUESTS: '2' } });
    const [first, second] = [asked(), asked()];
    await upstream.arrived(2);
    const third = asked();
    upstream.release();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    await upstream.arrived(1);
    upstream.release();
    expect((await third).status).toBe(200);
    expect(seen.seen).toHaveLength(3);
  });

  test('beyond those who may wait: 503 with retry-after, in the caller’s dialect', async () => {
    const upstream = stalling();
    const { asked } = await guarded({ answer: upstream.answer, config: 'queue: { maxRunning: 1, maxWaiting: 0 }' });
    const first = asked();
    await upstream.arrived(1);
    const refused = await asked();
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    const claude = await asked({}, question, paths.messages);
    expect(claude.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } });
    upstream.release();
    expect((await first).status).toBe(200);
  });

  test('whoever leaves while waiting makes room, and nothing is sent for them', async () => {
    const upstream = stalling();
    const {
      url,
      upstream: seen,
      asked,
    } = await guarded({
      answer: upstream.answer,
      config: 'queue: { maxRunning: 1, maxWaiting: 1 }',
    });
    const first = asked();
    await upstream.arrived(1);
    const { port } = new URL(url);
    const body = JSON.stringify(chat);
    const leaving = connect(Number(port), '127.0.0.1');
    leaving.write(
      `POST ${paths.chat} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await until('the place is taken', async () => (await asked()).status === 503);
    leaving.destroy();
    const next: ReturnType<typeof asked>[] = [];
    await until('the place is free again', async () => {
      const asking = asked();
      const quick = await Promise.race([
        asking,
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 200)),
      ]);
      if (!quick) next.push(asking);
      return !quick;
    });
    upstream.release();
    expect((await first).status).toBe(200);
    await upstream.arrived(1);
    upstream.release();
    expect((await next[0])?.status).toBe(200);
    expect(seen.seen).toHaveLength(2);
  });
});

describe('C8 how long (A22 REQUEST_TIMEOUT)', () => {
  test('an upstream that says nothing: 504 in the caller’s dialect', async () => {
    const { asked } = await guarded({ answer: () => undefined, env: { REQUEST_TIMEOUT: '100' } });
    const openai = await asked();
    expect(openai.status).toBe(504);
    expect(openai.json()).toHaveProperty('error.message');
    const claude = await asked({}, question, paths.messages);
    expect([claude.status, claude.json()]).toMatchObject([504, { type: 'error', error: { type: 'timeout_error' } }]);
  });

  test('a stream that lasts longer is not cut', async () => {
    const answer: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frames[0]);
      setTimeout(() => response.end(frames.slice(1).join('')), 300);
    };
    const { asked } = await guarded({ answer, env: { REQUEST_TIMEOUT: '100' } });
    const { status, text } = await asked({}, streamed);
    expect([status, text.endsWith('data: [DONE]\n\n')]).toEqual([200, true]);
  });
});

describe('C9 how large', () => {
  test('over the limit: 413, and the connection serves the next', async () => {
    const { url, upstream } = await guarded({ config: 'server: { maxBodyMb: 0.001 }' });
    const { port } = new URL(url);
    const large = JSON.stringify({ ...chat, pad: 'x'.repeat(2000) });
    const small = JSON.stringify(chat);
    const post = (body: string) =>
      `POST ${paths.chat} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString()));
    socket.write(post(large));
    await until('it is refused', () => text.includes('HTTP/1.1 413'));
    socket.write(post(small));
    await until('the next is answered', () => text.includes('HTTP/1.1 200'));
    socket.destroy();
    expect(upstream.seen).toHaveLength(1);
  });

  test('51 MB where 50 are allowed', async () => {
    const { url, upstream } = await guarded({ config: 'server: { maxBodyMb: 50 }' });
    const body = JSON.stringify({ ...chat, pad: 'x'.repeat(51 * 1024 * 1024) });
    const refused = await ask(url, paths.messages, { body, headers: { 'content-type': 'application/json' } });
    expect([refused.status, refused.json()]).toMatchObject([413, { error: { type: 'request_too_large' } }]);
    expect(upstream.seen).toEqual([]);
  });
});

describe('C10 claude-proxy’s key', () => {
  const env = { PROXY_ACCESS_KEY: 'ours-0123456789' };

  test('in either header; else 401; and the upstream never sees it', async () => {
    const { asked, upstream } = await guarded({ env });
    for (const headers of [{ 'x-api-key': env.PROXY_ACCESS_KEY }, { authorization: `Bearer ${env.PROXY_ACCESS_KEY}` }])
      expect((await asked({ ...headers }, question, paths.messages)).status).toBe(200);
    expect((await asked({}, question, paths.messages)).status).toBe(401);
    expect((await asked({ 'x-api-key': 'wrong' }, question, paths.messages)).status).toBe(401);
    expect(upstream.seen).toHaveLength(2);
    expect(JSON.stringify(upstream.seen.map(({ headers, body }) => [headers, body]))).not.toContain(
      env.PROXY_ACCESS_KEY,
    );
  });

  test('the sample that everybody knows opens no wider address, and is warned of', () => {
    const sample = { PROXY_ACCESS_KEY: 'your-proxy-access-key' };
    expect(() => load(folder(), { ...sample, BIND_ADDRESS: '0.0.0.0' })).toThrow('everybody knows');
    expect(load(folder(), sample).notes.join()).toContain('no secret');
  });
});

describe('C11 oai-reverse-proxy’s gatekeeper', () => {
  test('none: open', async () => {
    const { asked } = await guarded({ env: { GATEKEEPER: 'none', PROXY_KEY: 'unused-0123456789' } });
    expect((await asked()).status).toBe(200);
  });

  test('proxy_key: right, wrong and missing, in both headers', async () => {
    const { url } = await guarded({ env: { GATEKEEPER: 'proxy_key', PROXY_KEY: 'their-key-0123456789' } });
    const at = (headers: Record<string, string>) =>
      ask(url, '/proxy/openai/v1/chat/completions', { body: chat, headers }).then(({ status }) => status);
    expect(await at({ authorization: 'Bearer their-key-0123456789' })).toBe(200);
    expect(await at({ 'x-api-key': 'their-key-0123456789' })).toBe(200);
    expect(await at({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await at({ 'x-api-key': 'wrong' })).toBe(401);
    expect(await at({})).toBe(401);
  });
});

describe('C29 the queue', () => {
  test('USER_CONCURRENCY_LIMIT=1: the second of the same is refused, another is not', async () => {
    const upstream = stalling();
    const { asked } = await guarded({
      answer: upstream.answer,
      env: { USER_CONCURRENCY_LIMIT: '1', TRUSTED_PROXIES: '1' },
    });
    const first = asked(from('1.1.1.1'));
    await upstream.arrived(1);
    const second = await asked(from('1.1.1.1'));
    expect([second.status, second.headers['retry-after']]).toEqual([429, '1']);
    const other = asked(from('2.2.2.2'));
    await upstream.arrived(2);
    upstream.release();
    expect([(await first).status, (await other).status]).toEqual([200, 200]);
    const again = asked(from('1.1.1.1'));
    await upstream.arrived(1);
    upstream.release();
    expect((await again).status).toBe(200);
  });

  test('a stream that waits hears heartbeats, then its answer', async () => {
    const upstream = stalling();
    const { url, asked } = await guarded({
      answer: upstream.answer,
      config: 'queue: { maxRunning: 1, heartbeatSeconds: 0.05 }',
    });
    const first = asked();
    await upstream.arrived(1);
    const response = await fetch(url + paths.chat, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(streamed),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(response.headers.get('x-proxy-request-id')).toMatch(/^req_/);
    const text = response.text();
    upstream.release();
    await first;
    await upstream.arrived(1);
    const [second] = upstream.waiting.splice(0);
    second?.writeHead(200, { 'content-type': 'text/event-stream' });
    second?.end(frames.join(''));
    expect((await text).startsWith(': keep-alive\n\n')).toBe(true);
    expect((await text).replaceAll(': keep-alive\n\n', '')).toBe(frames.join(''));
  });

  test('an upstream that thinks for long is no queue: its refusal keeps its status', async () => {
    const upstream = stalling();
    const { asked } = await guarded({
      answer: upstream.answer,
      config: 'queue: { maxRunning: 1, heartbeatSeconds: 0.02 }',
    });
    const asking = asked({}, streamed);
    await upstream.arrived(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [response] = upstream.waiting.splice(0);
    response?.writeHead(400, { 'content-type': 'application/json' });
    response?.end('{"error":{"message":"No.","type":"invalid_request_error"}}');
    expect((await asking).status).toBe(400);
  });

  test('who waits too long is told so in the stream, in its own dialect', async () => {
    const upstream = stalling();
    const { asked } = await guarded({
      answer: upstream.answer,
      config: 'queue: { maxRunning: 1, heartbeatSeconds: 0.05, waitSeconds: 0.3 }',
    });
    const first = asked();
    await upstream.arrived(1);
    const openai = await asked({}, streamed);
    expect(openai.status).toBe(200);
    expect(openai.text).toMatch(/^(: keep-alive\n\n)+data: \{"error":\{"message":"No turn came within 0\.3 s/);
    const claude = await asked({}, { ...question, stream: true }, paths.messages);
    expect(claude.text).toContain('event: error\ndata: {"type":"error","error":{"type":"overloaded_error"');
    const whole = await asked();
    expect([whole.status, whole.headers['retry-after']]).toEqual([503, '5']);
    upstream.release();
    await first;
  });
});

describe('F13 keys over their rate', () => {
  const busy = (response: ServerResponse, headers: Record<string, string> = {}) => {
    response.writeHead(429, { 'content-type': 'application/json', ...headers });
    response.end('{"error":{"message":"Slow down.","type":"rate_limit_error","code":"rate_limit_exceeded"}}');
  };

  test('the only key is asked again when it is free, and the caller sees nothing of it', async () => {
    let count = 0;
    const answer: RequestListener = (_request, response) => {
      count += 1;
      if (count <= 2) return busy(response, { 'retry-after': '1' });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(reply));
    };
    const { asked, log } = await guarded({ answer, config: 'queue: { waitSeconds: 30 }' });
    expect((await asked()).status).toBe(200);
    expect(count).toBe(3);
    await until('the call is on record', () => log.lines.join('').includes('"attempts":[{'));
  });

  test('when none is free in time the caller hears of it, and for how long', async () => {
    const { asked, upstream } = await guarded({
      answer: (_request, response) => busy(response, { 'retry-after': '90' }),
      config: 'queue: { waitSeconds: 30 }',
    });
    const refused = await asked();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '90']);
    expect(upstream.seen).toHaveLength(1);
  });
});

test('C30 who the caller is never reaches an upstream', async () => {
  const names = [
    ...['origin', 'referer', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'],
    ...['cf-connecting-ip', 'cf-ray', 'true-client-ip', 'tailscale-user-login', 'sec-fetch-mode', 'sec-fetch-site'],
    ...['cookie', 'via'],
  ];
  const { asked, upstream, url } = await guarded();
  const headers = Object.fromEntries(names.map((name) => [name, 'http://tell-tale.test']));
  expect((await asked(headers)).status).toBe(200);
  expect((await asked(headers, question, paths.messages)).status).toBe(200);
  expect((await asked(headers, { model: 'oa/text-embedding-3-small', input: 'x' }, '/v1/embeddings')).status).toBe(200);
  expect((await ask(url, '/proxy/openai/v1/chat/completions', { body: chat, headers })).status).toBe(200);
  expect(upstream.seen).toHaveLength(4);
  expect(JSON.stringify(upstream.seen.map((seen) => seen.headers))).not.toContain('tell-tale');
});

describe('C31 nothing of ours is open to strangers', () => {
  test('without a key only this machine is listened to', async () => {
    expect(load(folder()).server.host).toBe('127.0.0.1');
    expect(() => load(folder(), { BIND_ADDRESS: '0.0.0.0' })).toThrow('Refusing to listen');
    const { url } = await recordingUpstream();
    const server = await start({ env: { OPENAI_API_KEY: 'sk-0123456789', OPENAI_BASE_URL: url } });
    for (const path of ['/', '/api/keys', '/api/stats', '/api/providers', '/v1/models'])
      expect([401, 403], path).toContain((await ask(server.url, path, { host: 'proxy.example.com' })).status);
  });
});
