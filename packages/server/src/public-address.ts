import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';

/**
 * Whether an address is anybody's on the internet: none of the special-purpose registries' (RFC 6890; IANA's lists of IPv4 and IPv6),
 * and no IPv6 form in which such an IPv4 address hides.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const ip = ipaddr.parse(address);
  return ip.kind() === 'ipv4' ? isPublic4(ip as IPv4) : isPublic6(ip as IPv6); // kind() tells which
}

/** Whether an address lies in one of these ranges (`10.0.0.0/8`), an embedded one as itself. */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  return isWithinRanges(address, ranges.map(rangeOf));
}

/** The same for ranges that are read once. */
export function isWithinRanges(address: string | undefined, ranges: readonly Range[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false;
  const ip = ipaddr.process(address);
  return ranges.some(([base, bits]) => base.kind() === ip.kind() && ip.match(base, bits));
}

export type Range = readonly [IPv4 | IPv6, number];

/** One of IPv4 addresses in their IPv6 form (`::ffff:10.0.0.0/104`) as theirs, since that is how they are told apart. */
export function rangeOf(text: string): Range {
  const [base, bits] = ipaddr.parseCIDR(asRange(text) ?? text);
  if (base.kind() === 'ipv4' || bits < 96 || !(base as IPv6).isIPv4MappedAddress()) return [base, bits]; // kind() tells which
  return [(base as IPv6).toIPv4Address(), bits - 96]; // likewise
}

/** Whether it can be read as a range: one address counts. */
export function asRange(text: string): string | undefined {
  if (ipaddr.isValidCIDR(text)) return text;
  return ipaddr.isValid(text) ? `${text}/${ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128}` : undefined;
}

/** What is counted by address is counted by this: whoever has one IPv6 address has a whole /64 of them (RFC 6177). */
export function networkOf(address: string): string {
  if (!address.includes(':') || !ipaddr.isValid(address)) return address;
  const ip = ipaddr.process(address);
  if (ip.kind() === 'ipv4') return ip.toString();
  return (ip as IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':'); // kind() tells which
}

/** Azure gives every machine its keys at this one, though it looks like anybody's. */
const wireServer = '168.63.129.16';

function isPublic4(ip: IPv4): boolean {
  return ip.range() === 'unicast' && ip.toString() !== wireServer;
}

function isPublic6(ip: IPv6): boolean {
  const embedded = embeddedIn(ip);
  if (embedded === 'none') return false;
  if (embedded) return isPublic4(embedded);
  // RFC 4291 §2.4 and IANA: only 2000::/3 is given out.
  return ip.range() === 'unicast' && ((ip.parts[0] ?? 0) & 0xe000) === 0x2000;
}

/** The IPv4 address within; `none` for forms that lead to places nobody can tell. */
function embeddedIn(ip: IPv6): IPv4 | 'none' | undefined {
  const { parts } = ip;
  const at = (index: number) => ipaddr.fromByteArray(pair(parts, index)) as IPv4; // four bytes are an IPv4 address
  const begins = (...prefix: readonly number[]) => prefix.every((part, index) => parts[index] === part);
  // RFC 4291 §2.5.5: compatible and mapped; RFC 6145: translated.
  if (begins(0, 0, 0, 0, 0, 0) || begins(0, 0, 0, 0, 0, 0xffff) || begins(0, 0, 0, 0, 0xffff, 0)) return at(6);
  if (begins(0x64, 0xff9b, 0, 0, 0, 0)) return at(6); // RFC 6052
  if (begins(0x64, 0xff9b)) return 'none'; // RFC 8215: a network's own way of embedding
  if (begins(0x2002)) return at(1); // RFC 3056
  if (begins(0x2001, 0)) return 'none'; // RFC 4380: over a stranger's relay
  // RFC 5214: behind any prefix.
  return parts[5] === 0x5efe && (parts[4] === 0 || parts[4] === 0x200) ? at(6) : undefined;
}

function pair(parts: readonly number[], index: number): number[] {
  return [parts[index] ?? 0, parts[index + 1] ?? 0].flatMap((part) => [part >> 8, part & 0xff]);
}
