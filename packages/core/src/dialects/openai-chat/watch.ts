import { isObject, list, text, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import type { Sighting, Watch } from '../dialect.ts';
import { decodeError } from './errors.ts';
import { failureOfFinish } from './finish.ts';
import { failureIn } from './read-reply.ts';
import { findUsage } from './usage.ts';

/** What a relay looks for: usage, a finish, an error. Python servers write a blank after each colon. */
export const watch: Watch = {
  markers: ['"usage":{', '"usage": {', '"finish_reason":"', '"finish_reason": "', '"error"', '"base_resp"'],
  frame({ event, data }) {
    if (data === '[DONE]') return undefined;
    const body = tryParseJson(data);
    if (event === 'error') return { failure: decodeError(0, body ?? data, {}) };
    return isObject(body) ? sight(body) : undefined;
  },
  whole(body) {
    const members: Record<string, Json> = {};
    for (const name of ['usage', 'x_groq', 'error'] as const) {
      const value = read(() => body.get(name));
      if (value !== undefined) members[name] = value;
    }
    const { failure, ...seen } = sight(members);
    return failure ? { ...seen, failure } : { ...seen, finished: true };
  },
};

function sight(body: JsonObject): Sighting {
  const choices = list(body.choices).filter(isObject);
  const failure = failureIn(body) ?? choices.map(failureOfFinish).find((found) => found !== undefined);
  const usage = findUsage(body, {});
  // X3: a finish counts even where no [DONE] follows, and [DONE] alone does not.
  const finished = !failure && choices.some((choice) => Boolean(text(choice.finish_reason)));
  return { ...(usage && { usage }), ...(failure && { failure }), ...(finished && { finished }) };
}

function read<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    // Not JSON after all: there is nothing to see.
    return undefined;
  }
}
