import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { isObject, tryParseJson } from '../../json.ts';
import type { DecodeReplyContext, StreamDecoder } from '../dialect.ts';
import { decodeError } from './errors.ts';
import { replyReader } from './read-reply.ts';

/** Chunks to events. The end waits for `[DONE]`, because usage comes after the finish (A7). */
export function decodeStream(context: DecodeReplyContext): StreamDecoder {
  const reader = replyReader(context);
  /** Nothing after the end or a failure counts (X2). */
  let over = false;

  function last(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    over = true;
    return events;
  }

  return {
    push({ event, data }) {
      if (over) return [];
      const trimmed = data.trim();
      if (trimmed === '[DONE]') return last(reader.close(false));
      if (trimmed === '') return [];
      const body = tryParseJson(trimmed);
      if (event === 'error') return last(reader.fail(decodeError(0, body ?? data, {})));
      if (!isObject(body))
        return last(reader.fail(new Failure('bad-upstream', 'The upstream sent an event that is not a JSON object.')));
      try {
        const events = reader.take(body, false);
        return events.at(-1)?.type === 'failure' ? last(events) : events;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return last(reader.fail(error));
      }
    },
    // Tags inside the text are told apart by what came before, so there every frame counts.
    repeats: ({ type }) =>
      context.facts.inlineThinkTags ? [] : type === 'text-delta' ? ['content'] : ['reasoning_content', 'reasoning'],
    end: () => (over ? [] : last(reader.close(false))),
  };
}
