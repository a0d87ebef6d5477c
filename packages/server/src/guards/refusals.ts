import { Failure, type Caller, type FailureDetails, type KnownVisit, type Visit } from '@proxy/core';
import { networkOf } from '../public-address.ts';

export function forbidden(message: string, details: FailureDetails = {}): Failure {
  return new Failure('forbidden', message, details);
}

/** Some callers may do what others may not (row C13). */
export function isSpecial({ role }: Caller): boolean {
  return role === 'special' || role === 'admin';
}

/** Whom a count is about: whoever has no key of their own is known by their address. */
export function identityOf({ caller, request }: KnownVisit): string {
  return caller.id === 'anonymous' ? networkOf(addressOf({ request })) : caller.id;
}

export function addressOf({ request: { address = '' } }: Pick<Visit, 'request'>): string {
  return address;
}
