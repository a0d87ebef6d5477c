import { Failure, type Counters, type Policy, type Taken } from '@proxy/core';
import { networkOf } from '../public-address.ts';
import { addressOf } from './refusals.ts';

/** So many requests of one address (of IPv6, a /64) within a sliding window, whoever sends them (rows C4 and C6). */
export function perAddress(
  { requests, windowSeconds }: { readonly requests: number; readonly windowSeconds: number },
  counters: Counters,
  scope: string,
): Policy {
  const check = ({ ok, retryAfterMs }: Taken) => {
    if (ok) return;
    const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
    const message = `Too many requests from your address: at most ${requests} in ${windowSeconds} s. Try again in ${seconds} s.`;
    throw new Failure('rate-limited', message, { retryAfterSeconds: seconds });
  };
  return {
    name: 'per-address',
    admit(visit) {
      const taking = counters.take(
        `address:${scope}:${networkOf(addressOf(visit))}`,
        1,
        requests,
        windowSeconds * 1000,
      );
      if ('ok' in taking) check(taking);
      else return taking.then(check);
    },
  };
}
