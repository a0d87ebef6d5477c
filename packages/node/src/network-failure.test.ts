import { createServer as createHttps } from 'node:https';
import { createServer as createTcp } from 'node:net';
import type { Source } from '@proxy/core';
import { describe, expect, test } from 'vitest';
import { certificate, privateKey } from '../test/certificate.ts';
import { pause, readSource } from '../test/support.ts';
import { failureOf, listening, post, rawUpstream, textOf, transport, upstream } from '../test/upstreams.ts';

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

  test('C8 the time to answer begins when an upload has been sent', async () => {
    const url = await upstream((request, response) => {
      request.resume().on('end', () => response.end('got it'));
    });
    const body: Source = {
      start(sink) {
        let left = 8;
        const timer = setInterval(() => {
          if (left > 0) sink.write(`${(left -= 1)} `);
          else {
            clearInterval(timer);
            sink.end();
          }
        }, 200);
        return { resume: () => undefined, cancel: () => clearInterval(timer) };
      },
    };
    expect(await textOf(await transport().send(post(url, { body, headersTimeoutMs: 1000 })))).toBe('got it');
  });

  test('C8 the time to answer does not cut a stream that lives longer; silence within it does', async () => {
    const url = await upstream((_request, response) => {
      let sent = 0;
      const timer = setInterval(() => {
        if (sent < 8) response.write(`${(sent += 1)} `);
      }, 250);
      response.on('close', () => clearInterval(timer));
      response.flushHeaders();
    });
    const response = await transport().send(post(url, { headersTimeoutMs: 1500, idleTimeoutMs: 1500 }));
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
