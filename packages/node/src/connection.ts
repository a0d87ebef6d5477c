import { createSecureContext, getCACertificates } from 'node:tls';
import type { Dispatcher } from 'undici';
import { directConnector } from './direct-reads.ts';
import { unsendable } from './network-failure.ts';
import { EnvHttpProxyAgent, Pool, ProxyAgent } from './undici.ts';

/** How the connections to one origin are made. */
export interface OriginOptions {
  /** Accept any certificate: for this origin alone. */
  readonly insecureSkipVerify?: boolean;
  /** Certificates to trust beside the usual ones, in PEM. */
  readonly ca?: string | readonly string[];
  /** The certificate we show, in PEM, and its private key. */
  readonly cert?: string;
  readonly key?: string;
  /** Opens `key` where it is encrypted. */
  readonly passphrase?: string;
  /** The proxy to go through: an http, https or socks5 URL, user and password in it; 'none': not even the general ones. */
  readonly proxy?: string;
  /** Many slow streams over one connection cost less with HTTP/2, single JSON replies twice as much; absent: false. */
  readonly http2?: boolean;
}

/** Proxies for every origin that names none, in the words of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface GeneralProxies {
  readonly http?: string;
  /** Absent: as `http`. */
  readonly https?: string;
  /** Names and suffixes to reach directly, separated by commas. This machine always is. */
  readonly none?: string;
}

export interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  readonly keepAliveMs?: number;
  readonly proxies?: GeneralProxies;
  readonly origin: OriginOptions;
  /** For WebSockets: HTTP/1.1, and through every proxy by a tunnel, for proxies pass no upgrade on. */
  readonly sockets?: boolean;
}

/** One origin's connections, and its name in error messages: host and port, never a path or a password. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  readonly name: string;
}

/** @throws Failure `server` when the options cannot be used: a broken certificate, a proxy that is no URL. */
export function connect(origin: string, options: ConnectionOptions): Connection {
  const host = hostOf(origin);
  try {
    const { proxy } = options.origin;
    const tls = tlsOptions(options.origin);
    const common = {
      allowH2: options.origin.http2 === true && !options.sockets,
      ...(options.sockets && { proxyTunnel: true }),
      connectTimeout: options.connectTimeoutMs,
      ...(options.keepAliveMs !== undefined && { keepAliveTimeout: options.keepAliveMs }),
    };
    // undici's tunnels take what concerns TLS within from `requestTls` alone.
    const requestTls = { ...tls, allowH2: common.allowH2 };
    if (proxy !== undefined && proxy !== 'none')
      return {
        dispatcher: new ProxyAgent({ ...common, uri: proxy, requestTls }),
        name: `${host} (over the proxy ${hostOf(proxy)})`,
      };
    const direct =
      common.allowH2 || options.sockets
        ? tls
        : directConnector({ ...tls, allowH2: false, timeout: options.connectTimeoutMs });
    const { http, https, none } = options.proxies ?? {};
    if (proxy === 'none' || (!http && !https) || isThisMachine(origin))
      return { dispatcher: new Pool(origin, { ...common, connect: direct }), name: host };
    return {
      // An empty text, where undici would otherwise read the environment by itself.
      dispatcher: new EnvHttpProxyAgent({
        ...common,
        connect: { ...tls, timeout: options.connectTimeoutMs },
        requestTls,
        httpProxy: http ?? '',
        httpsProxy: https ?? '',
        noProxy: none ?? '',
      }),
      name: `${host} (HTTP_PROXY, HTTPS_PROXY and NO_PROXY apply)`,
    };
  } catch (error) {
    throw unsendable(host, error);
  }
}

function tlsOptions({ insecureSkipVerify = false, ca, cert, key, passphrase }: OriginOptions) {
  const rejectUnauthorized = !insecureSkipVerify;
  if (ca === undefined && cert === undefined && key === undefined) return { rejectUnauthorized };
  // One context an origin: to read all the usual certificates again for every connection would cost milliseconds.
  const secureContext = createSecureContext({
    ...(ca !== undefined && { ca: [...getCACertificates('default'), ...(typeof ca === 'string' ? [ca] : ca)] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
  });
  return { rejectUnauthorized, secureContext };
}

/** No general proxy is asked for this machine, which it would take for itself. Go's ProxyFromEnvironment does the same. */
function isThisMachine(origin: string): boolean {
  const { hostname } = new URL(origin);
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function hostOf(url: string): string {
  return url.slice(url.indexOf('://') + 3).replace(/^.*@|\/.*$/g, '');
}
