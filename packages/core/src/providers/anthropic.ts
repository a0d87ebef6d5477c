import { anthropicKey } from '../auth/anthropic-key.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';
import { joinUrl, withQuery } from './base-url.ts';
import type { EndpointCall, Provider } from './provider.ts';

/** Anthropic, and whoever speaks Messages. */
export const anthropic: Provider = {
  name: 'anthropic',
  speaks: [anthropicMessages],
  baseUrl: 'https://api.anthropic.com',
  models: ['claude-*'],
  endpoint,
  // Batches, wherever a request was directed here: no operation of the dialect's own doors is relayed.
  relay: { endpoint: ({ path, baseUrl, query }) => withQuery(joinUrl(baseUrl, path), query) },
  listsModels: anthropicMessages,
  authorize: anthropicKey,
  headers: { 'anthropic-version': '2023-06-01' },
  variables: { key: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'], baseUrl: ['ANTHROPIC_BASE_URL'] },
};

function endpoint({ operation, model, baseUrl, query }: EndpointCall): string {
  const path = {
    generate: '/v1/messages',
    'count-tokens': '/v1/messages/count_tokens',
    'list-models': '/v1/models',
    'get-model': `/v1/models/${encodeURIComponent(model)}`,
  }[operation];
  return withQuery(joinUrl(baseUrl, path), query);
}
