import { openaiEmbeddings } from '../embeddings/openai.ts';
import { joinUrl, withQuery } from './base-url.ts';
import type { EndpointCall, Provider, RelayEndpointCall } from './provider.ts';

/** The paths of both OpenAI dialects, as OpenAI and its imitators serve them. */
export function openaiEndpoint({ dialect, operation, model, baseUrl, query }: EndpointCall): string {
  const path = (() => {
    switch (operation) {
      case 'generate':
        return dialect.name === 'openai-responses' ? '/v1/responses' : '/v1/chat/completions';
      case 'count-tokens':
        return '/v1/responses/input_tokens';
      case 'list-models':
        return '/v1/models';
      case 'get-model':
        return `/v1/models/${encodeURIComponent(model)}`;
    }
  })();
  return withQuery(joinUrl(baseUrl, path), query);
}

/** Everything else of theirs is where its door is. */
export function openaiRelayEndpoint({ path, baseUrl, query }: RelayEndpointCall): string {
  return withQuery(joinUrl(baseUrl, path), query);
}

/** Any of its models may make embeddings, for all that names tell. */
export const openaiEmbeddingsAt: NonNullable<Provider['embeddings']> = {
  formOf: () => openaiEmbeddings,
  endpoint: ({ baseUrl }) => joinUrl(baseUrl, '/v1/embeddings'),
};
