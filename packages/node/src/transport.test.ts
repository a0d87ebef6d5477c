import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createBrotliCompress, createGzip, createZstdCompress, gzipSync } from 'node:zlib';
import { Failure, type Flow } from '@proxy/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventually, pause, readSource } from '../test/support.ts';
import { failureOf, listening, post, rawUpstream, textOf, transport, upstream } from '../test/upstreams.ts';

describe('sending', () => {
  test('method, path, query, headers and body arrive, nothing else', async () => {
    let seen: { request: IncomingMessage; body: string } | undefined;
    const url = await upstream((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen = { request, body };
        response.end('{}');
      });
    });
    for (const body of ['{"a":"ü"}', new TextEncoder().encode('{"a":"ü"}')]) {
      await textOf(await transport().send(post(`${url}/v1/x?beta=true`, { headers: { 'x-api-key': 'k' }, body })));
      expect(seen?.body).toBe('{"a":"ü"}');
      expect(seen?.request).toMatchObject({ method: 'POST', url: '/v1/x?beta=true' });
      expect(seen?.request.headers).toEqual({
        host: url.slice('http://'.length),
        connection: 'keep-alive',
        'x-api-key': 'k',
        'content-length': '10',
      });
    }
  });

  test.each(['', '/', '?a=b'])('an origin followed by "%s" is a URL', async (rest) => {
    const url = await upstream((request, response) => response.end(request.url));
    const expected = rest.startsWith('/') ? rest : `/${rest}`;
    expect(await textOf(await transport().send(post(url + rest)))).toBe(expected);
  });

  test('status, header names in lower case, repeated values joined, no cookies', async () => {
    const url = await upstream((_request, response) => {
      response.writeHead(418, [
        ['X-One', 'a'],
        ['X-Two', 'b'],
        ['x-two', 'c'],
        ['Set-Cookie', 'secret=1'],
      ]);
      response.end('short');
    });
    const response = await transport().send(post(url));
    expect(response.status).toBe(418);
    expect(response.headers).toMatchObject({ 'x-one': 'a', 'x-two': 'b, c' });
    expect(response.headers).not.toHaveProperty('set-cookie');
    expect(await textOf(response)).toBe('short');
  });

  test('an early hint is no answer', async () => {
    const url = await rawUpstream(
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const response = await transport().send(post(url));
    expect([response.status, await textOf(response)]).toEqual([200, 'ok']);
  });

  test('connections are kept and used again', async () => {
    let connections = 0;
    const server = createHttp((_request, response) => response.end('ok'));
    server.on('connection', () => (connections += 1));
    const url = `http://127.0.0.1:${await listening(server)}`;
    const { send } = transport();
    for (let call = 0; call < 5; call += 1) {
      await textOf(await send(post(url)));
      await pause(5);
    }
    expect(connections).toBe(1);
  });

  test('a hundred at a time have a connection each, none waits', async () => {
    const waiting: ServerResponse[] = [];
    const url = await upstream((_request, response) => void waiting.push(response));
    const { send } = transport();
    const all = Array.from({ length: 100 }, async () => textOf(await send(post(url))));
    await eventually(() => waiting.length === 100, 'all arrive');
    for (const response of waiting) response.end('x');
    expect(await Promise.all(all)).toEqual(Array(100).fill('x'));
  });

  test('a reply compressed unasked is read all the same', async () => {
    const text = 'delta '.repeat(20_000);
    const url = await upstream((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(text));
    });
    const response = await transport().send(post(url));
    expect(await textOf(response)).toBe(text);
    expect(response.headers).not.toHaveProperty('content-encoding');
  });
});

test.each([
  ['gzip', createGzip],
  ['br', createBrotliCompress],
  ['zstd', createZstdCompress],
])('a stream compressed unasked in %s comes delta by delta, and breaks off as one', async (encoding, compressor) => {
  let reply: ServerResponse | undefined;
  const compress = compressor();
  const url = await upstream((_request, response) => {
    reply = response;
    response.writeHead(200, { 'content-encoding': encoding });
    compress.on('data', (bytes) => response.write(bytes));
    compress.write('first');
    compress.flush();
  });
  const { body } = await transport().send(post(url));
  let received = '';
  let failure: unknown;
  body.start({
    write(chunk) {
      received += Buffer.from(chunk as Uint8Array).toString(); // Buffer.from takes strings as well
      return true;
    },
    end: () => undefined,
    fail: (error) => (failure = error),
  });
  await eventually(() => received === 'first', 'the first delta');
  compress.write('second');
  compress.flush();
  await eventually(() => received === 'firstsecond', 'the second delta');
  reply?.destroy();
  await eventually(() => failure instanceof Failure && failure.kind === 'bad-upstream', 'it fails');
});

test('whatever the sizes, pauses and cuts, the bytes arrive whole and in order', async () => {
  let parts: readonly number[] = [];
  const url = await upstream((_request, response) => {
    let sent = 0;
    const go = () => {
      for (; sent < parts.length; sent += 1) {
        const ready = response.write(Buffer.alloc(parts[sent] ?? 0, sent));
        if (!ready) {
          sent += 1;
          response.once('drain', go);
          return;
        }
      }
      response.end();
    };
    if (parts.length === 0) response.end();
    else go();
  });
  const { send } = transport();
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 200_000 })), {
    maxLength: 12,
  });
  const moods = fc.infiniteStream(fc.constantFrom('more', 'more', 'later', 'at once'));
  await fc.assert(
    fc.asyncProperty(sizes, moods, fc.boolean(), async (lengths, mood, late) => {
      parts = lengths;
      const response = await send(post(url));
      if (late) await pause(2);
      const received = await new Promise<Buffer>((resolve, reject) => {
        const chunks: Uint8Array[] = [];
        let flow: Flow | undefined;
        flow = response.body.start({
          write(chunk) {
            chunks.push(chunk as Uint8Array); // a socket gives bytes
            const next = mood.next().value;
            if (next === 'more') return true;
            if (next === 'later') setTimeout(() => flow?.resume(), 1);
            else queueMicrotask(() => flow?.resume());
            return false;
          },
          end: () => resolve(Buffer.concat(chunks)),
          fail: reject,
        });
      });
      const expected = Buffer.concat(lengths.map((length, index) => Buffer.alloc(length, index)));
      expect(received.equals(expected)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

describe('bodies', () => {
  test('each chunk comes as it arrives, in order', async () => {
    let reply: ServerResponse | undefined;
    const url = await upstream((_request, response) => {
      reply = response;
      response.write('first');
    });
    const received: string[] = [];
    let ended = false;
    (await transport().send(post(url))).body.start({
      write(chunk) {
        received.push(Buffer.from(chunk as Uint8Array).toString()); // Buffer.from takes strings as well
        return true;
      },
      end: () => (ended = true),
      fail: () => undefined,
    });
    for (const part of ['second', 'third']) {
      await eventually(() => received.length > 0, 'a chunk');
      reply?.write(part);
      await eventually(() => received.includes(part), part);
    }
    reply?.end();
    await eventually(() => ended, 'the end');
    expect(received).toEqual(['first', 'second', 'third']);
  });

  test('a sink that says enough gets little more, and all of it after resume', async () => {
    const total = 30_000_000;
    const url = await upstream((_request, response) => response.end(Buffer.alloc(total, 'x')));
    const { body } = await transport().send(post(url));
    let received = 0;
    let ended = false;
    let more = false;
    const flow = body.start({
      write(chunk) {
        received += chunk.length;
        return more;
      },
      end: () => (ended = true),
      fail: () => undefined,
    });
    await pause(100);
    expect(received).toBeLessThan(200_000);
    const before = received;
    flow.resume();
    await eventually(() => received > before, 'a little more');
    await pause(50);
    expect(received).toBeLessThan(400_000);
    more = true;
    flow.resume();
    await eventually(() => ended, 'the end');
    expect(received).toBe(total);
  });

  test('nothing is lost or grows while nobody has started the body', async () => {
    const total = 30_000_000;
    let reply: ServerResponse | undefined;
    const url = await upstream((_request, response) => {
      reply = response;
      response.end(Buffer.alloc(total, 'x'));
    });
    const response = await transport().send(post(url));
    await pause(100);
    // Most of it never left the upstream: that is all that shows from outside that nothing is hoarded here.
    expect(reply?.socket?.writableLength ?? 0).toBeGreaterThan(total / 2);
    expect((await readSource(response.body)).length).toBe(total);
  });

  test('a short reply that was over before it was started', async () => {
    const url = await upstream((_request, response) => response.end('short'));
    const response = await transport().send(post(url));
    await pause(30);
    expect(await textOf(response)).toBe('short');
  });

  test('D18 cancel closes the connection to the upstream', async () => {
    let gone = false;
    const url = await upstream((_request, response) => {
      response.on('close', () => (gone = true));
      response.write('some');
    });
    const { body } = await transport().send(post(url));
    let flow: Flow | undefined;
    const told: string[] = [];
    flow = body.start({ write: () => true, end: () => told.push('end'), fail: () => told.push('fail') });
    flow.cancel();
    flow.cancel();
    await eventually(() => gone, 'the upstream sees the close');
    expect(told).toEqual([]);
  });

  test.each(['before the answer', 'within the body', 'while connecting'])('D18 aborting %s cancels', async (when) => {
    const controller = new AbortController();
    let gone = 0;
    let arrived = 0;
    const url = await upstream((request, response) => {
      arrived += 1;
      request.socket.on('close', () => (gone += 1));
      if (when === 'within the body') response.write('some');
    });
    const sending = transport().send(post(url, { signal: controller.signal }));
    if (when === 'while connecting') controller.abort();
    if (when === 'before the answer') {
      await eventually(() => arrived === 1, 'the request arrives');
      controller.abort();
    }
    if (when === 'within the body') {
      const reading = readSource((await sending).body);
      controller.abort();
      expect((await failureOf(reading)).kind).toBe('client-gone');
    } else {
      expect((await failureOf(sending)).kind).toBe('client-gone');
    }
    if (when === 'while connecting') await pause(30);
    await eventually(() => gone === arrived, 'the upstream sees the close');
  });

  test('an abort after the end disturbs nobody, and no listener stays behind', async () => {
    const url = await upstream((_request, response) => response.end('ok'));
    const controller = new AbortController();
    const { send } = transport();
    await textOf(await send(post(url, { signal: controller.signal })));
    controller.abort();
    expect(await textOf(await send(post(url)))).toBe('ok');
    const aborted = await failureOf(send(post(url, { signal: controller.signal })));
    expect(aborted.kind).toBe('client-gone');
  });

  test('a sink that throws hears of it by fail, and the connection is let go', async () => {
    let gone = false;
    const url = await upstream((_request, response) => {
      response.on('close', () => (gone = true));
      response.write('some');
    });
    const bug = new Error('bug');
    const { body } = await transport().send(post(url));
    const failed = await new Promise((resolve) => {
      body.start({
        write() {
          throw bug;
        },
        end: () => undefined,
        fail: resolve,
      });
    });
    expect(failed).toBe(bug);
    await eventually(() => gone, 'the upstream sees the close');
  });
});

test('close waits for what runs', async () => {
  let reply: ServerResponse | undefined;
  const url = await upstream((_request, response) => void (reply = response));
  const { send, close } = transport();
  const sending = send(post(url)).then(textOf);
  await eventually(() => reply !== undefined, 'the request arrives');
  let closed = false;
  const closing = close().then(() => (closed = true));
  await pause(30);
  expect(closed).toBe(false);
  reply?.end('done');
  expect(await sending).toBe('done');
  await closing;
});
