import type { Citation } from '../../conversation/message.ts';
import { isObject, number, text, type Json, type JsonObject } from '../../json.ts';
import { dialectName, otherMembers, ownExtras } from './vocabulary.ts';

const urlMembers = new Set(['type', 'url', 'title', 'start_index', 'end_index']);

/** An annotation of an output_text part. `whole` is the text it is about, as far as it is known. */
export function decodeAnnotation(annotation: Json, whole: string): Citation | undefined {
  if (!isObject(annotation)) return undefined;
  const url = text(annotation.url);
  if (annotation.type !== 'url_citation' || url === undefined)
    return { type: 'native', dialect: dialectName, value: annotation };
  const title = text(annotation.title);
  const start = number(annotation.start_index);
  const end = number(annotation.end_index);
  return {
    type: 'url',
    url,
    ...(title !== undefined && title !== '' && { title }),
    ...(start !== undefined && { start: unitsOf(whole, start) }),
    ...(end !== undefined && { end: unitsOf(whole, end) }),
    ...ownExtras(otherMembers(annotation, urlMembers)),
  };
}

/** Undefined for what only another dialect understands. A citation without a place stands for the whole text. */
export function encodeCitation(citation: Citation, whole: string): JsonObject | undefined {
  if (citation.type === 'native') return citation.dialect === dialectName ? citation.value : undefined;
  return {
    type: 'url_citation',
    start_index: charactersOf(whole, citation.start ?? 0),
    end_index: charactersOf(whole, citation.end ?? whole.length),
    url: citation.url,
    title: citation.title ?? '',
    ...citation.extras?.[dialectName],
  };
}

const surrogates = /[\ud800-\udbff][\udc00-\udfff]/;

/** OpenAI counts characters (code points), the hub UTF-16 units (W2). */
function unitsOf(whole: string, characters: number): number {
  if (!surrogates.test(whole)) return characters;
  let units = 0;
  let counted = 0;
  for (const character of whole) {
    if (counted === characters) return units;
    counted++;
    units += character.length;
  }
  return units + (characters - counted);
}

function charactersOf(whole: string, units: number): number {
  if (!surrogates.test(whole)) return units;
  return [...whole.slice(0, units)].length + Math.max(0, units - whole.length);
}
