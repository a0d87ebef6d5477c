import * as z from 'zod';
import type { AccessKey } from './config.ts';

/** The predecessors' sample value: everybody knows it. */
const publicKeys: readonly string[] = ['your-proxy-access-key'];

/** Where to listen when nobody said: everywhere for those with a key, else where only this machine gets in. */
export function defaultHost(accessKeys: readonly AccessKey[], open = true): string {
  return !open || hasRealKey(accessKeys) ? '0.0.0.0' : '127.0.0.1';
}

/** Why this address must not be listened on; undefined when it may. `open`: without access keys, callers get at keys of ours. */
export function unsafeHost(host: string, accessKeys: readonly AccessKey[], open = true): string | undefined {
  if (!open || isLoopback(host) || hasRealKey(accessKeys)) return undefined;
  const why =
    accessKeys.length > 0
      ? `the only access key is "${publicKeys[0]}", which everybody knows`
      : 'no access key is configured, so anybody who reaches it could spend your API keys';
  return (
    `Refusing to listen on ${host}: ${why}. Set PROXY_ACCESS_KEY (or accessKeys in the file) to a secret of your own, ` +
    'or listen on 127.0.0.1.'
  );
}

/** Keys that open the server but protect nothing. */
export function publicKeyNote(accessKeys: readonly AccessKey[]): string | undefined {
  const known = accessKeys.find(({ key }) => publicKeys.includes(key));
  return known && `The access key "${known.key}" is the sample from the documentation and no secret. Choose another.`;
}

export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (plain === 'localhost' || plain.endsWith('.localhost') || plain === '::1') return true;
  const address = plain.replace(/^::ffff:/, '');
  return address.startsWith('127.') && z.ipv4().safeParse(address).success;
}

/** Whether a stranger is kept out. */
export function hasRealKey(accessKeys: readonly AccessKey[]): boolean {
  return accessKeys.some(({ key }) => !publicKeys.includes(key));
}

/** Why a configuration must not be served; `stored`: access keys are stored. They keep nobody out who knows the sample. */
export function refusalToListen(
  { unsafe, accessKeys }: { readonly unsafe?: string; readonly accessKeys: readonly AccessKey[] },
  stored: boolean,
): string | undefined {
  return stored && accessKeys.length === 0 ? undefined : unsafe;
}
