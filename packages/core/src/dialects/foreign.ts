import type { Conversation } from '../conversation/conversation.ts';
import type { Extras, Part } from '../conversation/message.ts';
import type { Report } from '../conversation/notice.ts';
import type { JsonObject } from '../json.ts';

/**
 * Reports every extra that another dialect left in the conversation and that `dialect` therefore leaves out. Members
 * whose name begins with `#` are a dialect's own bookkeeping – how something was written, where its meaning is in the
 * hub already – and losing them loses nothing.
 */
export function reportForeignExtras(conversation: Conversation, dialect: string, report: Report): void {
  const look = (extras: Extras | undefined, at: string | undefined): void => {
    if (!extras) return;
    for (const owner in extras) {
      if (owner === dialect) continue;
      for (const member in extras[owner]) {
        if (member.startsWith('#')) continue;
        const field = at === undefined ? member : `${at}.${member}`;
        report({ type: 'dropped', field, detail: `Only ${owner} has ${member}; ${dialect} has nothing like it.` });
      }
    }
  };
  const lookAtParts = (parts: readonly Part[]): void => {
    for (const part of parts) look(part.extras, part.at);
  };

  look(conversation.extras, undefined);
  for (const tool of conversation.tools) look(tool.extras, tool.at);
  for (const message of conversation.messages) {
    look(message.extras, message.at);
    if (message.role !== 'tool') {
      lookAtParts(message.parts);
      continue;
    }
    for (const result of message.results) {
      look(result.extras, result.at);
      lookAtParts(result.content);
    }
  }
}

/** The extras that `dialect` left, without its bookkeeping: what its encoder writes back as it was. */
export function ownExtras(extras: Extras | undefined, dialect: string): JsonObject {
  const own = extras?.[dialect];
  if (!own) return {};
  return Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('#')));
}
