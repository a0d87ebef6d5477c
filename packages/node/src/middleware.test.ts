import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, openaiCompatible, type HttpRequest } from '@proxy/core';
import compression from 'compression';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually, ManualSource, pause, RawCaller, readSource, stubGateway } from '../test/support.ts';
import { toNodeHandler } from './middleware.ts';
import { serve } from './serve.ts';
import { createTransport } from './transport.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function urlOf(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on a port
}

/** Answers with the path and the body as the gateway sees them. */
const mirror = stubGateway(async ({ url, body, headers }: HttpRequest) => {
  const bytes = body === undefined || body instanceof Uint8Array ? body : await readSource(body);
  const text = bytes === undefined ? 'none' : Buffer.from(bytes).toString();
  return { status: 200, headers: { 'x-encoding': headers['content-encoding'] ?? 'none' }, body: `${url} ${text}` };
});

async function ask(url: string, body: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return response.text();
}

describe('in Express', () => {
  test('mounted, the gateway sees what follows the mount; the rest of the app stays', async () => {
    const app = express();
    app.use('/ai', toNodeHandler(mirror));
    app.post('/ai/other', (_request, response) => void response.send('the app'));
    app.get('/', (_request, response) => void response.send('home'));
    const url = await urlOf(createServer(app));
    expect(await ask(`${url}/ai/v1/messages?beta=true`, '{"a":1}')).toBe('/v1/messages?beta=true {"a":1}');
    expect(await ask(`${url}/ai/other`, '{}')).toBe('the app');
    expect(await (await fetch(url)).text()).toBe('home');
  });

  test.each([
    ['json', express.json(), '{"a":[1,"ü"]}', {}],
    ['text', express.text({ type: '*/*' }), '{"a": 1}', {}],
    ['raw', express.raw({ type: '*/*' }), '{"a": 1}', {}],
    ['of another type', express.urlencoded({ extended: true }), '{"a": 1}', {}],
  ])('after a body parser (%s) the body is still there', async (_name, parser, body) => {
    const app = express();
    app.use(parser, toNodeHandler(mirror));
    expect(await ask(`${await urlOf(createServer(app))}/v1/x`, body)).toBe(`/v1/x ${body}`);
  });

  test('a bug of the gateway goes to the app that mounted it', async () => {
    const app = express();
    app.use(
      toNodeHandler(
        stubGateway(() => {
          throw new Error('bug');
        }),
      ),
    );
    app.use((error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(599).send(error.message);
    });
    const response = await fetch(`${await urlOf(createServer(app))}/v1/x`);
    expect([response.status, await response.text()]).toEqual([599, 'bug']);
  });
});

describe.each(['gzip', 'identity'])('behind a middleware that compresses, to a caller who takes %s', (encoding) => {
  test('a stream arrives delta by delta, and is the same', async () => {
    const source = new ManualSource();
    const app = express();
    app.use(
      compression(),
      toNodeHandler(
        stubGateway(() => ({ status: 200, headers: { 'content-type': 'text/event-stream' }, body: source })),
      ),
    );
    const url = await urlOf(createServer(app));
    const asked = fetch(`${url}/v1/x`, { headers: { 'accept-encoding': encoding } });
    await source.started;
    const response = await asked;
    expect(response.headers.get('content-encoding') ?? 'identity').toBe(encoding);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ['data: 1\n\n', 'data: é\n\n', `data: ${'x'.repeat(100_000)}\n\n`]) {
      source.push(text);
      let got = '';
      while (got.length < text.length) got += (await reader?.read())?.value ?? '';
      expect(got).toBe(text);
    }
    source.end();
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  });

  test('a whole answer is the same', async () => {
    const app = express();
    app.use(compression({ threshold: 0 }), toNodeHandler(mirror));
    const headers = { 'accept-encoding': encoding };
    expect(await ask(`${await urlOf(createServer(app))}/v1/x`, '"ü"', headers)).toBe('/v1/x "ü"');
  });
});

test('with node:http alone everything is the gateway’s', async () => {
  const url = await urlOf(createServer(toNodeHandler(mirror)));
  expect(await ask(`${url}/anywhere`, '{}')).toBe('/anywhere {}');
});

test('a stream is the same in whatever script it goes on', async () => {
  const source = new ManualSource();
  const url = await urlOf(createServer(toNodeHandler(stubGateway(() => ({ status: 200, headers: {}, body: source })))));
  const asked = fetch(url);
  await source.started;
  const texts = ['one', '二', '三', 'four', 'five', 'ü', '🙂🙂', '', 'x'.repeat(5000), '十'.repeat(5000), 'eleven'];
  for (const text of texts) {
    source.push(text);
    await pause(1);
  }
  source.end();
  expect(await (await asked).text()).toBe(texts.join(''));
});

test('all together: a caller that does not read stops the upstream, however much it has to say', async () => {
  const total = 100_000_000;
  let left = total;
  let gone = false;
  const upstream = await urlOf(
    createServer((_request, response) => {
      response.on('close', () => (gone = true));
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const go = () => {
        while (left > 0) {
          left -= chunk.length;
          if (!response.write(chunk)) return;
        }
      };
      response.on('drain', go);
      go();
    }),
  );
  const transport = createTransport();
  cleanups.push(() => transport.close());
  const passing = stubGateway(async ({ signal }) => {
    const timeouts = { headersTimeoutMs: 5000, idleTimeoutMs: 5000 };
    const { status, body } = await transport.send({ method: 'GET', url: upstream, headers: {}, signal, ...timeouts });
    return { status, headers: {}, body };
  });
  const served = await serve(passing);
  cleanups.push(() => served.close({ drainMs: 0 }));
  const caller = new RawCaller(served.port).get();
  await caller.until('HTTP/1.1 200');
  caller.socket.pause();
  let before = -1;
  while (before !== left) {
    before = left;
    await pause(150);
  }
  // What is under way fills the kernel's buffers, some megabytes of them.
  expect(left).toBeGreaterThan(total / 2);
  caller.socket.destroy();
  await eventually(() => gone, 'the upstream is hung up on');
});

test('all together: a request through server, core and transport, and a stream back', async () => {
  const deltas = ['Hel', 'lo'].map(
    (content) => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`,
  );
  const stream = `${deltas.join('')}data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
  const upstream = await urlOf(
    createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(stream);
    }),
  );
  const transport = createTransport();
  cleanups.push(() => transport.close());
  const gateway = createGateway({
    upstreams: [
      { name: 'local', provider: openaiCompatible, baseUrl: `${upstream}/v1`, credentials: [{ id: 'k', secret: 's' }] },
    ],
    ports: { transport },
  });
  const served = await serve(gateway);
  cleanups.push(() => served.close());
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
  expect(await ask(`${served.url}/v1/chat/completions`, body)).toBe(stream);
});
