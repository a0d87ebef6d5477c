import { isObject, object, text, tryParseJson, type Json } from '../../json.ts';
import type { Watch } from '../dialect.ts';
import { decodeErrorBody } from './errors.ts';
import { decodeUsage } from './vocabulary.ts';

/**
 * What a relay looks for: the events that carry counts, the end, and errors. Within a delta's text the quotes of these
 * words are escaped, so that no delta is mistaken for one of them.
 */
export const watch: Watch = {
  markers: ['"message_start"', '"message_delta"', '"message_stop"', '"error"'],
  frame({ data }) {
    const event = tryParseJson(data);
    if (!isObject(event)) return undefined;
    switch (event.type) {
      case 'message_start':
        return { ...sightUsage(object(event.message)?.usage, false), early: true };
      case 'message_delta':
        // A stream that told why it stopped is complete, even when message_stop is missing (A8).
        return sightUsage(event.usage, text(object(event.delta)?.stop_reason) !== undefined);
      case 'message_stop':
        return { finished: true };
      case 'error':
        return { failure: decodeErrorBody(undefined, event, {}) };
      default:
        return undefined;
    }
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
    const error = read('error');
    if (isObject(error)) return { failure: decodeErrorBody(undefined, { type: 'error', error }, {}) };
    return sightUsage(read('usage'), true);
  },
};

function sightUsage(wire: Json | undefined, finished: boolean) {
  const usage = decodeUsage(wire);
  return { ...(usage && { usage }), ...(finished && { finished }) };
}
