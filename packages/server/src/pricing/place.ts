import type { PricedTarget } from './price-row.ts';

/** Under whose prices, and under which name, a model is billed. */
export interface Place {
  readonly vendor: string;
  readonly models: readonly string[];
  /** Its data stays in a region, which some vendors charge for. */
  readonly regional: boolean;
}

/** The clouds bill the vendors' models at the vendors' prices, under names of their own. */
export function placeOf({ provider, model, askedModel, region }: PricedTarget): Place {
  switch (provider) {
    case 'azure':
      return place('openai', [model, ...(askedModel === undefined ? [] : [afterSlash(askedModel)])]);
    case 'vertex':
      return place(
        model.includes('claude') ? 'anthropic' : 'gemini',
        [afterSlash(model)],
        region !== undefined && region !== 'global',
      );
    case 'bedrock':
      return bedrockPlace(model);
    case 'openrouter':
      return openrouterPlace(model);
    case 'gemini':
      return place('gemini', [model.replace(/^models\//, '')]);
    default:
      return place(provider, [model]);
  }
}

function place(vendor: string, models: readonly string[], regional = false): Place {
  return { vendor, models: models.flatMap(spellings), regional };
}

/** `us.anthropic.claude-opus-4-5-20251101-v1:0`, or an ARN that ends in such a name. */
function bedrockPlace(model: string): Place {
  const [, area, name = ''] = /^(?:([a-z]{2,6}(?:-gov)?)\.)?([a-z0-9]+\..+)$/.exec(afterSlash(model)) ?? [];
  if (!name.startsWith('anthropic.')) return place('bedrock', [name], area !== 'global');
  return place('anthropic', [name.slice('anthropic.'.length)], area !== 'global');
}

/** It passes the vendors' prices on, and calls them by its own names: `anthropic/claude-sonnet-4.5`. */
function openrouterPlace(model: string): Place {
  const vendors: Readonly<Record<string, string>> = {
    anthropic: 'anthropic',
    openai: 'openai',
    google: 'gemini',
    'x-ai': 'xai',
  };
  const [owner = '', name = ''] = model.split('/');
  const vendor = name.includes(':') ? undefined : vendors[owner];
  if (vendor === undefined) return place('openrouter', [model]);
  return place(vendor, [vendor === 'anthropic' ? name.replaceAll('.', '-') : name]);
}

/** The name as it is, and without what only tells one edition of a model from another. */
function spellings(model: string): readonly string[] {
  const name = model.toLowerCase();
  const plain = name
    .replace(/@.*$/, '')
    .replace(/-v\d+(:\d+)*$|:\d+$/, '')
    .replace(/-(latest|preview|\d{3})$/, '')
    .replace(/-(preview-)?(\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{4}|\d{2}-\d{2})$/, '')
    .replace(/-preview$/, '');
  return plain === name ? [name] : [name, plain];
}

function afterSlash(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}
