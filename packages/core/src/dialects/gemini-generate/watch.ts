import { isArray, isObject, type JsonObject, tryParseJson } from '../../json.ts';
import type { Sighting, TopLevel, Watch } from '../dialect.ts';
import { codeOf, decodeError } from './errors.ts';
import { searchQueries } from './grounding.ts';
import { readList, readObject, readText } from './members.ts';
import { decodeUsage } from './vocabulary.ts';

/** What a relay looks for: usage is in every chunk, so only those that end something are read. */
export const watch: Watch = {
  markers: [
    '"finishReason"',
    '"finish_reason"',
    '"promptFeedback"',
    '"prompt_feedback"',
    '"groundingMetadata"',
    '"error"',
  ],
  frame({ data }) {
    const parsed = tryParseJson(data);
    const body = isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed;
    return isObject(body) ? sighting(body) : undefined;
  },
  whole(body: TopLevel) {
    const names = ['error', 'usageMetadata', 'usage_metadata', 'candidates', 'promptFeedback', 'prompt_feedback'];
    const found = names.flatMap((name) => {
      const value = body.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    return sighting(Object.fromEntries(found));
  },
};

function sighting(body: JsonObject): Sighting | undefined {
  const error = readObject(body, 'error');
  if (error) {
    const code = codeOf(error) ?? 500;
    return { failure: decodeError(code >= 400 && code <= 599 ? code : 500, body, {}) };
  }
  const metadata = readObject(body, 'usageMetadata');
  const feedback = readObject(body, 'promptFeedback');
  const finished =
    (feedback !== undefined && readText(feedback, 'blockReason') !== undefined) ||
    readList(body, 'candidates').some(
      (candidate) => isObject(candidate) && readText(candidate, 'finishReason') !== undefined,
    );
  const webSearches = searchesIn(body);
  const usage = { ...(metadata && decodeUsage(metadata)), ...(webSearches > 0 && { webSearches }) };
  if (Object.keys(usage).length === 0 && !finished) return undefined;
  return { ...(Object.keys(usage).length > 0 && { usage }), ...(finished && { finished: true }) };
}

function searchesIn(body: JsonObject): number {
  let searches = 0;
  for (const candidate of readList(body, 'candidates')) {
    const grounding = isObject(candidate) ? readObject(candidate, 'groundingMetadata') : undefined;
    if (grounding) searches += searchQueries(grounding).length;
  }
  return searches;
}
