import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import type { Flow, UpstreamResponse } from '@proxy/core';
import { describe, expect, test } from 'vitest';
import { serverCertificate, serverKey } from '../test/authority.ts';
import { eventually, pause } from '../test/support.ts';
import { failureOf, listening, post, textOf, transport } from '../test/upstreams.ts';

const certificate = { cert: serverCertificate, key: serverKey };

interface Place {
  readonly scheme: string;
  http(listener: RequestListener): Promise<number>;
  raw(connected: (socket: Socket) => void): Promise<number>;
}

const places: readonly Place[] = [
  {
    scheme: 'http',
    http: (listener) => listening(createHttp(listener)),
    raw: (connected) => listening(createTcp(connected)),
  },
  {
    scheme: 'https',
    http: (listener) => listening(createHttps(certificate, listener)),
    raw: (connected) => listening(createTls(certificate, connected)),
  },
];

describe.each(places)('over $scheme', ({ scheme, http, raw }) => {
  function to(port: number) {
    const url = `${scheme}://localhost:${port}`;
    const { send } = transport({ origins: { [url]: { insecureSkipVerify: true } } });
    return () => send(post(`${url}/`));
  }

  test('what many connections say at once stays apart, also what is kept for long', async () => {
    let connections = 0;
    const port = await http((_request, response) => {
      const letter = String.fromCharCode(0x61 + connections);
      connections += 1;
      response.setHeader('x-letter', letter);
      let left = 20;
      const next = () => {
        response.write(letter.repeat(1 + ((left * 997 + letter.charCodeAt(0) * 131) % 3000)));
        left -= 1;
        if (left === 0) response.end();
        else setImmediate(next);
      };
      next();
    });
    const ask = to(port);
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await ask();
        const { 'x-letter': letter = '' } = response.headers;
        return { letter, text: await textOf(response) };
      }),
    );
    for (const { letter, text } of texts) expect(text).toBe(letter.repeat(text.length));
  });

  test('a reader that stops again and again gets everything in order', async () => {
    const whole = Buffer.from(Array.from({ length: 600_000 }, (_, index) => index % 251));
    const port = await http((_request, response) => response.end(whole));
    const received = await slowly(await to(port)());
    expect(received.equals(whole)).toBe(true);
  });

  test('a body that only the closing ends, sent with it', async () => {
    const port = await raw((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it'));
    });
    expect(await textOf(await to(port)())).toBe('all of it');
  });

  test('the same while its reader has stopped', async () => {
    const body = 'x'.repeat(300_000);
    const port = await raw((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`));
    });
    expect((await slowly(await to(port)())).toString()).toBe(body);
  });

  test('who hangs up without a word is a failure; the next connection is as good as any', async () => {
    let calls = 0;
    const port = await raw((socket) => {
      calls += 1;
      const first = calls === 1;
      socket.on('error', () => undefined);
      socket.once('data', () =>
        first ? socket.end() : socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      );
    });
    const ask = to(port);
    expect((await failureOf(ask())).kind).toBe('bad-upstream');
    expect(await textOf(await ask())).toBe('ok');
  });

  test('an upstream that speaks before it is asked, or on after it has answered, loses that connection alone', async () => {
    let calls = 0;
    const port = await raw((socket) => {
      calls += 1;
      socket.on('error', () => undefined);
      if (calls === 1) socket.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
      else
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!'),
        );
    });
    const ask = to(port);
    await ask().then(textOf, () => undefined);
    for (let round = 0; round < 3; round += 1) {
      await pause(20);
      expect(await textOf(await ask())).toBe('ok');
    }
  });
});

/** Says "enough" at each chunk. */
async function slowly({ body }: UpstreamResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let ended = false;
  let flow: Flow | undefined = undefined;
  flow = body.start({
    write(chunk) {
      chunks.push(chunk as Uint8Array); // a socket gives bytes
      setTimeout(() => flow?.resume(), 1);
      return false;
    },
    end: () => (ended = true),
    fail: (error) => {
      throw error;
    },
  });
  await eventually(() => ended, 'the end');
  return Buffer.concat(chunks);
}
