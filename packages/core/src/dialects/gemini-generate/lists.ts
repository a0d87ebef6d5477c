import { Failure } from '../../conversation/failure.ts';
import { compact, type JsonObject } from '../../json.ts';
import type { ModelCard, ModelLists } from '../dialect.ts';

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
};

function encodeModel({ id, displayName, facts }: ModelCard): JsonObject {
  return compact({
    name: `models/${id}`,
    displayName: displayName ?? id,
    inputTokenLimit: facts.contextWindow,
    outputTokenLimit: facts.maxOutputTokens,
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
    maxTemperature: facts.maxTemperature,
    thinking: facts.thinkingControl === undefined ? undefined : facts.thinkingControl !== 'none',
  });
}
