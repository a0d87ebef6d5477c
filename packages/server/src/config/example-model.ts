import type { Config } from './config.ts';

/** A model that will answer, as far as can be told from the configuration. */
export function exampleModel(config: Config): string | undefined {
  return modelNames(config).find((model) => !model.includes('*')) ?? vendorsModel(config);
}

/** Where no model is named, everything goes to the first upstream, and this is one of its vendor's. */
export function vendorsModel({ upstreams }: Config): string | undefined {
  return vendorExample(upstreams[0]?.provider ?? 'demo');
}

/** A model that a vendor has; undefined where we know of none. */
export function vendorExample(provider: string): string | undefined {
  return examples[provider];
}

/** Every name and pattern that callers may ask for, routes first. */
export function modelNames({ upstreams, routes }: Config): readonly string[] {
  const listed = upstreams.flatMap(({ models = [] }) => (Array.isArray(models) ? models : Object.keys(models)));
  return [...routes.map(({ model }) => model), ...listed];
}

const examples: Readonly<Record<string, string>> = {
  openai: 'gpt-6.1-sol',
  anthropic: 'claude-sonnet-5-5',
  gemini: 'gemini-3.8-flash',
  deepseek: 'deepseek-chat',
  demo: 'demo',
};
