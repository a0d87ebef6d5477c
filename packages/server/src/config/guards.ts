import * as z from 'zod';
import { asRange } from '../public-address.ts';
import { doorNames } from './doors.ts';
import type { Environment } from './expand.ts';
import { aiProxyGuards } from './legacy/ai-proxy-guards.ts';
import { claudeProxyGuards } from './legacy/claude-proxy-guards.ts';
import { reverseProxyGuards } from './legacy/reverse-proxy-guards.ts';
import { belowStart, flag, oneOf, quantity, section, wholeNumber, words } from './schema-parts.ts';

/** Who is let in, and what may be asked for. */
export interface GuardsConfig {
  /** How many proxies in front are believed about where a request comes from; or which, as ranges. 0: none. */
  readonly trustedProxies: number | readonly string[];
  readonly bans?: BansConfig;
  /** How many addresses may use one access key that says nothing of it (row C16). */
  readonly keyAddresses?: KeyAddressesConfig;
  /** Every rule of every set is asked. */
  readonly sets: readonly GuardSet[];
}

export interface KeyAddressesConfig {
  /** Absent: any number. */
  readonly most?: number;
  /** A key that is used from one more is revoked; absent: that call is refused. */
  readonly revoke?: boolean;
}

export interface BansConfig {
  /** So many faults within the window, and an address is banned. */
  readonly errors: number;
  readonly windowSeconds: number;
  /** Absent: until somebody lifts it. */
  readonly banSeconds?: number;
  /** Where bans are kept in ai-proxy's form; absent: in the storage. */
  readonly file?: string;
}

/** Rules for some doors, or for all. */
export interface GuardSet {
  /** `own` are the gateway's own paths. Absent: all of them. */
  readonly doors?: readonly GuardedDoor[];
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly perAddress?: { readonly requests: number; readonly windowSeconds: number };
  readonly rates?: { readonly textPerMinute?: number; readonly imagesPerMinute?: number };
  readonly origins?: { readonly deny: readonly string[]; readonly message?: string; readonly redirect?: string };
  readonly phrases?: { readonly deny: readonly string[]; readonly message?: string; readonly delaySeconds?: number };
  readonly models?: ModelsGate;
  /** Whether prompts may hold pictures: everywhere, nowhere, or at these providers. */
  readonly images?: boolean | readonly string[];
  /** False: tools are taken out of requests. */
  readonly tools?: boolean;
  readonly maxContextTokens?: TokenCap;
  readonly maxOutputTokens?: TokenCap;
}

/** Each list that is there must be passed. */
export interface ModelsGate {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly families?: readonly string[];
}

/** For all models, or by a pattern of their names: the longest that fits. */
export type TokenCap = number | Readonly<Record<string, number>>;

export const guardedDoors = ['own', ...doorNames] as const;

export type GuardedDoor = (typeof guardedDoors)[number];

const range = words().transform((text, context) => {
  const read = asRange(text.trim());
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: `"${text}" is no address and no range. Write it like 10.0.0.0/8.` });
  return z.NEVER;
});
const ranges = z.array(range, { error: 'must be a list of addresses and ranges.' });
const patterns = z.array(words(), { error: 'must be a list of names; * stands for any run of characters.' });
const cap = z.union([wholeNumber(1), z.record(z.string(), wholeNumber(1))], {
  error: 'must be a whole number, or a map from patterns of model names to whole numbers.',
});

export const guardsSchema = section({
  trustedProxies: z
    .union([wholeNumber(0, 100), ranges], {
      error: 'must be how many proxies stand in front, or a list of their ranges.',
    })
    .exactOptional(),
  doors: z.array(oneOf('a door', guardedDoors)).min(1, 'must not be empty.').exactOptional(),
  allow: ranges.exactOptional(),
  deny: ranges.exactOptional(),
  bans: section({
    errors: wholeNumber(1),
    windowSeconds: quantity(),
    banSeconds: quantity().exactOptional(),
    file: words().describe(`The file of the bans, in ai-proxy’s form: ${belowStart}.`).exactOptional(),
  }).exactOptional(),
  keyAddresses: section({ most: wholeNumber(1).exactOptional(), revoke: flag().exactOptional() }).exactOptional(),
  perAddress: section({ requests: wholeNumber(1), windowSeconds: quantity() }).exactOptional(),
  rates: section({
    textPerMinute: wholeNumber(1).exactOptional(),
    imagesPerMinute: wholeNumber(1).exactOptional(),
  }).exactOptional(),
  origins: section({
    deny: z.array(words()),
    message: words().exactOptional(),
    redirect: words()
      .regex(/^https?:\/\/\S+$/, 'must begin with http:// or https://.')
      .exactOptional(),
  }).exactOptional(),
  phrases: section({
    deny: z.array(words()),
    message: words().exactOptional(),
    delaySeconds: quantity().exactOptional(),
  }).exactOptional(),
  models: section({
    allow: patterns.exactOptional(),
    deny: patterns.exactOptional(),
    families: patterns.exactOptional(),
  }).exactOptional(),
  images: z
    .union([flag(), z.array(words())], { error: 'must be true, false, or a list of providers.' })
    .exactOptional(),
  tools: flag().exactOptional(),
  maxContextTokens: cap.exactOptional(),
  maxOutputTokens: cap.exactOptional(),
});

/** What a predecessor's variables say. */
export interface LegacyGuards {
  readonly trustedProxies?: number;
  readonly bans?: BansConfig;
  readonly keyAddresses?: KeyAddressesConfig;
  readonly sets: readonly GuardSet[];
  readonly problems: readonly string[];
}

/** The file's word, and the variables' where it is silent; the rules of both are all asked. */
export function guardsOf(
  file: z.output<typeof guardsSchema> | undefined,
  env: Environment,
  hostsOnly: boolean,
  problems: string[],
): GuardsConfig {
  const { trustedProxies, bans, keyAddresses: ofKeys, ...rules } = file ?? {};
  const legacy = [aiProxyGuards(env, hostsOnly), claudeProxyGuards(env), reverseProxyGuards(env)];
  problems.push(...legacy.flatMap((one) => one.problems));
  const keyAddresses = ofKeys ?? legacy.find((one) => one.keyAddresses)?.keyAddresses;
  const banning = bans ?? legacy.find((one) => one.bans)?.bans;
  return {
    trustedProxies: trustedProxies ?? legacy.find((one) => one.trustedProxies !== undefined)?.trustedProxies ?? 0,
    ...(banning && { bans: banning }),
    ...(keyAddresses && { keyAddresses }),
    sets: [...(Object.keys(rules).length > 0 ? [rules] : []), ...legacy.flatMap(({ sets }) => sets)],
  };
}
