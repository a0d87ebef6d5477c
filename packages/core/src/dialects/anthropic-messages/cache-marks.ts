import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import type { Report } from '../../conversation/notice.ts';
import type { ModelFacts } from '../../models/model-facts.ts';

/** Anthropic takes four breakpoints over tools, system and messages together (P1). */
const maxMarks = 4;

/** The body with as many cache marks as are taken: the first, which covers the tools or system, and the last ones. */
export function limitMarks(body: JsonObject, facts: ModelFacts, report: Report): JsonObject {
  const room = facts.cacheBreakpoints === false ? 0 : maxMarks - (body.cache_control === undefined ? 0 : 1);
  const places = ['tools', 'system', 'messages'] as const; // the order in which the prompt is hashed
  const total = places.reduce((sum, place) => sum + countMarks(body[place]), 0);
  if (total <= room && (room > 0 || body.cache_control === undefined)) return body;
  report({
    type: 'dropped',
    field: 'cache',
    detail: `${total} cache breakpoints were asked for and ${Math.max(0, room)} are left; the first and the last were kept.`,
  });
  let seen = 0;
  const keep = (): boolean => {
    seen += 1;
    return seen > total - room + 1 || (seen === 1 && room > 0);
  };
  const out: Record<string, Json> = { ...body };
  for (const place of places) if (body[place] !== undefined) out[place] = thin(body[place] ?? null, keep);
  if (facts.cacheBreakpoints === false) delete out.cache_control;
  return out;
}

/** Marks stand on tools, system blocks and content blocks, results' content included; schemas may hold the word too. */
function countMarks(value: Json | undefined): number {
  if (isArray(value)) return value.reduce<number>((sum, item) => sum + countMarks(item), 0);
  if (!isObject(value)) return 0;
  return (isObject(value.cache_control) ? 1 : 0) + countMarks(value.content);
}

function thin(value: Json, keep: () => boolean): Json {
  if (isArray(value)) return value.map((item) => thin(item, keep));
  if (!isObject(value)) return value;
  const { cache_control: mark, ...members } = value;
  const rest = members.content === undefined ? members : { ...members, content: thin(members.content, keep) };
  return isObject(mark) && keep() ? { ...rest, cache_control: mark } : rest;
}
