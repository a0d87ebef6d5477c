import { createServer as createHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '../../node/test/authority.ts';
import { forwardProxy } from '../../node/test/forward-proxy.ts';
import { listening } from '../../node/test/upstreams.ts';
import { socketUpstream, visit } from './socket-upstream.ts';
import { folder, start, until } from './support.ts';

const files = { 'ca.pem': authority, 'client.pem': clientCertificate, 'client.key': clientKey };

const gatewayOver = (upstream: string, env: Record<string, string> = {}) =>
  start({ cwd: folder({ ...files, 'proxy.config.yaml': `upstreams: [${upstream}]\n` }), env });

/** Lets in whoever shows a certificate of our authority, and says so. */
function guardedSockets(): Promise<number> {
  const options = {
    cert: serverCertificate,
    key: serverKey,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: true,
  };
  const server = createHttps(options);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { socket: underneath }) => {
    const { authorized } = underneath as TLSSocket; // an https server has no other
    socket.send(JSON.stringify({ type: 'session.created', authorized }));
  });
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return listening(server);
}

test('a session is opened over the upstream’s proxy, its authority trusted and our certificate shown', async () => {
  const proxy = await forwardProxy(await guardedSockets(), 'user:password');
  const connection = `connection: { proxy: "${proxy.url}", ca: ca.pem, cert: client.pem, key: client.key }`;
  const { url } = await gatewayOver(
    `{ name: a, provider: openai, baseUrl: "https://api.example.test/v1", apiKeys: [k], ${connection} }`,
  );
  const caller = visit(`${url}/v1/realtime?model=gpt-realtime`);
  await caller.opened();
  await until('it is greeted', () => caller.received.length > 0);
  expect(caller.texts()).toEqual(['{"type":"session.created","authorized":true}']);
  expect(proxy.asked).toEqual(['CONNECT api.example.test:443']);
});

test('without the upstream’s certificate it is a refusal with a name', async () => {
  const port = await guardedSockets();
  const { url } = await gatewayOver(
    `{ name: a, provider: openai, baseUrl: "https://localhost:${port}/v1", apiKeys: [k] }`,
  );
  const { status, body } = await visit(`${url}/v1/realtime?model=gpt-realtime`).refused();
  expect(status).toBe(502);
  expect(body).toMatch(/certificate/);
});

test('a session with an http:// upstream behind the proxy of the environment', async () => {
  const upstream = await socketUpstream({ visit: ({ socket }) => socket.send('{"type":"session.created"}') });
  const proxy = await forwardProxy(Number(new URL(upstream.url).port));
  const { url } = await gatewayOver(
    '{ name: a, provider: openai, baseUrl: "http://api.example.test/v1", apiKeys: [k] }',
    { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` },
  );
  const caller = visit(`${url}/v1/realtime?model=gpt-realtime`);
  await caller.opened();
  await until('it is greeted', () => caller.received.length > 0);
  expect(proxy.asked).toEqual(['CONNECT api.example.test:80']);
});
