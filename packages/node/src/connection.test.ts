import { createServer as createHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import {
  authority, clientCertificate, clientKey, lockedClientKey, serverCertificate, serverKey,
} from '../test/authority.ts'; // prettier-ignore
import { forwardProxy } from '../test/forward-proxy.ts';
import { failureOf, listening, post, textOf, transport, upstream } from '../test/upstreams.ts';

/** A name that only the proxy can resolve. */
const secureOrigin = 'https://api.example.test';
const plainOrigin = 'http://api.example.test';

/** Answers with the name of the client whose certificate it was shown. */
function secureUpstream(): Promise<number> {
  const options = {
    cert: serverCertificate,
    key: serverKey,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: false,
  };
  return listening(
    createHttps(options, ({ socket }, response) => {
      const { authorized, getPeerCertificate } = socket as TLSSocket; // an https server has no other
      response.end(authorized ? getPeerCertificate.call(socket).subject.CN : 'nobody');
    }),
  );
}

describe('certificates', () => {
  test('a private authority is trusted for its origin alone, and the usual ones beside it', async () => {
    const [known, unknown] = [await secureUpstream(), await secureUpstream()];
    const { send } = transport({ origins: { [`https://localhost:${known}`]: { ca: [authority] } } });
    expect(await textOf(await send(post(`https://localhost:${known}/`)))).toBe('nobody');
    const { message } = await failureOf(send(post(`https://localhost:${unknown}/`)));
    expect(message).toMatch(/^localhost:\d+ cannot be reached: its certificate (cannot be verified|is self-signed)/);
  });

  test.each([
    ['in the clear', { key: clientKey }],
    ['under a passphrase', { key: lockedClientKey, passphrase: 'open' }],
  ])('a client certificate is shown, its key %s', async (_how, key) => {
    const port = await secureUpstream();
    const origins = { [`https://localhost:${port}`]: { ca: authority, cert: clientCertificate, ...key } };
    expect(await textOf(await transport({ origins }).send(post(`https://localhost:${port}/`)))).toBe('client');
  });

  test('a certificate that cannot be read is a failure of ours that says so', async () => {
    const origins = { [secureOrigin]: { ca: authority, cert: 'no certificate', key: clientKey } };
    const failure = await failureOf(transport({ origins }).send(post(`${secureOrigin}/`)));
    expect([failure.kind, failure.message]).toEqual([
      'server',
      expect.stringContaining('api.example.test cannot be sent'),
    ]);
  });
});

describe('a proxy of an origin', () => {
  test('tunnels TLS, certificates checked and shown within', async () => {
    const proxy = await forwardProxy(await secureUpstream());
    const own = { proxy: proxy.url, ca: authority, cert: clientCertificate, key: clientKey };
    const { send } = transport({ origins: { [secureOrigin]: own } });
    expect(await textOf(await send(post(`${secureOrigin}/v1/x?a=b`, { body: '{}' })))).toBe('client');
    expect(proxy.asked).toEqual(['CONNECT api.example.test:443']);
  });

  test('D29 a certificate within a tunnel is verified, unless skipped for that origin', async () => {
    const proxy = await forwardProxy(await secureUpstream());
    const strict = transport({ origins: { [secureOrigin]: { proxy: proxy.url } } });
    expect((await failureOf(strict.send(post(`${secureOrigin}/`)))).message).toContain('certificate');
    const lax = transport({ origins: { [secureOrigin]: { proxy: proxy.url, insecureSkipVerify: true } } });
    expect(await textOf(await lax.send(post(`${secureOrigin}/`)))).toBe('nobody');
  });

  test('forwards plain HTTP', async () => {
    const url = await upstream((request, response) => response.end(`${request.url} at ${request.headers.host}`));
    const proxy = await forwardProxy(Number(new URL(url).port));
    const { send } = transport({ origins: { [plainOrigin]: { proxy: proxy.url } } });
    expect(await textOf(await send(post(`${plainOrigin}/v1/x?a=b`)))).toBe('/v1/x?a=b at api.example.test');
    expect(proxy.asked).toEqual([`POST ${plainOrigin}/v1/x?a=b`]);
  });

  test('takes user and password from its URL, and tells where they are missing without repeating them', async () => {
    const proxy = await forwardProxy(await secureUpstream(), 'user:pass');
    const through = (url: string) => transport({ origins: { [secureOrigin]: { proxy: url, ca: authority } } });
    expect(await textOf(await through(proxy.url).send(post(`${secureOrigin}/`)))).toBe('nobody');
    const wrong = proxy.url.replace('user:pass', 'user:wrong');
    const { kind, message } = await failureOf(through(wrong).send(post(`${secureOrigin}/`)));
    expect(kind).toBe('bad-upstream');
    expect(message).toContain(`api.example.test (over the proxy 127.0.0.1:${proxy.port}) cannot be reached`);
    expect(message).toContain('the proxy wants a user and a password (407)');
    expect(message).not.toContain('wrong');
  });

  test('is named when nobody listens there', async () => {
    const { send } = transport({ origins: { [secureOrigin]: { proxy: 'http://127.0.0.1:1' } } });
    expect((await failureOf(send(post(`${secureOrigin}/`)))).message).toBe(
      'api.example.test (over the proxy 127.0.0.1:1) cannot be reached: nobody listens there (ECONNREFUSED).',
    );
  });

  test('that is no URL is a failure of ours', async () => {
    const { send } = transport({ origins: { [secureOrigin]: { proxy: 'proxy:3128:x' } } });
    expect((await failureOf(send(post(`${secureOrigin}/`)))).kind).toBe('server');
  });
});

describe('general proxies, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY name them', () => {
  test.each([
    ['https for https', (url: string) => ({ https: url }), secureOrigin, 'CONNECT api.example.test:443'],
    [
      'http for https where that has none',
      (url: string) => ({ http: url }),
      secureOrigin,
      'CONNECT api.example.test:443',
    ],
    ['http for http', (url: string) => ({ http: url }), plainOrigin, `POST ${plainOrigin}/v1`],
  ])('%s', async (_what, proxies, origin, asked) => {
    const plain = await upstream((_request, response) => response.end('nobody'));
    const port = origin === plainOrigin ? Number(new URL(plain).port) : await secureUpstream();
    const proxy = await forwardProxy(port);
    const { send } = transport({ proxies: proxies(proxy.url), origins: { [secureOrigin]: { ca: authority } } });
    expect(await textOf(await send(post(`${origin}/v1`)))).toBe('nobody');
    expect(proxy.asked).toEqual([asked]);
  });

  test.each([
    ['NO_PROXY names it', { none: 'other.test,.example.test' }, undefined],
    ['it says none itself', {}, 'none'],
  ])('are not asked for an origin when %s', async (_when, more, own) => {
    const proxy = await forwardProxy(1);
    const proxies = { http: proxy.url, https: proxy.url, ...more };
    const { send } = transport({ proxies, ...(own !== undefined && { origins: { [plainOrigin]: { proxy: own } } }) });
    expect((await failureOf(send(post(`${plainOrigin}/`)))).message).toContain('cannot be reached');
    expect(proxy.asked).toEqual([]);
  });

  test('are not asked for this machine', async () => {
    const url = await upstream((_request, response) => response.end('direct'));
    const proxy = await forwardProxy(1);
    const { send } = transport({ proxies: { http: proxy.url } });
    expect(await textOf(await send(post(url)))).toBe('direct');
    expect(await textOf(await send(post(url.replace('127.0.0.1', 'localhost'))))).toBe('direct');
    expect(proxy.asked).toEqual([]);
  });

  test('of the process are read by whoever starts it, never by the library', async () => {
    const proxy = await forwardProxy(1);
    process.env.http_proxy = proxy.url;
    try {
      const { send } = transport({ proxies: { https: proxy.url } });
      expect((await failureOf(send(post(`${plainOrigin}/`)))).kind).toBe('bad-upstream');
      expect(proxy.asked).toEqual([]);
    } finally {
      delete process.env.http_proxy;
    }
  });
});
