import type { Budget, Limits } from '@proxy/core';

/** oai-reverse-proxy limits tokens by family of models, 0 meaning no limit; ours are budgets over patterns. */
export function budgetsOf(tokenLimits: Readonly<Record<string, number>>): readonly Budget[] {
  return Object.entries(tokenLimits)
    .filter(([, amount]) => amount > 0)
    .map(([family, amount]) => ({ amount, of: 'tokens', per: 'total', models: patternsOf(family) }));
}

/** Those that came from such limits, back in its words. */
export function tokenLimitsOf({ budgets = [] }: Limits = {}): Readonly<Record<string, number>> {
  const limits = budgets.flatMap(({ amount, of, models = [] }) => {
    const family = Object.keys(families).find((name) => patternsOf(name).join() === models.join()) ?? models[0];
    return of === 'tokens' && family !== undefined ? [[family, amount] as const] : [];
  });
  return Object.fromEntries(limits);
}

function patternsOf(family: string): readonly string[] {
  return families[family] ?? [family];
}

/** Which models each family has, as patterns of budgets; `aws-`, `gcp-` and `azure-` are the places that serve them. */
const families: Readonly<Record<string, readonly string[]>> = {
  turbo: ['gpt-3.5*', 'text-embedding*', '!azure/*'],
  gpt4: ['gpt-4*', '!gpt-4-32k*', '!gpt-4-turbo*', '!gpt-4o*', '!gpt-4.*', '!azure/*'],
  'gpt4-32k': ['gpt-4-32k*', '!azure/*'],
  'gpt4-turbo': ['gpt-4-turbo*', '!azure/*'],
  gpt4o: ['gpt-4o*', '!azure/*'],
  'dall-e': ['dall-e*', 'gpt-image*', '!azure/*'],
  claude: ['claude*', '!*opus*', '!bedrock/*', '!vertex/*'],
  'claude-opus': ['claude*opus*', '!bedrock/*', '!vertex/*'],
  'gemini-pro': ['gemini*', '!vertex/*'],
  'mistral-tiny': ['mistral-tiny*', 'open-mistral-7b*'],
  'mistral-small': ['mistral-small*', '*8x7b*'],
  'mistral-medium': ['mistral-medium*', '*8x22b*'],
  'mistral-large': ['mistral-large*'],
  'aws-claude': ['bedrock/*claude*', '!*opus*'],
  'aws-claude-opus': ['bedrock/*claude*opus*'],
  'gcp-claude': ['vertex/*claude*', '!*opus*'],
  'gcp-claude-opus': ['vertex/*claude*opus*'],
  'azure-turbo': ['azure/*gpt-35*', 'azure/*gpt-3.5*'],
  'azure-gpt4': ['azure/*gpt-4*', '!*gpt-4-32k*', '!*gpt-4-turbo*', '!*gpt-4o*'],
  'azure-gpt4-32k': ['azure/*gpt-4-32k*'],
  'azure-gpt4-turbo': ['azure/*gpt-4-turbo*'],
  'azure-gpt4o': ['azure/*gpt-4o*'],
  'azure-dall-e': ['azure/*dall-e*'],
};
