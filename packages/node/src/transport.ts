import { Failure, type OutboundRequest, type Transport, type UpstreamResponse } from '@proxy/core';
import { Pool, type Dispatcher } from 'undici';
import { Exchange } from './exchange.ts';
import { unsendable } from './network-failure.ts';

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
}

export interface OriginOptions {
  /** Accept any certificate: for this origin alone. */
  readonly insecureSkipVerify?: boolean;
  /** Certificates to trust, in PEM, instead of the usual ones. */
  readonly ca?: string | readonly string[];
  /** Many slow streams over one connection cost less with HTTP/2, single JSON replies twice as much; absent: false. */
  readonly http2?: boolean;
}

export interface NodeTransport extends Transport {
  /** Waits for what is running, then closes every connection. */
  close(): Promise<void>;
}

/** Sends requests over undici: a pool of kept connections an origin, as many at a time as there are requests. */
export function createTransport(options: TransportOptions = {}): NodeTransport {
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    const known = pools.get(origin);
    if (known) return known;
    const pool = createPool(origin, options);
    pools.set(origin, pool);
    return pool;
  }

  return {
    send: (request) =>
      new Promise<UpstreamResponse>((resolve, reject) => {
        const { url } = request;
        const pathAt = pathStart(url);
        const origin = url.slice(0, pathAt);
        const exchange = new Exchange(origin, request.signal, resolve, reject);
        if (request.signal.aborted) exchange.handleEvent();
        else poolOf(origin).dispatch(dispatchOptions(request, url.slice(pathAt)), exchange);
      }),
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.close()));
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

function dispatchOptions(request: OutboundRequest, path: string): Dispatcher.DispatchOptions {
  return {
    path: path.startsWith('/') ? path : `/${path}`,
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    headersTimeout: request.headersTimeoutMs,
    bodyTimeout: request.idleTimeoutMs,
  };
}

function createPool(origin: string, { connectTimeoutMs, keepAliveMs, origins }: TransportOptions): Pool {
  const { insecureSkipVerify = false, ca, http2 = false } = origins?.[origin] ?? {};
  try {
    return new Pool(origin, {
      allowH2: http2,
      connectTimeout: connectTimeoutMs ?? 10_000,
      ...(keepAliveMs !== undefined && { keepAliveTimeout: keepAliveMs }),
      connect: {
        rejectUnauthorized: !insecureSkipVerify,
        ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
      },
    });
  } catch (error) {
    throw unsendable(origin, error);
  }
}
