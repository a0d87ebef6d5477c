import { createServer as createHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '../../node/test/authority.ts';
import { forwardProxy } from '../../node/test/forward-proxy.ts';
import { listening } from '../../node/test/upstreams.ts';
import { masked } from '../src/config/masked.ts';
import { secretsOf } from '../src/config/build.ts';
import { folder, load, start } from './support.ts';
import { recordingUpstream } from './upstream.ts';

const files = { 'ca.pem': authority, 'client.pem': clientCertificate, 'client.key': clientKey, 'no.pem': 'nothing' };

function ask(url: string): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'a/m', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }),
  });
}

const reply = {
  id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_reason: 'end_turn', stop_sequence: null,
  content: [{ type: 'text', text: 'hi' }], usage: { input_tokens: 1, output_tokens: 1 },
}; // prettier-ignore

/** Wants a client's certificate. */
function guardedUpstream(): Promise<number> {
  const options = {
    cert: serverCertificate,
    key: serverKey,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: false,
  };
  return listening(
    createHttps(options, ({ socket }, response) => {
      const { authorized } = socket as TLSSocket; // an https server has no other
      response.writeHead(authorized ? 200 : 403, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(authorized ? reply : { type: 'error', error: { type: 'permission_error', message: 'Who?' } }),
      );
    }),
  );
}

test('an upstream is reached over its proxy, its authority trusted and our certificate shown, paths relative to the file', async () => {
  const proxy = await forwardProxy(await guardedUpstream(), 'user:password-of-proxy');
  const config = `upstreams:
  - name: a
    provider: anthropic
    baseUrl: https://api.example.test
    apiKeys: [key-1]
    connection: { proxy: "${proxy.url}", ca: ca.pem, cert: ./client.pem, key: client.key }
`;
  const server = await start({ cwd: folder({ ...files, 'proxy.config.yaml': config }) });
  expect(await (await ask(server.url)).json()).toMatchObject({ content: [{ text: 'hi' }] });
  expect(proxy.asked).toEqual(['CONNECT api.example.test:443']);
  const shown = JSON.stringify(masked(server.config())) + server.log.lines.join('');
  for (const secret of ['password-of-proxy', clientKey.split('\n')[1] ?? '']) expect(shown).not.toContain(secret);
  expect(secretsOf(server.config())).toContain('password-of-proxy');
});

test('an upstream is reached over the proxy of the environment, unless NO_PROXY names it', async () => {
  const upstream = await recordingUpstream();
  const proxy = await forwardProxy(Number(new URL(upstream.url).port));
  const cwd = folder({
    'proxy.config.yaml':
      'upstreams: [{ name: a, provider: anthropic, baseUrl: "http://api.example.test", apiKeys: [k] }]',
  });
  const env = { HTTP_PROXY: `127.0.0.1:${proxy.port}` };
  const server = await start({ cwd, env });
  expect((await ask(server.url)).status).toBe(200);
  expect(proxy.asked).toEqual(['POST http://api.example.test/v1/messages']);
  const direct = await start({ cwd, env: { ...env, NO_PROXY: '.example.test' } });
  expect((await ask(direct.url)).status).toBe(502);
  expect(proxy.asked).toHaveLength(1);
});

test.each([
  ['small letters win', { http_proxy: 'http://a', HTTP_PROXY: 'http://b' }, { http: 'http://a' }],
  ['a bare host', { HTTPS_PROXY: 'proxy:3128' }, { https: 'http://proxy:3128' }],
  ['one for all', { ALL_PROXY: 'socks5://s:1' }, { http: 'socks5://s:1', https: 'socks5://s:1' }],
  ['none', { HTTP_PROXY: ' ', NO_PROXY: 'x' }, undefined],
])('proxies of the environment: %s', (_what, env, proxies) => {
  expect(load(folder(), env).proxies).toEqual(proxies);
});

describe('what cannot be used is told at the start', () => {
  const at = (connection: string, more = '') =>
    `upstreams: [{ name: a, provider: anthropic, apiKeys: [k], baseUrl: "https://h", connection: ${connection} }${more}]`;
  test.each([
    ['{ ca: missing.pem }', /upstreams\[0\].connection: ca: .*missing.pem cannot be read \(ENOENT\)/],
    ['{ ca: no.pem }', /no.pem holds no PEM text/],
    ['{ cert: client.pem }', /upstreams\[0\].connection: needs both cert and key/],
    ['{ cert: client.pem, key: ca.pem }', /upstreams\[0\].connection: its certificates or key cannot be used/],
    ['{ proxy: "proxy:3128" }', /upstreams\[0\].connection.proxy: must be an http:\/\//],
    ['{ prxy: none }', /Did you mean "proxy"/],
  ])('%s', (connection, problem) => {
    expect(() => load(folder({ ...files, 'proxy.config.yaml': at(connection) }))).toThrow(problem);
  });

  test('two ways to one address', () => {
    const other = ', { name: b, provider: openai, apiKeys: [k], baseUrl: "https://h/v1" }';
    expect(() => load(folder({ 'proxy.config.yaml': at('{ proxy: none }', other) }))).toThrow(
      'upstreams[0].connection: upstreams[1] is at the same address and is reached in another way.',
    );
  });
});
