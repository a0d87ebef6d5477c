import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutboundRequest } from '@proxy/core';
import { expect, onTestFinished, test } from 'vitest';
import { createGuardedTransport } from './transport.ts';
import type { Guard } from './guarded.ts';

/** A server of ours that must not be reached but where the test says so. */
async function inside() {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(request.headers.host ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, hits }; // a server on a host and port has such an address
}

function transport(guard: Guard) {
  const guarded = createGuardedTransport(guard);
  onTestFinished(() => guarded.close());
  return (url: string) => guarded.send(outbound(url));
}

const outbound = (url: string): OutboundRequest => ({
  ...{ method: 'POST', url, headers: {}, body: '{}', signal: new AbortController().signal },
  ...{ headersTimeoutMs: 5000, idleTimeoutMs: 5000 },
});
const at = (...addresses: readonly string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const notLoopback = (address: string) => !/^(127\.|::1$|::ffff:127\.)/.test(address);
const barred = { kind: 'forbidden', message: expect.stringContaining('is no public address') as string };

test('a name whose only address is allowed is connected to there, and nowhere else', async () => {
  const { port, hits } = await inside();
  const asked: string[] = [];
  const send = transport({
    allows: (address) => address === '127.0.0.1',
    resolve: (name, done) => {
      asked.push(name);
      done(null, at('127.0.0.1'));
    },
  });
  expect((await send(`http://api.example:${port}/v1`)).status).toBe(200);
  expect(hits).toEqual([`api.example:${port}`]);
  expect(asked).toEqual(['api.example']);
});

test('one address of many that is not allowed bars the name', async () => {
  const { port, hits } = await inside();
  const send = transport({
    allows: notLoopback,
    resolve: (_name, done) => done(null, at('93.184.216.34', '127.0.0.1')),
  });
  await expect(send(`http://api.example:${port}/`)).rejects.toMatchObject(barred);
  expect(hits).toEqual([]);
});

test('a name that changes its address between check and use: what is used is what was checked', async () => {
  const { port, hits } = await inside();
  // Harmless when it is first asked for, ours ever after. 192.0.2.0/24 is documentation (RFC 5737): nobody answers there.
  let asked = 0;
  const guarded = createGuardedTransport({
    allows: notLoopback,
    resolve: (_name, done) => done(null, at(asked++ === 0 ? '192.0.2.1' : '127.0.0.1')),
  });
  onTestFinished(() => guarded.close());
  const url = `http://rebind.example:${port}/`;
  const first = guarded.send({ ...outbound(url), signal: AbortSignal.timeout(300) });
  await expect(first).rejects.toMatchObject({ name: 'Failure' });
  expect(asked).toBe(1); // whoever connected did not ask a second time
  await expect(guarded.send(outbound(url))).rejects.toMatchObject(barred);
  expect(hits).toEqual([]);
});

test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]'])('%s itself is barred without being looked up', async (host) => {
  const { port, hits } = await inside();
  const send = transport({
    allows: notLoopback,
    resolve: () => expect.unreachable('An address is no name.'),
  });
  await expect(send(`http://${host}:${port}/`)).rejects.toMatchObject(barred);
  expect(hits).toEqual([]);
});

test('a name that nobody knows', async () => {
  const unknown = Object.assign(new Error('none'), { code: 'ENOTFOUND' });
  const send = transport({ allows: notLoopback, resolve: (_name, done) => done(unknown) }); // as the system's resolver does
  await expect(send('http://nowhere.example/')).rejects.toMatchObject({ kind: 'bad-upstream' });
  const empty = transport({ allows: notLoopback, resolve: (_name, done) => done(null, []) });
  await expect(empty('http://nowhere.example/')).rejects.toMatchObject(barred);
});
