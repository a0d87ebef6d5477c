import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Gateway } from '@proxy/core';
import { createServer } from './http.ts';
import { toNodeHandler, type NodeHandler } from './middleware.ts';
import { asksForWebSocket, toUpgradeHandler, type UpgradeHandler } from './upgrade.ts';

export interface ServeOptions {
  /** Absent: 127.0.0.1, this machine alone. */
  readonly host?: string;
  /** Absent or 0: any that is free. */
  readonly port?: number;
  /** Aborting it closes the server. */
  readonly signal?: AbortSignal;
  /** How long `close` lets running requests go on; absent: 30 s. */
  readonly drainMs?: number;
  /** Hears of trouble with the listening socket (no file descriptor left to accept with); absent: a process warning. */
  readonly onError?: (error: Error) => void;
}

export interface Served {
  readonly address: string;
  readonly port: number;
  /** Like `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly server: Server;
  /** Accepts nobody any more, lets running requests finish, and cuts what still runs after `drainMs`. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Load balancers and SDKs keep connections for a minute; whoever closes first should be the other side. */
const keepAliveTimeoutMs = 65_000;
const uploadTimeoutMs = 60 * 60_000;
const defaultDrainMs = 30_000;
const idleSweepMs = 100;

/**
 * Listens, and hands what comes to the gateway, or to a handler of your own that calls toNodeHandler(gateway) in the end.
 * WebSockets come to a gateway by themselves; beside a handler of your own, `server.on('upgrade', toUpgradeHandler(gateway))`.
 */
export async function serve(gateway: Gateway | NodeHandler, options: ServeOptions = {}): Promise<Served> {
  const { host = '127.0.0.1', port = 0, signal, drainMs = defaultDrainMs } = options;
  const handler = typeof gateway === 'function' ? gateway : toNodeHandler(gateway);
  /** Connections that never asked for anything: browsers open some in advance, and Node does not call them idle. */
  const silent = new Set<Socket>();
  const shouldUpgradeCallback = (request: IncomingMessage) =>
    server.listenerCount('upgrade') > 0 && asksForWebSocket(request);
  const listening = { keepAliveTimeout: keepAliveTimeoutMs, noDelay: true, shouldUpgradeCallback };
  const server: Server = createServer(listening, (request, response) => {
    silent.delete(request.socket);
    handler(request, response);
  });
  const sockets = typeof gateway === 'function' ? undefined : toUpgradeHandler(gateway);
  if (sockets)
    server.on('upgrade', (request, socket, head) => {
      silent.delete(request.socket);
      sockets(request, socket, head);
    });
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.on('close', () => silent.delete(socket));
  });
  // Node's five minutes are short for two gigabytes over a home connection. Replies have no such limit.
  server.requestTimeout = uploadTimeoutMs;
  const bound = await listen(server, host, port);
  server.on('error', options.onError ?? ((error) => process.emitWarning(error)));

  let closing: Promise<void> | undefined;
  const close: Served['close'] = (closeOptions) =>
    (closing ??= drain(server, silent, sockets, closeOptions?.drainMs ?? drainMs));
  if (signal?.aborted) await close();
  else signal?.addEventListener('abort', () => void close(), { once: true });

  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return { address: bound.address, port: bound.port, url: `http://${name}:${bound.port}`, server, close };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve(server.address() as AddressInfo); // a server on a host and port has such an address
    });
  });
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'it takes more rights to listen there',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no such host',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new Error(`Cannot listen on ${host}:${port}: ${reason} (${error.code}).`, { cause: error });
}

function drain(
  server: Server,
  silent: ReadonlySet<Socket>,
  sockets: UpgradeHandler | undefined,
  drainMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    // A connection whose last answer has just gone out stays open for its caller's next request, unless swept.
    const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
    const cut = setTimeout(() => {
      server.closeAllConnections();
      sockets?.cut();
    }, drainMs);
    sockets?.drain();
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    for (const socket of silent) socket.destroy();
  });
}
