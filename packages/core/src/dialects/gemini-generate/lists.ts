import { Failure } from '../../conversation/failure.ts';
import { compact, isArray, isObject, text, type JsonObject } from '../../json.ts';
import type { ListedModel, ModelCard, ModelLists } from '../dialect.ts';
import { readNumber } from './members.ts';

/** The reference gives these for `models.list`. */
const defaultPageSize = 50;
const maxPageSize = 1000;

/** `GET …/models` (N2). A page token is where the page begins. */
export const lists: ModelLists = {
  encodeList(models, query) {
    const asked = Number(query.get('pageSize') ?? query.get('page_size') ?? defaultPageSize);
    const size = Number.isInteger(asked) && asked > 0 ? Math.min(asked, maxPageSize) : defaultPageSize;
    const from = Number(query.get('pageToken') ?? query.get('page_token') ?? 0);
    if (!Number.isInteger(from) || from < 0)
      throw new Failure('bad-request', 'Malformed "pageToken": give back the "nextPageToken" of the page before.', {
        field: 'pageToken',
      });
    const next = from + size;
    return {
      models: models.slice(from, next).map(encodeModel),
      ...(next < models.length && { nextPageToken: String(next) }),
    };
  },
  encodeOne: encodeModel,
  firstPage: { pageSize: String(maxPageSize) },
  decodeList(body) {
    if (body.models !== undefined && !isArray(body.models))
      throw new Failure('bad-upstream', 'The list of models has no "models".');
    const token = text(body.nextPageToken) ?? '';
    return {
      models: (body.models ?? []).flatMap((model) => (isObject(model) ? decodeModel(model) : [])),
      ...(token !== '' && { nextPage: { pageSize: String(maxPageSize), pageToken: token } }),
    };
  },
};

function decodeModel(model: JsonObject): readonly ListedModel[] {
  const id = (text(model.name) ?? '').replace(/^models\//, '');
  if (id === '') return [];
  return [
    {
      id,
      ...compact({
        displayName: text(model.displayName),
        contextWindow: readNumber(model, 'inputTokenLimit'),
        maxOutputTokens: readNumber(model, 'outputTokenLimit'),
      }),
    },
  ];
}

const embedding = ['embedContent', 'batchEmbedContents'];
const generation = ['generateContent', 'streamGenerateContent', 'countTokens'];

function encodeModel({ id, displayName, facts }: ModelCard): JsonObject {
  return compact({
    name: `models/${id}`,
    displayName: displayName ?? id,
    inputTokenLimit: facts.contextWindow,
    outputTokenLimit: facts.maxOutputTokens,
    // As far as the name tells.
    supportedGenerationMethods: /embed/.test(id) ? embedding : generation,
    maxTemperature: facts.maxTemperature,
    thinking: facts.thinkingControl === undefined ? undefined : facts.thinkingControl !== 'none',
  });
}
