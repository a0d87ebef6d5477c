import { anthropic, bedrock, gemini, openai, openaiCompatible, type ModelFacts, type Provider } from '@proxy/core';
import { demoProvider } from '../demo/provider.ts';

/** A place that people know by name: what `provider:` may say, and which environment variables configure it. */
export interface Vendor {
  readonly provider: Provider;
  /** The first that is set is the key. */
  readonly keyVariables: readonly string[];
  /** Where no such is set: the variables whose values, joined by colons, are the key; those that may be missing come last. */
  readonly keyParts?: { readonly needed: readonly string[]; readonly more: readonly string[] };
  /** A variable that holds several keys, separated by commas. */
  readonly keyListVariable?: string;
  readonly baseUrlVariables: readonly string[];
  /** For each of the provider's settings the variables that hold it where the configuration does not say. */
  readonly settingVariables?: Readonly<Record<string, readonly string[]>>;
  /** Answers without a key (something on this machine). */
  readonly keyless?: boolean;
}

/** Every value that `provider:` may have. */
export const vendors: Readonly<Record<string, Vendor>> = {
  openai: { provider: openai, keyVariables: ['OPENAI_API_KEY'], baseUrlVariables: ['OPENAI_BASE_URL'] },
  anthropic: {
    provider: anthropic,
    keyVariables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
    baseUrlVariables: ['ANTHROPIC_BASE_URL'],
  },
  gemini: {
    provider: gemini,
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrlVariables: ['GOOGLE_GEMINI_BASE_URL', 'GEMINI_BASE_URL'],
  },
  bedrock: {
    provider: bedrock,
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
    keyParts: { needed: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], more: ['AWS_SESSION_TOKEN'] },
    keyListVariable: 'AWS_CREDENTIALS', // oai-reverse-proxy: accessKey:secret:region,…
    baseUrlVariables: ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME'],
    settingVariables: { region: ['AWS_REGION', 'AWS_DEFAULT_REGION'] },
  },
  'openai-compatible': { provider: openaiCompatible, keyVariables: [], baseUrlVariables: [], keyless: true },
  // What a vendor's models do differently is in the core's model facts; here is only what holds for a place.
  deepseek: compatible('deepseek', 'https://api.deepseek.com', ['deepseek-*']),
  openrouter: compatible('openrouter', 'https://openrouter.ai/api/v1', undefined, {
    // Catalogue Z9, B5.
    reasoningField: 'reasoning',
    cacheWritesOutsidePrompt: true,
  }),
  groq: compatible('groq', 'https://api.groq.com/openai/v1', undefined, { reasoningField: 'reasoning' }), // Z9
  moonshot: compatible('moonshot', 'https://api.moonshot.ai/v1', ['kimi-*', 'moonshot-*']),
  dashscope: compatible('dashscope', 'https://dashscope.aliyuncs.com/compatible-mode/v1', ['qwen*', 'qwq*']),
  zhipu: compatible('zhipu', 'https://open.bigmodel.cn/api/paas/v4', ['glm-*'], {}, [
    'ZHIPU_API_KEY',
    'ZHIPUAI_API_KEY',
    'ZAI_API_KEY',
  ]),
  mistral: compatible('mistral', 'https://api.mistral.ai/v1', [
    'mistral-*',
    'ministral-*',
    'magistral-*',
    'codestral-*',
  ]),
  xai: compatible('xai', 'https://api.x.ai/v1', ['grok-*']),
  minimax: compatible('minimax', 'https://api.minimax.io/v1', ['MiniMax-*']),
  siliconflow: compatible('siliconflow', 'https://api.siliconflow.cn/v1'),
  together: compatible('together', 'https://api.together.xyz/v1'),
  fireworks: compatible('fireworks', 'https://api.fireworks.ai/inference/v1'),
  cerebras: compatible('cerebras', 'https://api.cerebras.ai/v1'),
  ollama: { ...compatible('ollama', 'http://127.0.0.1:11434/v1', undefined, {}, []), keyless: true },
  lmstudio: { ...compatible('lmstudio', 'http://127.0.0.1:1234/v1', undefined, {}, []), keyless: true },
  demo: { provider: demoProvider, keyVariables: [], baseUrlVariables: [], keyless: true },
};

export const vendorNames: readonly string[] = Object.keys(vendors);

/** Every option that some provider has for itself. */
export const settingNames: readonly string[] = [
  ...new Set(Object.values(vendors).flatMap(({ provider }) => Object.keys(provider.settings ?? {}))),
];

export function vendorByName(name: string): Vendor | undefined {
  return Object.hasOwn(vendors, name) ? vendors[name] : undefined;
}

/** A vendor that imitates OpenAI Chat: an address, the names of its models, and what it is known to do differently. */
function compatible(
  name: string,
  baseUrl: string,
  models?: readonly string[],
  facts: ModelFacts = {},
  keyVariables: readonly string[] = [`${name.toUpperCase()}_API_KEY`],
): Vendor {
  const provider: Provider = {
    ...openaiCompatible,
    name,
    baseUrl,
    facts: { ...openaiCompatible.facts, ...facts },
    ...(models && { models }),
  };
  return { provider, keyVariables, baseUrlVariables: [`${name.toUpperCase()}_BASE_URL`] };
}
