import type { FaultId } from './faults.ts';

/** What a connection that failed stands for. `proxy`: the address of the proxy it was to go over, where there is one. */
export function networkFault(error: unknown, proxy?: string): FaultId {
  const causes = causesOf(error);
  const messages = causes.map(({ message }) => message).join('\n');
  if (/Proxy response \(407\)/.test(messages)) return 'proxy-refused';
  if (/Proxy response \(/.test(messages)) return 'proxy-refused';
  if (proxy !== undefined && causes.some((cause) => isAt(cause, proxy))) return 'proxy-unreachable';
  for (const { code, name } of causes) {
    const known = codes[code ?? name];
    if (known !== undefined) return known;
  }
  const [, id = 'connection-cut'] = words.find(([pattern]) => pattern.test(messages)) ?? [];
  return id;
}

interface Cause {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** The error, what caused it, and what each address of a host said. */
function causesOf(error: unknown): readonly Cause[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  return [error, ...inner.flatMap(causesOf), ...causesOf(error.cause)];
}

/** Whether that is where it failed. */
function isAt({ address, hostname, port }: Cause, proxy: string): boolean {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (!url) return false;
  if (hostname !== undefined) return hostname === url.hostname;
  return (
    port !== undefined && port === Number(url.port || (url.protocol === 'https:' ? 443 : 80)) && address !== undefined
  );
}

const codes: Readonly<Record<string, FaultId>> = {
  ENOTFOUND: 'dns-unknown-host',
  EAI_NONAME: 'dns-unknown-host',
  EAI_AGAIN: 'dns-unavailable',
  ECONNREFUSED: 'connection-refused',
  ETIMEDOUT: 'connection-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connection-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'answer-timeout',
  UND_ERR_BODY_TIMEOUT: 'answer-timeout',
  EHOSTUNREACH: 'network-unreachable',
  ENETUNREACH: 'network-unreachable',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-wrong-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-authority-unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-authority-unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-authority-unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-authority-unknown',
  ERR_SSL_WRONG_VERSION_NUMBER: 'scheme-wrong',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'scheme-wrong',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'client-certificate-needed',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'client-certificate-needed',
  HTTPParserError: 'not-http',
  UND_ERR_PRX_CONN: 'proxy-unreachable',
  UND_ERR_PRX_TLS: 'proxy-unreachable',
};

/** Where Node and OpenSSL tell it in words alone. */
const words: readonly (readonly [RegExp, FaultId])[] = [
  [/wrong version number|packet length too long/i, 'scheme-wrong'],
  [/certificate required|handshake failure/i, 'client-certificate-needed'],
  [/Parse Error|Expected HTTP/i, 'not-http'],
];
