import { compact, type JsonObject } from '../../json.ts';
import type { ModelCard, ModelLists } from '../dialect.ts';

/** N2: `GET /v1/models` as OpenAI answers it. Its `created` is required by the SDK's types; 0 where nobody knows. */
export const models: ModelLists = {
  encodeList: (cards) => ({ object: 'list', data: cards.map(encodeModel) }),
  encodeOne: encodeModel,
};

function encodeModel(card: ModelCard): JsonObject {
  return {
    id: card.id,
    object: 'model',
    created: card.created ?? 0,
    owned_by: card.owner ?? 'proxy',
    // OpenRouter's and vLLM's names for what clients like to know beside it.
    ...compact({ name: card.displayName, context_length: card.facts.contextWindow }),
  };
}
