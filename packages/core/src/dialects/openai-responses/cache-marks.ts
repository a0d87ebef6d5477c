import type { Conversation } from '../../conversation/conversation.ts';
import type { Message, Part } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { extraOf } from './vocabulary.ts';

/** OpenAI writes no more breakpoints than this a request (catalogue P1, section 0). */
const mostBreakpoints = 4;

/** Which marks are written: the last four that the model takes. The rest is left to OpenAI's own caching. */
export function cacheMarks(conversation: Conversation, facts: ModelFacts, report: Report): (part: Part) => boolean {
  const marked = conversation.messages.flatMap(markable).filter((part) => part.cache);
  const allowed = marked.filter((part) => facts.cacheBreakpoints ?? isOpenai(part));
  const written = new Set(allowed.slice(-mostBreakpoints));
  const left = marked.find((part) => !written.has(part));
  if (left)
    report({
      type: 'approximated',
      field: `${left.at ?? 'messages'}.cache_control`,
      detail: 'The mark is left out, and OpenAI caches what prefix it sees fit.',
    });
  return (part) => written.has(part);
}

/** Parts on which a mark may stand: those of the model's turns have no place for one. */
function markable(message: Message): readonly Part[] {
  if (message.role === 'tool') return message.results.flatMap((result) => result.content);
  return message.role === 'assistant' ? [] : message.parts;
}

/** Asked for in OpenAI's own words, so the caller knows the model to take it. */
function isOpenai(part: Part): boolean {
  return part.cache?.ttl === '30m' || part.cache?.ttl === '12h' || extraOf(part, '@breakpoint') === true;
}
