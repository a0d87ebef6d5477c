import { Failure, isSource, type OutboundRequest, type Transport, type UpstreamResponse } from '@proxy/core';
import type { Dispatcher } from 'undici';
import { connect, type Connection, type GeneralProxies, type OriginOptions } from './connection.ts';
import { Exchange } from './exchange.ts';
import { guardedDispatcher, type Guard } from './guarded.ts';
import { openSocket } from './open-socket.ts';
import { readableOf } from './source-stream.ts';

export interface TransportOptions {
  /** Until TCP and TLS stand; absent: 10 s. */
  readonly connectTimeoutMs?: number;
  /**
   * How long an unused connection is kept, where the upstream does not say; absent: 4 s, because Python's servers close
   * theirs after 5 without a word, and a request that meets the closing is lost.
   */
  readonly keepAliveMs?: number;
  /** By origin, like `https://localhost:8443`. */
  readonly origins?: Readonly<Record<string, OriginOptions>>;
  /** For origins that name no proxy of their own; absent: they are reached directly. */
  readonly proxies?: GeneralProxies;
}

export interface NodeTransport extends Required<Transport> {
  /** Waits for what is running, then closes every connection. */
  close(): Promise<void>;
}

const defaultConnectTimeoutMs = 10_000;

/** Sends requests over undici: a pool of kept connections an origin, as many at a time as there are requests. */
export function createTransport(options: TransportOptions = {}): NodeTransport {
  const { connectTimeoutMs = defaultConnectTimeoutMs, keepAliveMs, proxies, origins } = options;
  const connections = new Map<string, Connection>();

  /** Sockets have connections of their own where other requests may go in a way that they cannot. */
  function connectionTo(origin: string, forSockets = false): Connection {
    const settings = origins?.[origin] ?? {};
    const sockets = forSockets && (settings.http2 === true || origin.startsWith('http:'));
    const name = sockets ? `${origin} sockets` : origin;
    const known = connections.get(name);
    if (known) return known;
    const connection = connect(origin, {
      connectTimeoutMs,
      origin: settings,
      sockets,
      ...(keepAliveMs !== undefined && { keepAliveMs }),
      ...(proxies && { proxies }),
    });
    connections.set(name, connection);
    return connection;
  }

  return transportOver(connectionTo, async () => {
    const open = [...connections.values()];
    connections.clear();
    await Promise.all(open.map(({ dispatcher }) => dispatcher.close()));
  });
}

/** To addresses that strangers name: only those that the guard allows, directly and over no proxy. */
export function createGuardedTransport(guard: Guard): NodeTransport {
  const dispatcher = guardedDispatcher(guard, defaultConnectTimeoutMs);
  return transportOver(
    (origin) => ({ dispatcher, name: origin.slice(origin.indexOf('://') + 3) }),
    () => dispatcher.close(),
  );
}

function transportOver(
  connectionTo: (origin: string, forSockets?: boolean) => Connection,
  close: () => Promise<void>,
): NodeTransport {
  return {
    close,
    send: (request) =>
      new Promise<UpstreamResponse>((resolve, reject) => {
        const { url } = request;
        const pathAt = pathStart(url);
        const origin = url.slice(0, pathAt);
        const { dispatcher, name } = connectionTo(origin);
        const { signal, body, headersTimeoutMs, idleTimeoutMs } = request;
        // An upload may take longer than its answer: undici knows when it has been sent.
        const patienceMs = isSource(body) ? 0 : headersTimeoutMs;
        const exchange = new Exchange(name, signal, patienceMs, idleTimeoutMs, resolve, reject);
        if (signal.aborted) exchange.handleEvent();
        else dispatcher.dispatch(dispatchOptions(request, origin, url.slice(pathAt)), exchange);
      }),
    async open(request) {
      const pathAt = pathStart(request.url);
      const origin = request.url.slice(0, pathAt);
      return openSocket(connectionTo(origin, true), request, origin, request.url.slice(pathAt));
    },
  };
}

/** Where the path of an absolute URL begins. Cutting it costs a tenth of what parsing it does. */
function pathStart(url: string): number {
  const scheme = url.indexOf('://');
  if (scheme <= 0) throw new Failure('server', 'The upstream has no base URL, or one without "https://".');
  for (let at = scheme + 3; at < url.length; at += 1) {
    const code = url.charCodeAt(at);
    if (code === slash || code === questionMark) return at;
  }
  return url.length;
}

const slash = 0x2f;
const questionMark = 0x3f;

function dispatchOptions(request: OutboundRequest, origin: string, path: string): Dispatcher.DispatchOptions {
  return {
    origin,
    path: path.startsWith('/') ? path : `/${path}`,
    method: request.method,
    headers: request.headers,
    body: isSource(request.body) ? readableOf(request.body) : (request.body ?? null),
    // The others are ours: see silence.ts.
    headersTimeout: isSource(request.body) ? request.headersTimeoutMs : 0,
    bodyTimeout: 0,
  };
}
