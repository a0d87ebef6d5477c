import { bearer } from '../auth/bearer.ts';
import { openaiChat } from '../dialects/openai-chat/index.ts';
import { openaiEmbeddingsAt, openaiEndpoint, openaiRelayEndpoint } from './openai-endpoint.ts';
import type { Provider } from './provider.ts';

/** Any place that speaks Chat Completions. Its base URL must be configured; what it lacks of OpenAI's newest is left out. */
export const openaiCompatible: Provider = {
  name: 'openai-compatible',
  speaks: [openaiChat],
  endpoint: openaiEndpoint,
  listsModels: openaiChat,
  relay: { endpoint: openaiRelayEndpoint },
  embeddings: openaiEmbeddingsAt,
  authorize: bearer,
  keyless: true,
  facts: { customTools: false, developerRole: false, cacheBreakpoints: false },
};
