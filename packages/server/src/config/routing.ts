import type { Affinity, BreakerRules, Route, RouteTarget, SelectorName } from '@proxy/core';
import * as z from 'zod';
import type { UpstreamConfig } from './config.ts';
import { isOn, set, type Environment } from './expand.ts';
import { unknownName } from './problems.ts';
import { flag, oneOf, quantity, section, timer, wholeNumber, words } from './schema-parts.ts';

/** What may be written about choosing: among an upstream's keys, and among a route's targets. */
export const strategies = [
  'failover',
  'round-robin',
  'random',
  'weighted',
  'least-busy',
  'least-recently-used',
  'quota-first',
  'cost-first',
  'fastest',
  'power-of-two',
] as const satisfies readonly SelectorName[];

/** Whether the vendors are asked about their keys. */
export interface KeyChecksConfig {
  readonly atStart: boolean;
  /** Absent: not again. */
  readonly everyMinutes?: number;
  /** Nothing is asked that a vendor might bill. */
  readonly freeOnly: boolean;
}

// `upstream/model`, or an upstream alone for "the model that was asked for".
const target = z
  .preprocess(
    (value) => {
      if (typeof value !== 'string') return value;
      const slash = value.indexOf('/');
      return slash < 0 ? { upstream: value } : { upstream: value.slice(0, slash), model: value.slice(slash + 1) };
    },
    section({
      upstream: words(),
      model: words().exactOptional(),
      weight: quantity().exactOptional(),
      cost: quantity().exactOptional(),
    }),
  )
  .meta({ orText: true });

const strategy = oneOf('a strategy', strategies);

const affinity = z.union(
  [flag(), section({ headers: z.array(words()).min(1, 'must not be empty.').exactOptional() })],
  {
    error: 'must be true, false or {headers: [names]}.',
  },
);

/** Of a key in `apiKeys`. */
export const keyChoiceShape = {
  weight: quantity().exactOptional(),
  cost: quantity().exactOptional(),
  quota: wholeNumber(-1).exactOptional(),
};

/** Of an upstream. */
export const upstreamChoiceShape = {
  strategy: strategy.exactOptional(),
  affinity: affinity.exactOptional(),
  breaker: section({
    failures: wholeNumber(1).exactOptional(),
    of: wholeNumber(1).exactOptional(),
    restSeconds: quantity().exactOptional(),
    never: flag().exactOptional(),
  })
    .refine(({ failures = 1, of = failures }) => of >= failures, {
      path: ['of'],
      error: 'must not be less than "failures": so many never fail among fewer, and no key would ever rest.',
    })
    .exactOptional(),
  refusedKeys: oneOf('a word for it', ['rest', 'remove']).exactOptional(),
  fallbacks: z.array(target).exactOptional(),
};

export const routeSchema = section({
  model: words(),
  targets: z.array(target).min(1, 'must name at least one upstream.'),
  strategy: strategy.exactOptional(),
  affinity: affinity.exactOptional(),
  fallbacks: z.array(target).exactOptional(),
});

export const keyChecksSchema = section({
  atStart: flag().exactOptional(),
  everyMinutes: timer(60_000).exactOptional(),
});

interface WrittenChoices {
  readonly affinity?: z.output<typeof affinity>;
  readonly breaker?: z.output<NonNullable<typeof upstreamChoiceShape.breaker>>;
}

interface Choices {
  readonly affinity?: Affinity;
  readonly breaker?: BreakerRules;
}

/** What was written, as the core takes it. */
export function choicesOf({ affinity: wanted, breaker }: WrittenChoices): Choices {
  return {
    ...(wanted && { affinity: affinityOf(wanted) }),
    ...(breaker && { breaker: breakerOf(breaker) }),
  };
}

export function routesOf(routes: readonly z.output<typeof routeSchema>[]): readonly Route[] {
  return routes.map(({ affinity: wanted, ...route }) => ({
    ...route,
    ...(wanted && { affinity: affinityOf(wanted) }),
  }));
}

function affinityOf(wanted: true | { readonly headers?: readonly string[] }): Affinity {
  return wanted === true || !wanted.headers ? {} : { headers: wanted.headers.map((name) => name.toLowerCase()) };
}

function breakerOf({ restSeconds, ...rules }: NonNullable<WrittenChoices['breaker']>): BreakerRules {
  return { ...rules, ...(restSeconds !== undefined && { restMs: restSeconds * 1000 }) };
}

const hourly = 60;

/** The file's word, then `CHECK_KEYS`; in production keys are looked at once, where that is free (acceptance row F15). */
export function keyChecksOf(
  file: z.output<typeof keyChecksSchema> | undefined,
  env: Environment,
): KeyChecksConfig | undefined {
  if (file) {
    const { atStart = true, everyMinutes } = file;
    return { atStart, freeOnly: false, ...(everyMinutes !== undefined && everyMinutes > 0 && { everyMinutes }) };
  }
  const asked = isOn(env, 'CHECK_KEYS');
  if (asked) return { atStart: true, everyMinutes: hourly, freeOnly: false };
  return asked === undefined && env.NODE_ENV === 'production' ? { atStart: true, freeOnly: true } : undefined;
}

/**
 * What holds for upstreams that do not say: the strategy of `LOAD_BALANCE_STRATEGY` (row D23), and that refused keys leave
 * the pool where a later check can bring them back (row F12).
 */
export function withChoices(
  upstreams: readonly UpstreamConfig[],
  checks: KeyChecksConfig | undefined,
  env: Environment,
  note: (text: string) => void,
): readonly UpstreamConfig[] {
  const usual = usualStrategy(env, note);
  const removes = checks?.everyMinutes !== undefined;
  if (!usual && !removes) return upstreams;
  return upstreams.map((upstream) => ({
    ...(usual && { strategy: usual }),
    ...(removes && { refusedKeys: 'remove' as const }),
    ...upstream,
  }));
}

function usualStrategy(env: Environment, note: (text: string) => void): SelectorName | undefined {
  const wanted = set(env, 'LOAD_BALANCE_STRATEGY');
  const known = strategies.find((name) => name === wanted);
  if (wanted !== undefined && !known) note(`LOAD_BALANCE_STRATEGY: ${unknownName(wanted, 'a strategy', strategies)}`);
  return known;
}

/** Fallbacks that lead nowhere; one sentence a problem. */
export function fallbackProblems(
  place: string,
  fallbacks: readonly RouteTarget[] | undefined,
  names: readonly string[],
): readonly string[] {
  return (fallbacks ?? []).flatMap(({ upstream }, at) =>
    names.includes(upstream) ? [] : [`${place}.fallbacks[${at}]: ${unknownName(upstream, 'an upstream', names)}`],
  );
}
