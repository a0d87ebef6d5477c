import type { GeneralProxies, OriginOptions } from '@proxy/node';
import * as z from 'zod';
import { set, type Environment } from './expand.ts';
import { besideFile, flag, section, words } from './schema-parts.ts';

/** How an upstream is reached, files read: PEM texts where the file may have had paths. */
export type ConnectionConfig = Omit<OriginOptions, 'insecureSkipVerify'>;

const pemOrPath = words().describe(`A PEM text, or the path of one: ${besideFile}.`);

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

/** As the file has it: PEM texts, or paths. */
export type WrittenConnection = z.output<typeof connectionSchema>;

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
