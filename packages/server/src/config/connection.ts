import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { GeneralProxies, OriginOptions } from '@proxy/node';
import { z } from 'zod';
import { set, type Environment } from './expand.ts';
import { flag, section, words } from './schema-parts.ts';

/** How an upstream is reached, files read: PEM texts where the file may have had paths. */
export type ConnectionConfig = Omit<OriginOptions, 'insecureSkipVerify'>;

const pemOrPath = words();

export const connectionSchema = section({
  proxy: words()
    .regex(/^(none|(https?|socks5):\/\/[^\s]+)$/, 'must be an http://, https:// or socks5:// address, or none.')
    .exactOptional(),
  ca: z
    .union([pemOrPath, z.array(pemOrPath)], { error: 'must be a PEM text or a path, or a list of them.' })
    .exactOptional(),
  cert: pemOrPath.exactOptional(),
  key: pemOrPath.exactOptional(),
  passphrase: words().exactOptional(),
  http2: flag().exactOptional(),
});

/**
 * The same with every file read; paths are relative to `folder`. A problem is told as one text, without its place.
 * @throws Error naming the member at fault, never a secret.
 */
export function readConnection(written: z.output<typeof connectionSchema>, folder: string): ConnectionConfig {
  const { ca, cert, key, ...rest } = written;
  const read = (member: string, text: string) => pemOf(member, text, folder);
  const connection: ConnectionConfig = {
    ...rest,
    ...(ca !== undefined && { ca: typeof ca === 'string' ? read('ca', ca) : ca.map((each) => read('ca', each)) }),
    ...(cert !== undefined && { cert: read('cert', cert) }),
    ...(key !== undefined && { key: read('key', key) }),
  };
  if ((cert === undefined) !== (key === undefined)) throw new Error('needs both cert and key, or neither.');
  checkUsable(connection);
  return connection;
}

function pemOf(member: string, text: string, folder: string): string {
  if (text.includes('-----BEGIN')) return text;
  const path = resolve(folder, text);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${member}: ${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
  if (!content.includes('-----BEGIN')) throw new Error(`${member}: ${path} holds no PEM text ("-----BEGIN …").`);
  return content;
}

/** At the start rather than at the first request. */
function checkUsable({ ca, cert, key, passphrase }: ConnectionConfig): void {
  try {
    createSecureContext({
      ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
    });
  } catch (error) {
    throw new Error(`its certificates or key cannot be used (${codeOf(error)}).`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}

/** HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; the spelling in small letters wins, as with curl. */
export function proxiesFrom(env: Environment): GeneralProxies | undefined {
  const named = (...names: readonly string[]) => withScheme(set(env, ...names));
  const http = named('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY');
  const https = named('https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY');
  const none = set(env, 'no_proxy', 'NO_PROXY');
  if (http === undefined && https === undefined) return undefined;
  return {
    ...(http !== undefined && { http }),
    ...(https !== undefined && { https }),
    ...(none !== undefined && { none }),
  };
}

function withScheme(proxy: string | undefined): string | undefined {
  return proxy === undefined || proxy.includes('://') ? proxy : `http://${proxy}`;
}
