import { Failure, type Counters, type KnownVisit, type Policy, type Taken, type Visit } from '@proxy/core';
import type { GuardSet } from '../config/guards.ts';
import { identityOf, isSpecial } from './refusals.ts';

const minuteMs = 60_000;

/**
 * Calls of a model per minute, by caller or else by address, with headers that tell how many are left (row C21). Asked last, so
 * that what another rule refuses costs nothing; what a limit refuses after it is given back.
 */
export function rates({ textPerMinute, imagesPerMinute }: NonNullable<GuardSet['rates']>, counters: Counters): Policy {
  const given = new WeakMap<Visit, { readonly key: string; readonly atMs: number }>();

  function take(visit: KnownVisit, kind: string, limit: number): void | Promise<void> {
    const key = `rate:${kind}:${identityOf(visit)}`;
    const check = (taken: Taken) => {
      tell(visit, limit, taken);
      if (!taken.ok) throw tooMany(kind, limit, taken);
      given.set(visit, { key, atMs: taken.atMs });
    };
    const taking = counters.take(key, 1, limit, minuteMs);
    if ('ok' in taking) check(taking);
    else return taking.then(check);
  }

  return {
    name: 'rates',
    inspect(visit) {
      const images = /image/.test(visit.operation ?? '');
      const limit = images ? imagesPerMinute : asksModel.has(visit.operation ?? '') ? textPerMinute : undefined;
      if (limit === undefined || isSpecial(visit.caller)) return;
      const taking = take(visit, images ? 'image' : 'text', limit);
      if (taking) return taking;
    },
    refused(visit) {
      const taken = given.get(visit);
      if (taken) void counters.adjust(taken.key, -1, minuteMs, taken.atMs);
    },
  };
}

const asksModel: ReadonlySet<string> = new Set(['generate', 'complete', 'realtime', 'live']);

function tell({ answerHeaders }: Visit, limit: number, { ok, remaining, retryAfterMs }: Taken): void {
  answerHeaders['x-ratelimit-limit'] = String(limit);
  answerHeaders['x-ratelimit-remaining'] = String(remaining);
  answerHeaders['x-ratelimit-reset'] = String(Math.ceil((ok ? minuteMs : retryAfterMs) / 1000));
}

function tooMany(kind: string, limit: number, { retryAfterMs }: Taken): Failure {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const message = `You may ask ${kind} models ${limit} times a minute. Try again in ${seconds} s.`;
  return new Failure('rate-limited', message, { retryAfterSeconds: seconds, code: 'proxy_rate_limited' });
}
