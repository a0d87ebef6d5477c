import type { Conversation } from '../../conversation/conversation.ts';
import type { CacheMark, Extras, Message } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { extraOf } from './vocabulary.ts';

/** A part, a tool's result or a tool. */
export interface Markable {
  readonly cache?: CacheMark;
  readonly at?: string;
  readonly extras?: Extras;
}

/** OpenAI writes no more breakpoints than this a request (catalogue P1, section 0). */
const mostBreakpoints = 4;

/**
 * Which marks are written: the last four that the model takes, on what is said to it. Tools and the model's own turns have
 * no place for one. The rest is left to OpenAI's own caching.
 */
export function cacheMarks(
  conversation: Conversation,
  facts: ModelFacts,
  report: Report,
): (marked: Markable) => boolean {
  const said = conversation.messages.flatMap(markable).filter(({ cache }) => cache);
  const written = new Set(said.filter((one) => facts.cacheBreakpoints ?? isOpenai(one)).slice(-mostBreakpoints));
  const elsewhere = conversation.messages.flatMap((message) => (message.role === 'assistant' ? message.parts : []));
  const all: readonly Markable[] = [...conversation.tools, ...elsewhere, ...said];
  const left = all.find((one) => one.cache && !written.has(one));
  if (left)
    report({
      type: 'approximated',
      field: `${left.at ?? 'messages'}.cache_control`,
      detail: 'The mark is left out, and OpenAI caches what prefix it sees fit.',
    });
  return (marked) => written.has(marked);
}

function markable(message: Message): readonly Markable[] {
  if (message.role === 'assistant') return [];
  if (message.role !== 'tool') return message.parts;
  return message.results.flatMap((result) => [...result.content, result]);
}

/** Asked for in OpenAI's own words, so the caller knows the model to take it. */
function isOpenai(marked: Markable): boolean {
  return marked.cache?.ttl === '30m' || marked.cache?.ttl === '12h' || extraOf(marked, '@breakpoint') === true;
}
