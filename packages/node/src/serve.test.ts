import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Failure, type HttpAnswer, type HttpRequest } from '@proxy/core';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually, ManualSource, pause, RawCaller, readSource, stubGateway } from '../test/support.ts';
import { serve, type Served } from './serve.ts';

const servers: Served[] = [];

async function serving(handle: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>): Promise<Served> {
  const served = await serve(stubGateway(handle));
  servers.push(served);
  return served;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((served) => served.close({ drainMs: 0 })));
});

async function bodyOf({ body }: HttpRequest): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  return body instanceof Uint8Array ? body : readSource(body);
}

/** Answers with the body, or with the failure's kind and message. */
async function echo(request: HttpRequest): Promise<HttpAnswer> {
  try {
    const body = await bodyOf(request);
    return { status: 200, headers: { 'x-encoding': request.headers['content-encoding'] ?? 'none' }, body };
  } catch (error) {
    const { status, message } = error as Failure; // nothing else is thrown by a body
    return { status, headers: {}, body: message };
  }
}

describe('requests', () => {
  test('method, path with query, headers, address and body arrive as sent', async () => {
    let seen: HttpRequest | undefined;
    const { url } = await serving(async (request) => {
      seen = request;
      return echo(request);
    });
    const response = await fetch(`${url}/v1/x?beta=true`, { method: 'POST', headers: { 'X-Key': 'a' }, body: 'Grüße' });
    expect(await response.text()).toBe('Grüße');
    expect(seen).toMatchObject({ method: 'POST', url: '/v1/x?beta=true', address: '127.0.0.1' });
    expect(seen?.headers['x-key']).toBe('a');
    expect(seen?.signal.aborted).toBe(false);
  });

  test('no body is no body', async () => {
    const { url } = await serving(({ body }) => ({ status: 200, headers: {}, body: String(body) }));
    expect(await (await fetch(url)).text()).toBe('undefined');
    expect(await (await fetch(url, { method: 'POST' })).text()).toBe('undefined');
  });

  test('a large body arrives whole and in order', async () => {
    const { url } = await serving(echo);
    const body = Buffer.alloc(3_000_000, 'abcdefghijk');
    const response = await fetch(url, { method: 'POST', body });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('H7 a body in %s is read, and no longer called so', async (encoding, compress) => {
    const { url } = await serving(echo);
    const text = 'hello '.repeat(50_000);
    const headers = { 'content-encoding': encoding };
    const response = await fetch(url, { method: 'POST', headers, body: compress(text) });
    expect(response.headers.get('x-encoding')).toBe('none');
    expect(await response.text()).toBe(text);
  });

  test.each([
    ['gzip', 'not gzip', 400],
    ['compress', 'x', 415],
  ])('H7 a body wrongly called %s is refused', async (encoding, body, status) => {
    const { url } = await serving(echo);
    const response = await fetch(url, { method: 'POST', headers: { 'content-encoding': encoding }, body });
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(encoding)]);
  });

  test('H7 a body that would unpack to a gigabyte is unpacked no further than it is read', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    let unpacked = 0;
    const { url } = await serving(({ body }) => {
      if (!body || body instanceof Uint8Array) throw new Error('A source was expected.');
      return new Promise((resolve) => {
        const flow = body.start({
          write(chunk) {
            unpacked += chunk.length;
            if (unpacked > 100_000) queueMicrotask(() => flow.cancel());
            if (unpacked > 100_000) resolve({ status: 413, headers: {}, body: 'too large' });
            return unpacked <= 100_000;
          },
          end: () => undefined,
          fail: () => undefined,
        });
      });
    });
    const response = await fetch(url, { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: bomb });
    expect(response.status).toBe(413);
    await pause(50);
    expect(unpacked).toBeLessThan(400_000);
  });

  test('a caller that leaves while sending is known as gone, and its signal aborts', async () => {
    let failed: unknown;
    let request: HttpRequest | undefined;
    const { port } = await serving(async (inbound) => {
      request = inbound;
      failed = await bodyOf(inbound).catch((error: unknown) => error);
      return { status: 200, headers: {} };
    });
    const caller = new RawCaller(port);
    caller.socket.write('POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    await eventually(() => request !== undefined, 'the request arrives');
    caller.socket.destroy();
    await eventually(() => failed instanceof Failure && failed.kind === 'client-gone', 'the body fails');
    await eventually(() => request?.signal.aborted === true, 'the signal aborts');
  });

  test('an answer before the whole body was sent reaches the caller, and the connection ends unless the rest comes', async () => {
    const { port } = await serving(() => ({ status: 413, headers: {}, body: 'too large' }));
    const caller = new RawCaller(port);
    caller.socket.write(`POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(100_000)}`);
    await caller.until('too large');
    expect(caller.received).toContain('413');
    await caller.closed;

    const quick = new RawCaller(port);
    quick.socket.write(`POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`);
    await quick.until('too large');
    quick.socket.write('GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => quick.received.split('413').length === 3, 'the next is answered');
    quick.socket.destroy();
  });
});

describe('whole answers', () => {
  test.each(['text', 'Grüße', '', new TextEncoder().encode('bytes ü'), Buffer.alloc(100_000, 'x')])(
    'has a length and arrives whole (%#)',
    async (body) => {
      const { url } = await serving(() => ({ status: 201, headers: { 'x-a': 'b' }, body }));
      const response = await fetch(url);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(response.status).toBe(201);
      expect(response.headers.get('x-a')).toBe('b');
      expect(bytes.equals(Buffer.from(body as string))).toBe(true); // Buffer.from takes bytes as well
      expect(response.headers.get('content-length')).toBe(String(bytes.length));
    },
  );

  test('connections are kept and used again', async () => {
    const { port } = await serving(({ url }) => ({ status: 200, headers: {}, body: `answer to ${url}` }));
    const caller = new RawCaller(port);
    for (const path of ['/v1/1', '/v1/2', '/v1/3']) {
      caller.get(path);
      await caller.until(`answer to ${path}`);
    }
    caller.socket.destroy();
  });

  test('pipelined requests are answered in order, streams included', async () => {
    const first = new ManualSource();
    const second = new ManualSource();
    const { port } = await serving(({ url }) => ({ status: 200, headers: {}, body: url === '/v1/1' ? first : second }));
    const caller = new RawCaller(port).get('/v1/1').get('/v1/2');
    const [one, two] = await Promise.all([first.started, second.started]);
    two.write('second');
    await pause(20);
    two.end();
    one.write('first');
    await pause(20);
    one.end();
    await caller.until('second');
    expect(caller.received.indexOf('first')).toBeLessThan(caller.received.indexOf('second'));
  });

  test('a gateway that rejects, or answers what HTTP cannot say, is a 500', async () => {
    const unsent = new ManualSource();
    const { url } = await serving((request) => {
      if (request.url === '/v1/throw') throw new Error('bug');
      return { status: 200, headers: { 'x-bad': 'line\nbreak' }, body: unsent };
    });
    expect((await fetch(`${url}/v1/throw`)).status).toBe(500);
    expect((await fetch(`${url}/v1/header`)).status).toBe(500);
    expect(unsent.cancelled).toBe(true);
  });
});

describe('streams', () => {
  test('each push arrives at once; strings and bytes mix, in order', async () => {
    const source = new ManualSource();
    const { url } = await serving(() => ({ status: 200, headers: {}, body: source }));
    const response = await fetch(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const sink = await source.started;
    for (const part of ['one', new TextEncoder().encode('zwölf'), 'drei ü']) {
      sink.write(part);
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(Buffer.from(part as string).toString());
    }
    for (const part of ['a', 'b', new TextEncoder().encode('ç'), 'd', new TextEncoder().encode('e')]) sink.write(part);
    sink.end();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('abçde');
    expect((await reader.read()).done).toBe(true);
  });

  test('what comes in one tick leaves as one chunk', async () => {
    const source = new ManualSource();
    const { port } = await serving(() => ({ status: 200, headers: {}, body: source }));
    const caller = new RawCaller(port).get();
    const sink = await source.started;
    for (let delta = 0; delta < 20; delta += 1) sink.write(`delta${delta};`);
    await caller.until('delta19;');
    const [, chunks = ''] = caller.received.split('\r\n\r\n');
    expect(chunks.match(/\r\n/g)).toHaveLength(2);
    caller.socket.destroy();
  });

  test('the headers go out before the first byte of a body that hesitates', async () => {
    const source = new ManualSource();
    const { port } = await serving(() => ({ status: 200, headers: { 'x-early': 'yes' }, body: source }));
    const caller = new RawCaller(port).get();
    await caller.until('x-early');
    caller.socket.destroy();
  });

  test('a source that pushes all it has while it starts', async () => {
    const body = {
      start(sink: { write(text: string): boolean; end(): void }) {
        sink.write('all ');
        sink.write('at once');
        sink.end();
        return { resume: () => undefined, cancel: () => undefined };
      },
    };
    const { url } = await serving(() => ({ status: 200, headers: {}, body }));
    expect(await (await fetch(url)).text()).toBe('all at once');
  });

  test('a caller that does not read holds the source back, and reading lets it go on', async () => {
    const source = new ManualSource();
    const { port } = await serving(() => ({ status: 200, headers: {}, body: source }));
    const caller = new RawCaller(port).get();
    await caller.until('HTTP/1.1 200');
    caller.socket.pause();
    await source.started;
    const chunk = 'x'.repeat(16 * 1024);
    let pushed = 0;
    // The kernel's buffers take some megabytes on loopback; what matters is that there is an end to it.
    while (source.push(chunk) && pushed < 4000) {
      pushed += 1;
      await new Promise(setImmediate);
    }
    expect(pushed).toBeLessThan(4000);
    await pause(30);
    expect(source.resumed).toBe(0);
    caller.socket.resume();
    await eventually(() => source.resumed > 0, 'the source is resumed');
    caller.socket.destroy();
  });

  test('D18 a caller that leaves cancels the stream and aborts the signal', async () => {
    const source = new ManualSource();
    let request: HttpRequest | undefined;
    const { port } = await serving((inbound) => {
      request = inbound;
      return { status: 200, headers: {}, body: source };
    });
    const caller = new RawCaller(port).get();
    const sink = await source.started;
    sink.write('some');
    await caller.until('some');
    caller.socket.destroy();
    await eventually(() => source.cancelled, 'the flow is cancelled');
    expect(request?.signal.aborted).toBe(true);
    expect(sink.write('more')).toBe(false);
    sink.end();
  });

  test('D18 a caller that left before its answer came cancels the answer', async () => {
    const source = new ManualSource();
    let answer: (value: HttpAnswer) => void = () => undefined;
    let request: HttpRequest | undefined;
    const { port } = await serving((inbound) => {
      request = inbound;
      return new Promise<HttpAnswer>((resolve) => (answer = resolve));
    });
    const caller = new RawCaller(port).get();
    await eventually(() => request !== undefined, 'the request arrives');
    caller.socket.destroy();
    await eventually(() => request?.signal.aborted === true, 'the signal aborts');
    answer({ status: 200, headers: {}, body: source });
    await eventually(() => source.cancelled, 'the flow is cancelled');
  });

  test('a source that breaks off: what came arrives, and the end cannot be taken for a clean one', async () => {
    const source = new ManualSource();
    const { port } = await serving(() => ({ status: 200, headers: {}, body: source }));
    const caller = new RawCaller(port).get();
    const sink = await source.started;
    sink.write('half of it');
    sink.fail(new Error('upstream died'));
    await caller.closed;
    expect(caller.received).toContain('half of it');
    expect(caller.received).not.toContain('\r\n0\r\n\r\n');
  });

  test('fetch takes a stream that breaks off for an error', async () => {
    const source = new ManualSource();
    const { url } = await serving(() => ({ status: 200, headers: {}, body: source }));
    const reading = fetch(url).then((response) => response.text());
    const sink = await source.started;
    sink.write('half of it');
    sink.fail(new Error('upstream died'));
    await expect(reading).rejects.toThrow();
  });

  test('to HTTP/1.0, which knows no chunks, a stream that breaks off is reset', async () => {
    const source = new ManualSource();
    const { port } = await serving(() => ({ status: 200, headers: {}, body: source }));
    const caller = new RawCaller(port);
    caller.socket.write('GET /v1/x HTTP/1.0\r\nHost: x\r\n\r\n');
    const sink = await source.started;
    sink.write('half of it');
    await caller.until('half of it');
    sink.fail(new Error('upstream died'));
    expect(await caller.closed).toBe('reset');
  });
});

describe('close', () => {
  test('lets what runs finish, takes nobody new, and closes idle connections', async () => {
    const source = new ManualSource();
    const served = await serving(() => ({ status: 200, headers: {}, body: source }));
    const idle = new RawCaller(served.port);
    const caller = new RawCaller(served.port).get();
    const sink = await source.started;
    const closed = served.close();
    await idle.closed;
    await expect(fetch(served.url)).rejects.toThrow();
    sink.write('the rest');
    sink.end();
    await closed;
    await caller.closed;
    expect(caller.received).toContain('the rest');
    expect(caller.received).toMatch(/\r\n0\r\n\r\n$/);
  });

  test('cuts what still runs when the time is up', async () => {
    const source = new ManualSource();
    const served = await serving(() => ({ status: 200, headers: {}, body: source }));
    const caller = new RawCaller(served.port).get();
    await source.started;
    const before = performance.now();
    await served.close({ drainMs: 100 });
    expect(performance.now() - before).toBeLessThan(2000);
    await caller.closed;
    await eventually(() => source.cancelled, 'the stream is cancelled');
  });

  test('its signal closes it', async () => {
    const controller = new AbortController();
    const served = await serve(
      stubGateway(() => ({ status: 200, headers: {} })),
      { signal: controller.signal },
    );
    controller.abort();
    await served.close();
    await expect(fetch(served.url)).rejects.toThrow();
  });

  test('says why it cannot listen', async () => {
    const { port } = await serving(() => ({ status: 200, headers: {} }));
    const second = serve(
      stubGateway(() => ({ status: 200, headers: {} })),
      { port },
    );
    await expect(second).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}: another program listens there`);
  });
});
