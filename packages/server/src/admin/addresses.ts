import ipaddr from 'ipaddr.js';
import { rangeOf } from '../public-address.ts';

/** An address or range in the form in which bans name it: an IPv4 one that came in an IPv6 one as itself, a range by its first. */
export function plainAddress(text: string): string {
  if (ipaddr.isValidCIDR(text)) {
    const [base, bits] = rangeOf(text);
    const range = `${base.toString()}/${bits}`;
    const network = base.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
    return `${network.networkAddressFromCIDR(range).toString()}/${bits}`;
  }
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : text;
}
