import { Failure, type Caller, type Limits, type Role } from '@proxy/core';
import { isWithinRanges, networkOf, rangeOf } from './public-address.ts';

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

/** What an access key that says nothing of addresses is bound by (row C16). */
export interface AddressRules {
  readonly most?: number;
  /** Makes a key that is used from too many good for nothing; absent: those calls alone are refused. */
  readonly exclude?: (id: string) => void;
}

/** The caller that an access key stands for. */
export function callerFrom(
  { addresses, maxAddresses: own, ...rules }: AccessRules,
  owner: KeyOwner | undefined,
  book: AddressBook = new Map(),
  { most, exclude }: AddressRules = {},
): Caller {
  const role = rules.role ?? owner?.role;
  const disabled = owner?.disabled ?? rules.disabled;
  const bound = role !== 'special' && role !== 'admin';
  const maxAddresses = own ?? most;
  const admit =
    bound && (addresses || maxAddresses !== undefined)
      ? gate(rules.id, addresses, maxAddresses, book, exclude)
      : undefined;
  return {
    ...rules,
    ...(role && { role }),
    ...(disabled !== undefined && { disabled }),
    ...(owner && { userId: owner.id, userName: owner.name }),
    ...(owner?.limits && { userLimits: owner.limits }),
    ...(admit && { admit }),
  };
}

/** Takes the place of the addresses of a key of the configuration that was used from too many. */
const excluded = new Set<string>();
/** oai-reverse-proxy's words. */
export const exceeded = 'IP address limit exceeded.';

/** For keys of the configuration, which nobody but its owner can revoke: until the next start. */
export function excludingIn(book: AddressBook): (id: string) => void {
  return (id) => void book.set(id, excluded);
}

function gate(
  id: string,
  ranges: readonly string[] | undefined,
  most: number | undefined,
  book: AddressBook,
  exclude: AddressRules['exclude'],
) {
  const parsed = ranges?.map(rangeOf);
  return (address: string | undefined) => {
    if (parsed && !isWithinRanges(address, parsed))
      throw new Failure('forbidden', `This access key may not be used from ${address ?? 'an unknown address'}.`);
    if (most === undefined || address === undefined) return;
    const seen = book.get(id) ?? new Set<string>();
    if (seen === excluded) throw new Failure('forbidden', exceeded);
    // A machine with IPv6 takes another address of its network every day (RFC 8981).
    const network = networkOf(address);
    if (seen.has(network)) return;
    if (seen.size >= most && exclude) {
      exclude(id);
      throw new Failure('forbidden', exceeded);
    }
    if (seen.size >= most)
      throw new Failure(
        'forbidden',
        `This access key is used from ${most} addresses already, and may not be from more.`,
      );
    book.set(id, seen.add(network));
  };
}
