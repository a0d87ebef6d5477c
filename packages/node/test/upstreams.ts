import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { Failure, type OutboundRequest, type UpstreamResponse } from '@proxy/core';
import { afterEach } from 'vitest';
import { createTransport, type NodeTransport, type TransportOptions } from '../src/transport.ts';
import { readSource } from './support.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port; // listens on a port
}

export async function upstream(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createHttp(listener))}`;
}

/** An upstream that says exactly this to every request, and then what `after` does. */
export async function rawUpstream(text: string, after: (socket: Socket) => void = () => undefined): Promise<string> {
  const server = createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(text, () => after(socket)));
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

export function transport(options?: TransportOptions): NodeTransport {
  const made = createTransport(options);
  cleanups.push(() => void made.close());
  return made;
}

export function post(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const signal = new AbortController().signal;
  return { method: 'POST', url, headers: {}, signal, headersTimeoutMs: 5000, idleTimeoutMs: 5000, ...more };
}

export async function failureOf(sending: Promise<unknown>): Promise<Failure> {
  const error = await sending.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`Not a Failure: ${String(error)}`);
  return error;
}

export async function textOf(response: UpstreamResponse): Promise<string> {
  return (await readSource(response.body)).toString();
}
