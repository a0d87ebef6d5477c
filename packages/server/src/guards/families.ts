/** oai-reverse-proxy's families of models: the place is a part of the name (row C24). */
export function familyOf(provider: string, model: string): string {
  const family = rows.find(([pattern]) => pattern.test(model))?.[1] ?? generation(model);
  const place = places[provider];
  return place === undefined ? family : `${place}-${family}`;
}

const places: Readonly<Record<string, string>> = { bedrock: 'aws', vertex: 'gcp', azure: 'azure' };

const rows: readonly (readonly [RegExp, string])[] = [
  [/claude.*opus/, 'claude-opus'],
  [/claude/, 'claude'],
  [/gemini|gemma|learnlm/, 'gemini-pro'],
  [/dall-e|gpt-image/, 'dall-e'],
  [/mistral-tiny|open-mistral-7b|ministral/, 'mistral-tiny'],
  [/mistral-small|8x7b|nemo/, 'mistral-small'],
  [/mistral-medium|8x22b/, 'mistral-medium'],
  [/mistral-large|codestral|pixtral-large/, 'mistral-large'],
  [/gpt-4o|chatgpt-4o/, 'gpt4o'],
  [/gpt-4-turbo|gpt-4-vision|gpt-4-\d{4}-preview/, 'gpt4-turbo'],
  [/gpt-4-32k/, 'gpt4-32k'],
  [/gpt-4(?!\.)/, 'gpt4'],
  [/gpt-?3\.?5|text-embedding|^text-|babbage|davinci/, 'turbo'],
];

/** Models that came later are families of their own: `gpt5`, `gpt4.1`, `o3`. */
function generation(model: string): string {
  const [, name = '', number = ''] = /(?:^|\/)(gpt|o)-?(\d+(?:\.\d+)?)/.exec(model) ?? [];
  return name === '' ? model : name + number;
}
