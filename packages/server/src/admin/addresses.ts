import ipaddr from 'ipaddr.js';

/** An address or range in the form in which bans name it: an IPv4 one that came in an IPv6 one as itself. */
export function plainAddress(text: string): string {
  if (ipaddr.isValidCIDR(text)) {
    const [base, bits] = ipaddr.parseCIDR(text);
    return `${base.toString()}/${bits}`;
  }
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : text;
}
