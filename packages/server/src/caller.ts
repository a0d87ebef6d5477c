import { Failure, type Caller, type Limits, type Role } from '@proxy/core';
import ipaddr from 'ipaddr.js';

/** What is known of an access key, wherever it stands: in the configuration or in the storage. */
export interface AccessRules {
  readonly id: string;
  readonly name?: string;
  readonly role?: Role;
  readonly limits?: Limits;
  readonly models?: readonly string[];
  readonly operations?: readonly string[];
  readonly expiresAt?: number;
  readonly addresses?: readonly string[];
  readonly maxAddresses?: number;
  readonly disabled?: string;
}

/** Whose key it is. */
export interface KeyOwner {
  readonly id: string;
  readonly name: string;
  readonly role?: Role;
  readonly limits?: Limits;
  readonly disabled?: string;
}

/** Remembers the addresses that keys were used from, for those that may have only so many. */
export type AddressBook = Map<string, Set<string>>;

/** The caller that an access key stands for. Limits of the configuration hold where neither key nor user says otherwise. */
export function callerFrom(
  { addresses, maxAddresses, ...rules }: AccessRules,
  owner: KeyOwner | undefined,
  defaults: Limits = {},
  book: AddressBook = new Map(),
): Caller {
  const role = rules.role ?? owner?.role;
  const disabled = owner?.disabled ?? rules.disabled;
  const budgets = rules.limits?.budgets ?? owner?.limits?.budgets ?? defaults.budgets;
  const limits = budgets && !owner?.limits?.budgets ? { ...rules.limits, budgets } : rules.limits;
  const bound = role !== 'special' && role !== 'admin';
  const admit =
    bound && (addresses || maxAddresses !== undefined) ? gate(rules.id, addresses, maxAddresses, book) : undefined;
  return {
    ...rules,
    ...(role && { role }),
    ...(disabled !== undefined && { disabled }),
    ...(limits && { limits }),
    ...(owner && { userId: owner.id, userName: owner.name }),
    ...(owner?.limits && { userLimits: owner.limits }),
    ...(admit && { admit }),
  };
}

function gate(id: string, ranges: readonly string[] | undefined, most: number | undefined, book: AddressBook) {
  const parsed = ranges?.map(rangeOf);
  return (address: string | undefined) => {
    if (parsed && !isWithin(address, parsed))
      throw new Failure('forbidden', `This access key may not be used from ${address ?? 'an unknown address'}.`);
    if (most === undefined || address === undefined) return;
    const seen = book.get(id) ?? new Set<string>();
    if (seen.has(address)) return;
    if (seen.size >= most)
      throw new Failure(
        'forbidden',
        `This access key is used from ${most} addresses already, and may not be from more.`,
      );
    book.set(id, seen.add(address));
  };
}

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

function rangeOf(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function isWithin(address: string | undefined, ranges: readonly Range[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
}
