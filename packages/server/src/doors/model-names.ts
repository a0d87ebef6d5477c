import { has, ownName, type Upstream, type UpstreamModel } from '@proxy/core';

/** What other providers' models stand for a model's name, by the provider's name. */
type ModelNames = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** api-proxy's table (row E8). OpenAI is asked for its models by their own names. */
export const apiProxyNames: ModelNames = {
  'gpt-3.5-turbo': { anthropic: 'claude-3-haiku-20240307', azure: 'gpt-35-turbo' },
  'gpt-4-turbo': { anthropic: 'claude-3-sonnet-20240229', azure: 'gpt-4' },
  'gpt-4': { anthropic: 'claude-3-opus-20240229', azure: 'gpt-4' },
  'claude-3-opus': { anthropic: 'claude-3-opus-20240229' },
};

/** What an upstream would be asked for: by its own list, else by the table, else the name itself where it is at home. */
export function nameAt(upstream: Upstream, model: string, names: ModelNames): string | undefined {
  const listed = upstream.models && ownName(upstream, model);
  if (listed !== undefined) return listed;
  const standIn = Object.hasOwn(names, model) ? names[model]?.[upstream.provider.name] : undefined;
  if (standIn !== undefined && ownName(upstream, standIn) !== undefined) return ownName(upstream, standIn);
  return has(upstream, model) ? model : undefined;
}

/** Every upstream with a key that has the model or a stand-in, in their order. */
export function placesOf(upstreams: readonly Upstream[], model: string, names: ModelNames): readonly UpstreamModel[] {
  return upstreams.flatMap((upstream) => {
    const own = upstream.credentials.length === 0 ? undefined : nameAt(upstream, model, names);
    return own === undefined ? [] : [{ upstream, model: own }];
  });
}

/** By its own name, or its vendor's. */
export function isCalled({ name, provider }: Upstream, wanted: string): boolean {
  return name === wanted || provider.name === wanted;
}
