import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { createBrotliCompress, createGzip, createZstdCompress, gzipSync } from 'node:zlib';
import { Failure, type Flow, type OutboundRequest, type UpstreamResponse } from '@proxy/core';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { certificate, privateKey } from '../test/certificate.ts';
import { eventually, pause, readSource } from '../test/support.ts';
import { createTransport, type NodeTransport, type TransportOptions } from './transport.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port; // listens on a port
}

async function upstream(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createHttp(listener))}`;
}

/** An upstream that says exactly this to every request, and then what `after` does. */
async function rawUpstream(text: string, after: (socket: Socket) => void = () => undefined): Promise<string> {
  const server = createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(text, () => after(socket)));
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

function transport(options?: TransportOptions): NodeTransport {
  const made = createTransport(options);
  cleanups.push(() => void made.close());
  return made;
}

function post(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const signal = new AbortController().signal;
  return { method: 'POST', url, headers: {}, signal, headersTimeoutMs: 5000, idleTimeoutMs: 5000, ...more };
}

async function failureOf(sending: Promise<unknown>): Promise<Failure> {
  const error = await sending.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`Not a Failure: ${String(error)}`);
  return error;
}

async function textOf(response: UpstreamResponse): Promise<string> {
  return (await readSource(response.body)).toString();
}

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

describe('what goes wrong', () => {
  test('nobody listens', async () => {
    const closed = createTcp();
    const port = await listening(closed);
    await new Promise((resolve) => closed.close(resolve));
    const failure = await failureOf(transport().send(post(`http://127.0.0.1:${port}/v1?key=secret`)));
    expect(failure.kind).toBe('bad-upstream');
    expect(failure.message).toBe(`127.0.0.1:${port} cannot be reached: nobody listens there (ECONNREFUSED).`);
    expect(failure.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('no such host', async () => {
    const failure = await failureOf(transport().send(post('http://no-such-host.invalid/')));
    expect([failure.kind, failure.message]).toEqual(['bad-upstream', expect.stringContaining('no-such-host.invalid')]);
  });

  test.each(['', '/v1/messages', 'api.example.com/v1', 'ftp://example.com/'])('no usable URL: "%s"', async (url) => {
    expect((await failureOf(transport().send(post(url)))).kind).toBe('server');
  });

  test('a key that cannot be a header is named by its header alone', async () => {
    const url = await upstream((_request, response) => response.end());
    const failure = await failureOf(transport().send(post(url, { headers: { 'x-api-key': 'secret\nvalue' } })));
    expect(failure.kind).toBe('server');
    expect(failure.message).toContain('x-api-key');
    expect(failure.message).not.toContain('secret');
  });

  test('it closes without a word', async () => {
    const url = await rawUpstream('', (socket) => socket.destroy());
    const failure = await failureOf(transport().send(post(url)));
    expect([failure.kind, failure.message]).toEqual(['bad-upstream', expect.stringContaining('closed the connection')]);
  });

  test('it speaks no HTTP', async () => {
    const url = await rawUpstream('SSH-2.0-OpenSSH_9.6\r\n');
    expect((await failureOf(transport().send(post(url)))).kind).toBe('bad-upstream');
  });

  test.each([
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['with a length', 'Content-Length: 100\r\n\r\nhalf'],
  ])('it dies within its reply (%s): what came is handed on, then it fails', async (_how, rest) => {
    const url = await rawUpstream(`HTTP/1.1 200 OK\r\n${rest}`, (socket) => setTimeout(() => socket.destroy(), 20));
    const { body } = await transport().send(post(url));
    let received = '';
    const failure = await new Promise<unknown>((resolve, reject) => {
      body.start({
        write(chunk) {
          received += Buffer.from(chunk as Uint8Array).toString(); // Buffer.from takes strings as well
          return true;
        },
        end: () => reject(new Error('A clean end.')),
        fail: resolve,
      });
    });
    expect(received).toBe('half');
    expect(failure).toMatchObject({ kind: 'bad-upstream', message: expect.stringContaining('broke off its reply') });
  });

  test('it died before the body was started', async () => {
    const url = await rawUpstream('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', (socket) => socket.destroy());
    const response = await transport().send(post(url));
    await pause(50);
    expect((await failureOf(readSource(response.body))).kind).toBe('bad-upstream');
  });

  test('C8 it does not answer in time', async () => {
    const url = await upstream(() => undefined);
    const failure = await failureOf(transport().send(post(url, { headersTimeoutMs: 100 })));
    expect([failure.kind, failure.status, failure.message]).toEqual([
      'timeout',
      504,
      expect.stringContaining('did not answer in time'),
    ]);
  });

  test('C8 the time to answer does not cut a stream that lives longer; silence within it does', async () => {
    const url = await upstream((_request, response) => {
      let sent = 0;
      const timer = setInterval(() => {
        if (sent < 8) response.write(`${(sent += 1)} `);
      }, 50);
      response.on('close', () => clearInterval(timer));
      response.flushHeaders();
    });
    const response = await transport().send(post(url, { headersTimeoutMs: 200, idleTimeoutMs: 300 }));
    let received = '';
    const failure = await new Promise((resolve) => {
      response.body.start({
        write(chunk) {
          received += Buffer.from(chunk as Uint8Array).toString(); // Buffer.from takes strings as well
          return true;
        },
        end: () => resolve('a clean end'),
        fail: resolve,
      });
    });
    expect(received).toBe('1 2 3 4 5 6 7 8 ');
    expect(failure).toMatchObject({ kind: 'timeout' });
  });
});

describe('TLS', () => {
  async function secure(): Promise<number> {
    return listening(createHttps({ cert: certificate, key: privateKey }, (_request, response) => response.end('ok')));
  }

  test('D29 a self-signed certificate is refused by name, unless skipped for that origin alone', async () => {
    const [lax, strict] = [await secure(), await secure()];
    const { send } = transport({ origins: { [`https://localhost:${lax}`]: { insecureSkipVerify: true } } });
    expect(await textOf(await send(post(`https://localhost:${lax}/`)))).toBe('ok');
    const failure = await failureOf(send(post(`https://localhost:${strict}/`)));
    expect(failure.kind).toBe('bad-upstream');
    expect(failure.message).toContain('its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)');
  });

  test('D29 a certificate for another name is refused by name, unless skipped', async () => {
    const [strict, lax] = [await secure(), await secure()];
    const { send } = transport({
      origins: {
        [`https://127.0.0.1:${strict}`]: { ca: certificate },
        [`https://127.0.0.1:${lax}`]: { insecureSkipVerify: true },
      },
    });
    const failure = await failureOf(send(post(`https://127.0.0.1:${strict}/`)));
    expect(failure.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await textOf(await send(post(`https://127.0.0.1:${lax}/`)))).toBe('ok');
  });

  test('a certificate of our own is trusted', async () => {
    const port = await secure();
    const { send } = transport({ origins: { [`https://localhost:${port}`]: { ca: certificate } } });
    expect(await textOf(await send(post(`https://localhost:${port}/`)))).toBe('ok');
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
