import { isObject, text, tryParseJson } from '../../json.ts';
import type { Watch } from '../dialect.ts';
import { decodeError, decodeException } from './errors.ts';
import { decodeUsage } from './vocabulary.ts';

/** What a relay looks for. Within a delta's text the quotes of these words are escaped. */
export const watch: Watch = {
  markers: ['"stopReason"', '"usage"', '"message"'],
  frame({ event, data, exception }) {
    if (exception) return { failure: decodeException(event ?? '', data) };
    const told = tryParseJson(data);
    if (!isObject(told)) return undefined;
    const usage = event === 'metadata' ? decodeUsage(told.usage) : undefined;
    const finished = event === 'messageStop' && text(told.stopReason) !== undefined;
    return { ...(usage && { usage }), ...(finished && { finished }) };
  },
  whole(body) {
    const read = (name: string) => {
      try {
        return body.get(name);
      } catch {
        // Not JSON after all: there is nothing to see.
        return undefined;
      }
    };
    const usage = decodeUsage(read('usage'));
    if (read('output') !== undefined) return { ...(usage && { usage }), finished: true };
    const message = read('message');
    return typeof message === 'string' ? { failure: decodeError(500, { message }, {}) } : {};
  },
};
