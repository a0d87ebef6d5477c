import { bearer } from '../auth/bearer.ts';
import { openaiChat } from '../dialects/openai-chat/index.ts';
import { openaiResponses } from '../dialects/openai-responses/index.ts';
import { openaiEmbeddingsAt, openaiEndpoint, openaiRelayEndpoint } from './openai-endpoint.ts';
import { openaiModels } from './openai-models.ts';
import type { Provider } from './provider.ts';

/** OpenAI itself. Responses comes first: only there does encrypted reasoning survive from turn to turn. */
export const openai: Provider = {
  name: 'openai',
  speaks: [openaiResponses, openaiChat],
  baseUrl: 'https://api.openai.com/v1',
  models: openaiModels,
  endpoint: openaiEndpoint,
  listsModels: openaiChat,
  relay: { endpoint: openaiRelayEndpoint, lacks: ['rerank'] },
  embeddings: openaiEmbeddingsAt,
  authorize: bearer,
  variables: { key: ['OPENAI_API_KEY'], baseUrl: ['OPENAI_BASE_URL'] },
};
