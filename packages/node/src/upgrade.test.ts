import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { AcceptedSocket, Gateway, HttpAnswer } from '@proxy/core';
import { toNodeHandler } from './middleware.ts';
import { toUpgradeHandler } from './upgrade.ts';
import { RawCaller, stubGateway } from '../test/support.ts';

/** Greets whoever comes to /v1/echo, and sends back what it hears. */
const echoing: Gateway = {
  ...stubGateway(() => ({ status: 200, headers: {}, body: 'over HTTP' })),
  connect: ({ url }): Promise<HttpAnswer | AcceptedSocket> => {
    if (url !== '/v1/echo') return Promise.resolve({ status: 404, headers: { 'x-why': 'no door' }, body: 'no door' });
    return Promise.resolve({
      headers: { 'x-proxy-request-id': 'req_1' },
      maxMessageBytes: 1000,
      idleMs: 60_000,
      open(socket) {
        socket?.listen({
          message: (message, binary) => void socket.send(message, binary),
          drained: () => undefined,
          closed: () => undefined,
        });
        return { drain: () => socket?.close(1001, 'bye') };
      },
    });
  },
};

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // a server on a host and port has such an address
}

test('beside an Express app: sockets are the gateway’s, requests the app’s, and draining says goodbye', async () => {
  const app = express();
  app.get('/own', (_request, response) => void response.send('mine'));
  app.use(toNodeHandler(echoing));
  const server = createServer(app);
  const upgrade = toUpgradeHandler(echoing);
  server.on('upgrade', upgrade);
  const port = await listening(server);

  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/echo`);
  const headers = await new Promise<unknown>((resolve) => socket.on('upgrade', (answer) => resolve(answer.headers)));
  expect(headers).toMatchObject({ 'x-proxy-request-id': 'req_1' });
  socket.send('hello');
  expect(await new Promise((resolve) => socket.on('message', (data) => resolve(String(data))))).toBe('hello');
  expect(await (await fetch(`http://127.0.0.1:${port}/own`)).text()).toBe('mine');
  expect(await (await fetch(`http://127.0.0.1:${port}/v1/x`)).text()).toBe('over HTTP');

  const closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, String(reason)])));
  upgrade.drain();
  expect(await closed).toEqual([1001, 'bye']);
});

test('what the gateway refuses is an ordinary answer, and the connection ends', async () => {
  const server = createServer();
  server.on('upgrade', toUpgradeHandler(echoing));
  const caller = new RawCaller(await listening(server));
  caller.get('/v1/other', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
  expect(await caller.closed).toBe('end');
  expect(caller.received).toMatch(/^HTTP\/1\.1 404 /);
  expect(caller.received).toMatch(/x-why: no door/i);
  expect(caller.received).toMatch(/no door$/);
});
