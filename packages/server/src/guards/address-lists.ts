import type { Policy } from '@proxy/core';
import { isWithin } from '../public-address.ts';
import { addressOf, forbidden } from './refusals.ts';

/** Who is let in by address: nobody who is denied, and where there is a list of those allowed, nobody else (row C22). */
export function addressLists(allow: readonly string[] | undefined, deny: readonly string[] = []): Policy {
  return {
    name: 'address-lists',
    admit(visit) {
      const address = addressOf(visit);
      if (isWithin(address, deny) || (allow && !isWithin(address, allow)))
        throw forbidden('Your address is not let in here.');
    },
  };
}
