import type { Conversation } from '../../conversation/conversation.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import type { Part } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import type { Reply } from '../../conversation/reply.ts';
import type { DialectLimits } from '../../dialects/dialect.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { fitCallIds } from './call-ids.ts';
import { inputUnwrapper, unwrapInput, wrapCustomTools, type InputUnwrapper } from './custom-tools.ts';
import { nameTools, renameTools, type ToolNames } from './names.ts';
import { dropEmpty, pairResults } from './turns.ts';

/** A conversation made to fit a target, and how its replies are put back into the caller's terms. */
export interface Accommodation {
  readonly conversation: Conversation;
  restoreReply(reply: Reply): Reply;
  /** A fresh machine for one stream; undefined when there is nothing to put back. */
  restoreEvents(): ((event: ReplyEvent) => readonly ReplyEvent[]) | undefined;
}

/** What every encoder may rely on: see the steps, each of which does one thing. */
export function accommodate(
  conversation: Conversation,
  limits: DialectLimits,
  facts: ModelFacts,
  report: Report,
): Accommodation {
  const names = nameTools(conversation.tools, limits);
  const wrapped = conversation.tools.some((tool) => tool.type === 'custom') || hasCustomCalls(conversation);
  const wrap = wrapped && !(limits.customTools && facts.customTools !== false);

  let fitted = { ...conversation, messages: pairResults(dropEmpty(conversation.messages), report) };
  fitted = { ...fitted, messages: fitCallIds(fitted.messages, limits, facts) };
  fitted = renameTools(fitted, names, limits);
  if (wrap) fitted = wrapCustomTools(fitted, report);

  if (!names.changed && !wrap) return { conversation: fitted, restoreReply: same, restoreEvents: () => undefined };
  return {
    conversation: fitted,
    restoreReply: (reply) => restoreReply(reply, names, wrap),
    restoreEvents: () => restoreEvents(names, wrap),
  };
}

function same<T>(value: T): T {
  return value;
}

function hasCustomCalls(conversation: Conversation): boolean {
  return conversation.messages.some(
    (message) =>
      message.role === 'assistant' && message.parts.some((part) => part.type === 'tool-call' && part.kind === 'custom'),
  );
}

function restoreReply(reply: Reply, names: ToolNames, wrapped: boolean): Reply {
  return {
    ...reply,
    candidates: reply.candidates.map((candidate) => ({
      ...candidate,
      parts: candidate.parts.map((part) => restorePart(part, names, wrapped)),
    })),
  };
}

function restorePart(part: Part, names: ToolNames, wrapped: boolean): Part {
  if (part.type !== 'tool-call') return part;
  const known = names.known(part.name, part.namespace);
  if (!known) return part;
  const unwrap = wrapped && known.kind === 'custom' && part.kind === 'function';
  return { ...part, ...known, arguments: unwrap ? unwrapInput(part.arguments) : part.arguments };
}

function restoreEvents(names: ToolNames, wrapped: boolean): (event: ReplyEvent) => readonly ReplyEvent[] {
  /** Open calls of wrapped tools, by candidate and part. */
  const unwrappers = new Map<string, InputUnwrapper>();
  const keyOf = (event: { readonly candidate?: number; readonly part: number }) =>
    `${event.candidate ?? 0}/${event.part}`;

  return (event) => {
    switch (event.type) {
      case 'tool-call-start': {
        const known = names.known(event.name, event.namespace);
        if (!known) return [event];
        if (wrapped && known.kind === 'custom' && event.kind === 'function')
          unwrappers.set(keyOf(event), inputUnwrapper());
        return [{ ...event, ...known }];
      }
      case 'tool-call-delta': {
        const unwrapper = unwrappers.get(keyOf(event));
        if (!unwrapper) return [event];
        const text = unwrapper.push(event.text);
        return text === '' ? [] : [{ ...event, text }];
      }
      case 'tool-call-end': {
        const unwrapper = unwrappers.get(keyOf(event));
        if (!unwrapper) return [event];
        unwrappers.delete(keyOf(event));
        const text = unwrapper.end();
        if (text === '') return [event];
        const { part, candidate } = event;
        return [{ type: 'tool-call-delta', part, ...(candidate !== undefined && { candidate }), text }, event];
      }
      case 'part': {
        const value = restorePart(event.value, names, wrapped);
        return value === event.value ? [event] : [{ ...event, value }];
      }
      default:
        return [event];
    }
  };
}
