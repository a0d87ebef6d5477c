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
    const parts = readList(readObject(candidate, 'content') ?? {}, 'parts').filter(isObject);
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
      const parsed = tryParseJson(data);
      const chunk = object(isArray(parsed) ? parsed[0] : parsed);
      if (!chunk) return true;
      head = { ...head, ...named(chunk, 'modelVersion'), ...named(chunk, 'responseId') };
      blocked ||= readText(readObject(chunk, 'promptFeedback') ?? {}, 'blockReason') !== undefined;
      for (const candidate of readList(chunk, 'candidates')) if (isObject(candidate)) followCandidate(candidate);
      return true;
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

function isSpoken(part: JsonObject): boolean {
  return Boolean(readText(part, 'text')) && part.thought !== true;
}

function named(chunk: JsonObject, name: string): Readonly<Record<string, Json>> {
  const value = read(chunk, name);
  return value === undefined ? {} : { [name]: value };
}
