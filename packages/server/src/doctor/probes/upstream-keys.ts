import type { Config, UpstreamConfig } from '../../config/config.ts';
import { found, type Finding } from '../faults.ts';

/** What can be told of keys by looking at them. Says nothing of what they are. */
export function probeUpstreamKeys({ upstreams }: Pick<Config, 'upstreams'>): readonly Finding[] {
  return upstreams.flatMap((upstream) => {
    const { name, apiKeys } = upstream;
    if (apiKeys?.length === 0) return [found('upstream-without-key', name, 'It needs a key and has none.')];
    return (apiKeys ?? []).flatMap(({ key }, index) => lookAt(upstream, key, `${name}, key ${index + 1}`));
  });
}

function lookAt({ provider, baseUrl }: UpstreamConfig, key: string, subject: string): readonly Finding[] {
  if (example.test(key)) return [found('key-is-example', subject, 'It is a placeholder, not a key.')];
  // A cloud's service account is JSON.
  if (!key.startsWith('{') && malformed.test(key))
    return [found('key-malformed', subject, 'It holds quotes, white space, or "Bearer".')];
  const owner = baseUrl === undefined ? Object.keys(shapes).find((name) => shapes[name]?.test(key)) : undefined;
  if (owner === undefined || owner === provider || !(provider in shapes)) return [];
  return [found('key-of-another-vendor', subject, `It has the shape of a key of ${owner}, not of ${provider}.`)];
}

const example = /your[-_ ]|^<.*>$|^sk-(ant-)?(\.{3}|x{4,}|\*{3,})|change[-_ ]?me|replace[-_ ]?(me|this)/i;
const malformed = /^["'`]|["'`]$|\s|^Bearer\b/i;
const shapes: Readonly<Record<string, RegExp>> = {
  anthropic: /^sk-ant-/,
  openai: /^sk-(proj|svcacct|admin)-/,
  gemini: /^AIza[\w-]{30,}$/,
  openrouter: /^sk-or-/,
  groq: /^gsk_/,
  xai: /^xai-/,
};
