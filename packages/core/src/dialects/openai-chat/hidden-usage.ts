import { replaceMember } from '../../bytes/splice.ts';
import { isArray, isObject, object, tryParseJson } from '../../json.ts';
import type { HiddenUsage, TopLevel } from '../dialect.ts';

/** `stream_options.include_usage`, and the chunk without choices that comes of it. */
export const hiddenUsage: HiddenUsage = {
  hiddenFrom: (body) => optionsIn(body)?.include_usage !== true,
  asked: (body, top) =>
    replaceMember(body, 'stream_options', JSON.stringify({ ...optionsIn(top), include_usage: true })),
  isReport({ data }) {
    if (!data.includes('"usage"')) return false;
    const chunk = tryParseJson(data);
    return isObject(chunk) && isObject(chunk.usage) && isArray(chunk.choices) && chunk.choices.length === 0;
  },
};

function optionsIn(body: TopLevel) {
  return object(body.get('stream_options'));
}
