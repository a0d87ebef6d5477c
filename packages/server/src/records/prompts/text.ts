import {
  collect,
  type Conversation,
  type Incoming,
  type Message,
  type Part,
  type Reply,
  type ReplyEvent,
} from '@proxy/core';

/** What was asked, as one text: each turn with who spoke; of a plain completion its prompt. */
export function promptText(inbound: Incoming): string {
  if (inbound.knock.door.operation === 'complete') return plainText(inbound.top.get('prompt'));
  return inbound.decoded().conversation.messages.map(turnText).join('\n\n');
}

/** What was answered, out of the bytes that the caller got in its own dialect; those bytes as text where they are nothing of it. */
export function responseText(inbound: Incoming, body: Uint8Array, contentType: string): string {
  const written = new TextDecoder().decode(body);
  try {
    const stream = contentType.includes('event-stream') || (inbound.glance.streaming && written.startsWith('['));
    if (inbound.knock.door.operation === 'complete') return stream ? written : completionText(written);
    return stream ? streamText(inbound, body) : wholeText(inbound, written);
  } catch {
    return written;
  }
}

function turnText(message: Message): string {
  if (message.role !== 'tool') return `${message.role}: ${partsText(message.parts)}`;
  return message.results.map(({ name = '', content }) => `tool ${name}: ${partsText(content)}`).join('\n\n');
}

/** Thoughts are the model's own, and pictures no text. */
function partsText(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => {
      if (part.type === 'text' || part.type === 'refusal') return [part.text];
      if (part.type === 'tool-call') return [`${part.name}(${part.arguments})`];
      return part.type === 'media' ? ['[media]'] : [];
    })
    .join('\n');
}

function wholeText(inbound: Incoming, written: string): string {
  return replyText(inbound.dialect.decodeReply(JSON.parse(written) as never, contextOf(inbound))); // an object, or it throws
}

function streamText(inbound: Incoming, body: Uint8Array): string {
  const { dialect, knock } = inbound;
  const reader = (dialect.framingOf?.(knock) ?? dialect.framing).reader();
  const decoder = dialect.decodeStream(contextOf(inbound));
  const frames = [...reader.push(body), ...reader.end()];
  const events: readonly ReplyEvent[] = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
  try {
    return replyText(collect(events));
  } catch {
    // It broke off: what came until then.
    return events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('');
  }
}

function replyText({ candidates }: Reply): string {
  return candidates.map(({ parts }) => partsText(parts)).join('\n\n');
}

function completionText(written: string): string {
  const { choices = [] } = JSON.parse(written) as { readonly choices?: readonly { readonly text?: string }[] };
  return choices.map(({ text = '' }) => text).join('\n\n');
}

function plainText(prompt: unknown): string {
  return typeof prompt === 'string' ? prompt : JSON.stringify(prompt ?? '');
}

function contextOf(inbound: Incoming): Parameters<Incoming['dialect']['decodeStream']>[0] {
  const conversation: Conversation = inbound.decoded().conversation;
  return { facts: {}, signer: inbound.dialect.name, turn: conversation.messages.length, conversation };
}
