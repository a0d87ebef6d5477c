import { isObject, text, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import type { Sighting, Watch } from '../dialect.ts';
import { failureOfEvent, failureOfResponse } from './errors.ts';
import { decodeUsage } from './vocabulary.ts';

/** What a relay looks for: the terminal event, which alone carries usage, and errors. */
export const watch: Watch = {
  // Inside a text delta the quotes would be escaped, so no delta holds one of these.
  markers: ['"response.completed"', '"response.incomplete"', '"response.failed"', '"type":"error"', '"type": "error"'],
  frame({ data }) {
    const event = tryParseJson(data);
    if (!isObject(event)) return undefined;
    const type = text(event.type);
    if (type === 'error' || (type === undefined && isObject(event.error))) return { failure: failureOfEvent(event) };
    const terminal = type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed';
    return terminal && isObject(event.response) ? sight(event.response) : undefined;
  },
  whole(body) {
    const members: Record<string, Json> = {};
    for (const name of ['status', 'usage', 'tool_usage', 'error'] as const) {
      const value = read(() => body.get(name));
      if (value !== undefined) members[name] = value;
    }
    const seen = sight(members);
    // A response that failed is a reply all the same, which its own clients read.
    return members.status === undefined ? seen : { ...seen, finished: true };
  },
};

function sight(response: JsonObject): Sighting {
  const usage = decodeUsage(response);
  const failed = response.status === 'failed' || response.status === 'cancelled' || isObject(response.error);
  return { ...(usage && { usage }), ...(failed ? { failure: failureOfResponse(response) } : { finished: true }) };
}

function read<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    // Not JSON after all: there is nothing to see.
    return undefined;
  }
}
