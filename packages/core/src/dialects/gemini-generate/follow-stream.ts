import { isArray, isObject, object, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import { concludingGap, type StreamFollower } from '../dialect.ts';
import { read, readList, readNumber, readObject, readText } from './members.ts';
import { encodeUsage } from './vocabulary.ts';

interface Standing {
  spoke: boolean;
  called: boolean;
  finished: boolean;
}

/** Each chunk stands for itself: nothing is ever open but a candidate. */
export function followStream(): StreamFollower {
  const candidates = new Map<number, Standing>();
  let head: JsonObject | undefined;
  let blocked = false;

  function followCandidate(candidate: JsonObject): void {
    const index = readNumber(candidate, 'index') ?? 0;
    const before = candidates.get(index);
    const parts = partsOf(candidate);
    candidates.set(index, {
      spoke: before?.spoke === true || parts.some(isSpoken),
      called: before?.called === true || parts.some((part) => readObject(part, 'functionCall') !== undefined),
      finished: before?.finished === true || readText(candidate, 'finishReason') !== undefined,
    });
  }

  const unfinished = () => (blocked ? [] : [...candidates].filter(([, { finished }]) => !finished));

  return {
    get running() {
      return unfinished().length > 0;
    },

    follow({ data }) {
      const chunk = chunkIn(data);
      if (!chunk) return true;
      head = { ...head, ...named(chunk, 'modelVersion'), ...named(chunk, 'responseId') };
      blocked ||= readText(readObject(chunk, 'promptFeedback') ?? {}, 'blockReason') !== undefined;
      for (const candidate of readList(chunk, 'candidates')) if (isObject(candidate)) followCandidate(candidate);
      return true;
    },

    besideError({ data }) {
      const { error: _, ...chunk } = chunkIn(data) ?? {};
      const candidates = readList(chunk, 'candidates').filter(isObject);
      if (!candidates.some((candidate) => partsOf(candidate).length > 0)) return undefined;
      // What ends with an error has not ended well, whatever is said of it.
      const open = candidates.map(({ finishReason: _reason, finish_reason: __, ...candidate }) => candidate);
      return { data: JSON.stringify({ ...chunk, candidates: open }) };
    },

    conclude(text, { usage }) {
      if (!head) return undefined;
      const open = candidates.size > 0 || blocked ? unfinished() : [[0, undefined] as const];
      if (open.length === 0) return [];
      const endings = open.map(([index, standing]) => ({
        content: { parts: [{ text: standing?.spoke ? concludingGap + text : text }], role: 'model' },
        finishReason: standing?.called ? 'MAX_TOKENS' : 'STOP',
        index,
      }));
      const body = { candidates: endings, ...(usage && { usageMetadata: encodeUsage(usage) }), ...head };
      return [{ data: JSON.stringify(body) }];
    },
  };
}

function chunkIn(data: string): JsonObject | undefined {
  const parsed = tryParseJson(data);
  return object(isArray(parsed) ? parsed[0] : parsed);
}

function partsOf(candidate: JsonObject): readonly JsonObject[] {
  return readList(readObject(candidate, 'content') ?? {}, 'parts').filter(isObject);
}

function isSpoken(part: JsonObject): boolean {
  return Boolean(readText(part, 'text')) && part.thought !== true;
}

function named(chunk: JsonObject, name: string): Readonly<Record<string, Json>> {
  const value = read(chunk, name);
  return value === undefined ? {} : { [name]: value };
}
