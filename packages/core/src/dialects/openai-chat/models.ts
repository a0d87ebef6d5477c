import { Failure } from '../../conversation/failure.ts';
import { compact, isArray, isObject, number, text, type JsonObject } from '../../json.ts';
import type { ListedModel, ModelCard, ModelLists } from '../dialect.ts';

/** N2: `GET /v1/models` as OpenAI answers it. Its `created` is required by the SDK's types; 0 where nobody knows. */
export const models: ModelLists = {
  encodeList: (cards) => ({ object: 'list', data: cards.map(encodeModel) }),
  encodeOne: encodeModel,
  firstPage: {},
  decodeList(body) {
    if (!isArray(body.data)) throw new Failure('bad-upstream', 'The list of models has no "data".');
    return { models: body.data.flatMap((model) => (isObject(model) ? decodeModel(model) : [])) };
  },
};

function decodeModel(model: JsonObject): readonly ListedModel[] {
  const id = text(model.id);
  if (id === undefined || id === '') return [];
  // OpenRouter's and vLLM's names for what OpenAI does not tell.
  return [
    {
      id,
      ...compact({
        displayName: text(model.name),
        created: number(model.created),
        contextWindow: number(model.context_length) ?? number(model.max_model_len),
      }),
    },
  ];
}

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
