import type { Conversation } from '../conversation/conversation.ts';
import type { Part } from '../conversation/message.ts';
import type { Reply } from '../conversation/reply.ts';
import { tryParseJson } from '../json.ts';

/** Something a person would miss: what it is, and where it stood. */
export interface Item {
  readonly what: string;
  readonly at: string;
}

/** What every translation of a conversation must keep or confess to have lost. */
export function essenceOf(conversation: Conversation): readonly Item[] {
  const items: Item[] = [];
  for (const message of conversation.messages) {
    const at = message.at ?? '';
    if (message.role === 'tool') {
      for (const result of message.results)
        for (const part of result.content) items.push(...partItems(part, part.at ?? result.at ?? at, 'result'));
      continue;
    }
    // System text may be folded into other places; what counts is that it is still said.
    for (const part of message.parts)
      items.push(...partItems(part, part.at ?? at, message.role === 'assistant' ? 'model' : 'said'));
  }
  for (const tool of conversation.tools)
    if (tool.type === 'function') items.push({ what: `tool ${tool.name}`, at: tool.at ?? 'tools' });
  return items;
}

/** What every translation of a reply must keep: all that was said, as one text without white space, and every call. */
export function replyEssence(reply: Reply): { readonly said: string; readonly rest: readonly string[] } {
  const items = reply.candidates.flatMap((candidate) =>
    candidate.parts.flatMap((part) => partItems(part, '', 'model')),
  );
  const isText = ({ what }: Item) => what.startsWith('model: ');
  return {
    said: items
      .filter(isText)
      .map(({ what }) => what.slice('model: '.length))
      .join('')
      .replace(/\s+/g, ''),
    rest: items
      .filter((item) => !isText(item))
      .map(({ what }) => what)
      .sort(),
  };
}

function partItems(part: Part, at: string, who: string): readonly Item[] {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ what: `${who}: ${part.text.trim()}`, at }];
    case 'refusal':
      return [{ what: `${who}: ${part.text.trim()}`, at }];
    case 'media':
      // A text document may be said as text; every dialect can.
      if (part.source.type === 'text') return [{ what: `${who}: ${part.source.text.trim()}`, at }];
      return [{ what: `${who} ${part.kind}`, at }];
    case 'tool-call':
      return [{ what: `call ${part.name} ${canonical(part.arguments)}`, at }];
    default:
      return [];
  }
}

function canonical(written: string): string {
  const value = tryParseJson(written);
  return value === undefined ? written : JSON.stringify(value);
}
