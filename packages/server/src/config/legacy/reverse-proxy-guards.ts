import { asRange } from '../../public-address.ts';
import { isOn, set, type Environment } from '../expand.ts';
import type { GuardSet, LegacyGuards } from '../guards.ts';
import { numberIn } from './numbers.ts';

/** oai-reverse-proxy (rows C5, C21 to C26). Its own default values, some of them hostile, are nobody's here. */
export function reverseProxyGuards(env: Environment): LegacyGuards {
  const problems: string[] = [];
  const trustedProxies = numberIn(env, 'TRUSTED_PROXIES', problems);
  const everywhere: GuardSet = {
    ...denied(env, problems),
    ...origins(env),
    ...phrases(env),
    ...models(env),
    ...images(env),
    ...caps(env, 'maxContextTokens', 'MAX_CONTEXT_TOKENS', problems),
    ...caps(env, 'maxOutputTokens', 'MAX_OUTPUT_TOKENS', problems),
  };
  const rates = ratesOf(env, problems);
  const sets: GuardSet[] = [];
  if (Object.keys(everywhere).length > 0) sets.push(everywhere);
  // By another path the limit would be none; callers with keys of their own have limits of their own.
  if (rates) sets.push({ doors: ['own', 'api', 'services'], rates });
  if (set(env, 'ALLOW_OPENAI_TOOL_USAGE')?.toLowerCase() === 'false') sets.push({ doors: ['services'], tools: false });
  const keyAddresses = keyAddressesOf(env, problems);
  return {
    problems,
    sets,
    ...(keyAddresses && { keyAddresses }),
    ...(trustedProxies !== undefined && { trustedProxies }),
  };
}

/** Row C16; 0 is any number. */
function keyAddressesOf(env: Environment, problems: string[]): LegacyGuards['keyAddresses'] {
  const most = numberIn(env, 'MAX_IPS_PER_USER', problems);
  const revoke = isOn(env, 'MAX_IPS_AUTO_BAN');
  if (most === undefined && !revoke) return undefined;
  return { ...(most !== undefined && most > 0 && { most }), ...(revoke && { revoke }) };
}

function denied(env: Environment, problems: string[]): Pick<GuardSet, 'deny'> {
  const deny = list(env, 'IP_BLACKLIST').flatMap((text) => {
    const range = asRange(text);
    if (range === undefined) problems.push(`IP_BLACKLIST: "${text}" is no address and no range.`);
    return range === undefined ? [] : [range];
  });
  return deny.length > 0 ? { deny } : {};
}

function origins(env: Environment): Pick<GuardSet, 'origins'> {
  const deny = list(env, 'BLOCKED_ORIGINS');
  const message = set(env, 'BLOCK_MESSAGE');
  const redirect = set(env, 'BLOCK_REDIRECT');
  if (deny.length === 0) return {};
  return { origins: { deny, ...(message !== undefined && { message }), ...(redirect !== undefined && { redirect }) } };
}

function phrases(env: Environment): Pick<GuardSet, 'phrases'> {
  const deny = quotedList(set(env, 'REJECT_PHRASES') ?? '');
  const message = set(env, 'REJECT_MESSAGE');
  return deny.length > 0 ? { phrases: { deny, ...(message !== undefined && { message }) } } : {};
}

function models(env: Environment): Pick<GuardSet, 'models'> {
  const families = list(env, 'ALLOWED_MODEL_FAMILIES');
  return families.length > 0 ? { models: { families } } : {};
}

/** Its words for services, as providers of ours. */
const providers: Readonly<Record<string, string>> = {
  'google-ai': 'gemini',
  'mistral-ai': 'mistral',
  aws: 'bedrock',
  gcp: 'vertex',
};

/** Set and empty means none: that was its default. */
function images(env: Environment): Pick<GuardSet, 'images'> {
  if (isOn(env, 'ALLOW_IMAGE_PROMPTS')) return { images: true };
  if (env.ALLOWED_VISION_SERVICES === undefined) return {};
  return { images: list(env, 'ALLOWED_VISION_SERVICES').map((service) => providers[service] ?? service) };
}

const namesOf = {
  OPENAI: ['gpt*', 'chatgpt*', 'codex*', 'o1*', 'o3*', 'o4*', 'text-*'],
  ANTHROPIC: ['*claude*'],
} as const;

function caps<Name extends 'maxContextTokens' | 'maxOutputTokens'>(
  env: Environment,
  name: Name,
  variable: string,
  problems: string[],
): Pick<GuardSet, Name> | object {
  const all = numberIn(env, variable, problems);
  const entries = Object.entries(namesOf).flatMap(([vendor, patterns]) => {
    const most = numberIn(env, `${variable}_${vendor}`, problems) ?? all;
    return most === undefined || most === 0 ? [] : patterns.map((pattern) => [pattern, most] as const); // 0: unlimited
  });
  return entries.length > 0 ? { [name]: Object.fromEntries(entries) } : {};
}

function ratesOf(env: Environment, problems: string[]): GuardSet['rates'] {
  const fallback = numberIn(env, 'MODEL_RATE_LIMIT', problems, 1);
  const text = numberIn(env, 'TEXT_MODEL_RATE_LIMIT', problems) ?? fallback;
  const images = numberIn(env, 'IMAGE_MODEL_RATE_LIMIT', problems) ?? fallback;
  if (!text && !images) return undefined;
  return { ...(text && { textPerMinute: text }), ...(images && { imagesPerMinute: images }) };
}

function list(env: Environment, name: string): readonly string[] {
  return (set(env, name) ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** `"two, words",one`: quotes hold commas, and a doubled quote is one. */
function quotedList(text: string): readonly string[] {
  return [...text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]+))\s*(?:,|$)/g)]
    .map(([, quoted, plain = '']) => (quoted?.replaceAll('""', '"') ?? plain).trim())
    .filter((phrase) => phrase !== '');
}
