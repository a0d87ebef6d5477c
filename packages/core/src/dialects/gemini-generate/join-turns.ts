import type { AssistantMessage, Message, Part } from '../../conversation/message.ts';

/**
 * The SDK's chats keep every chunk of a streamed reply as a content of its own and send them all back. Contents of the
 * model that follow one another are one turn, and the text that was cut between them is one text. Other clients gather the
 * parts of all chunks in one content: pieces of a thought that follow each other there are one thought.
 */
export function joinTurns(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  for (const each of messages) {
    const before = joined.at(-1);
    const message = each.role === 'assistant' ? { ...each, parts: withWholeThoughts(each.parts) } : each;
    if (message.role === 'assistant' && before?.role === 'assistant') joined[joined.length - 1] = join(before, message);
    else joined.push(message);
  }
  return joined;
}

function join(before: AssistantMessage, next: AssistantMessage): AssistantMessage {
  const parts = [...before.parts];
  next.parts.forEach((part, index) => {
    const last = parts.at(-1);
    const continued = last && continuation(last, part, index === 0);
    if (continued) parts[parts.length - 1] = continued;
    else if (!isNothing(part)) parts.push(part);
  });
  return { ...next, ...before, parts };
}

function withWholeThoughts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const continued = last?.type === 'reasoning' && continuation(last, part, true);
    if (continued) joined[joined.length - 1] = continued;
    else joined.push(part);
  }
  return joined;
}

/** Both as one part: the next chunk of the same text, or a signature that came alone behind it (Z5). */
function continuation(last: Part, next: Part, first: boolean): Part | undefined {
  if (last.type === 'text' && next.type === 'text') {
    if (last.seal || last.extras || next.extras || !(first || next.text === '')) return undefined;
    return { ...last, text: last.text + next.text, ...(next.seal && { seal: next.seal }) };
  }
  if (last.type === 'reasoning' && next.type === 'reasoning') {
    if (last.seal || last.extras || next.extras || next.redacted || !(first || next.text === '')) return undefined;
    return { ...last, text: last.text + next.text, ...(next.seal && { seal: next.seal }) };
  }
  return undefined;
}

/** The empty text beside the finish reason. */
function isNothing(part: Part): boolean {
  return part.type === 'text' && part.text === '' && !part.seal && !part.extras;
}
