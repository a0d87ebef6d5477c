import type { Message, SystemMessage, UserMessage } from '../../conversation/message.ts';
import type { EncodeRequestContext } from '../dialect.ts';

/**
 * S1 says in place, and OpenAI takes it so. But the chat templates of most open models (Qwen, Gemma, Llama) refuse every
 * system turn that is not the first, and Claude Code sends one with nearly every request: unless the model is known to take
 * them, those in front become one, and later ones speak from within the user's turn.
 */
export function settleSystemTurns(messages: readonly Message[], context: EncodeRequestContext): readonly Message[] {
  if (context.facts.systemTurns === true) return messages;
  const out: Message[] = [];
  for (const message of messages) {
    const last = out.at(-1);
    if (message.role !== 'system' || !last) {
      out.push(message);
    } else if (last.role === 'system') {
      out[out.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
    } else {
      context.report({
        type: 'approximated',
        field: message.at ?? 'messages',
        detail: 'The target is not known to take system turns after the first; it is sent within a user turn.',
      });
      const reminder = remind(message);
      if (last.role === 'user') out[out.length - 1] = { ...last, parts: [...last.parts, ...reminder.parts] };
      else out.push(reminder);
    }
  }
  return out;
}

/** The form in which Claude Code itself sends such turns to models without them. */
function remind({ parts, at }: SystemMessage): UserMessage {
  return {
    role: 'user',
    parts: parts.map((part) =>
      part.type === 'text' ? { ...part, text: `<system-reminder>\n${part.text}\n</system-reminder>` } : part,
    ),
    ...(at !== undefined && { at }),
  };
}
