import type { Conversation } from '../conversation/conversation.ts';
import type { Citation, Extras, Message, Part } from '../conversation/message.ts';
import type { Report } from '../conversation/notice.ts';
import type { JsonObject } from '../json.ts';

/**
 * Reports every extra that another dialect left in the conversation, as this one cannot send it. Members that are null ask
 * for nothing, and members whose name begins with `@` are the dialect's own bookkeeping: neither is a loss.
 */
export function reportForeignExtras(conversation: Conversation, dialect: string, report: Report): void {
  const drop = (extras: Extras | undefined, at: string) => {
    for (const owner in extras) {
      const members = extras[owner];
      if (owner === dialect || members === undefined) continue;
      for (const name of foreignNames(members))
        report({
          type: 'dropped',
          field: at === '' ? name : `${at}.${name}`,
          detail: `Only ${owner} knows this member; ${dialect} has nothing like it.`,
        });
    }
  };
  drop(conversation.extras, '');
  for (const tool of conversation.tools) drop(tool.extras, tool.at ?? 'tools');
  for (const message of conversation.messages) {
    drop(message.extras, message.at ?? 'messages');
    for (const { extras, at } of piecesOf(message)) drop(extras, at ?? message.at ?? 'messages');
  }
}

function foreignNames(members: JsonObject): readonly string[] {
  return Object.keys(members).filter((name) => !name.startsWith('@') && members[name] !== null);
}

interface Piece {
  readonly extras?: Extras | undefined;
  readonly at?: string | undefined;
}

function piecesOf(message: Message): readonly Piece[] {
  if (message.role !== 'tool') return message.parts.flatMap(withCitations);
  return message.results.flatMap((result) => [result, ...result.content.flatMap(withCitations)]);
}

function withCitations(part: Part): readonly Piece[] {
  if (part.type !== 'text' || !part.citations) return [part];
  return [part, ...part.citations.map((citation) => ({ extras: extrasOf(citation), at: part.at }))];
}

function extrasOf(citation: Citation): Extras | undefined {
  return citation.type === 'url' ? citation.extras : undefined;
}
