import type { HttpRequest } from '@proxy/core';
import ipaddr from 'ipaddr.js';
import type { GuardsConfig } from '../config/guards.ts';
import { led } from '../doors/door.ts';
import { isWithin } from '../public-address.ts';

/** The same request, its address that of the caller and not of a proxy in front that is trusted. */
export function withCallersAddress(request: HttpRequest, trusted: GuardsConfig['trustedProxies']): HttpRequest {
  const forwarded = request.headers['x-forwarded-for'];
  if (forwarded === undefined || trusted === 0) return request;
  const address = callersAddress(request.address ?? '', forwarded, trusted);
  if (address === request.address) return request;
  const { url, direction } = request;
  return led(request, { url, address, ...(direction && { direction }) });
}

/**
 * From the socket outwards as many proxies as are trusted: whoever stands before the last of them wrote what is to the left,
 * and may write anything. A number is a count of them, `n` meaning the n-th from the right; a list names their addresses.
 */
export function callersAddress(socket: string, forwarded: string, trusted: GuardsConfig['trustedProxies']): string {
  const hops = forwarded.split(',').reverse().map(plainAddress);
  let address = plainAddress(socket) ?? socket;
  for (const [index, hop] of hops.entries()) {
    const believed = typeof trusted === 'number' ? index < trusted : isWithin(address, trusted);
    if (!believed || hop === undefined) break;
    address = hop;
  }
  return address;
}

/** Without a port, and an IPv4 address that came in an IPv6 one as itself; undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  const bare = text
    .trim()
    .replace(/^\[([^\]]+)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}
