import type {
  AssistantMessage,
  Message,
  Part,
  ReasoningPart,
  Seal,
  SystemMessage,
  ToolCallPart,
  ToolMessage,
  ToolResult,
} from '../../conversation/message.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import type { JsonObject } from '../../json.ts';
import { dropPart, encodeMedia, encodeText, encodeTextContent, encodeUserContent } from './encode-content.ts';
import { gap, gapsBetweenTexts } from './joined-text.ts';
import { encodeDetail, joinReasoning } from './reasoning.ts';
import { geminiSigner, name as dialect } from './vocabulary.ts';
import type {
  AssistantTurn,
  ChatMessage,
  ContentPart,
  ExtraContent,
  SystemTurn,
  TextContent,
  ToolCall,
} from './wire.ts';

/** The turns of the request, each where it stands. */
export function encodeMessages(messages: readonly Message[], context: EncodeRequestContext): readonly ChatMessage[] {
  return messages.flatMap((message) => {
    const encoded = encodeMessage(message, context);
    // T12: of a turn that held only what Chat cannot say, nothing is left, and it has been told.
    return message.role !== 'tool' && message.parts.length > 0 ? encoded.filter((turn) => !isEmpty(turn)) : encoded;
  });
}

function encodeMessage(message: Message, context: EncodeRequestContext): readonly ChatMessage[] {
  switch (message.role) {
    case 'system':
      return [{ ...encodeSystem(message, context), ...home(message) }];
    case 'user':
      return [
        {
          role: 'user',
          content: encodeUserContent(message.parts, context),
          ...nameOf(message, context),
          ...home(message),
        },
      ];
    case 'assistant':
      return [{ ...encodeAssistant(message, context), ...home(message) }];
    case 'tool':
      return encodeResults(message, context);
  }
}

function isEmpty(turn: ChatMessage): boolean {
  const says = 'content' in turn && typeof turn.content === 'string' ? turn.content !== '' : turn.content !== undefined;
  return !says && !('tool_calls' in turn) && !('refusal' in turn) && !('audio' in turn) && turn.role !== 'tool';
}

/** S5: only OpenAI's models know the developer role. */
function encodeSystem(message: SystemMessage, context: EncodeRequestContext): SystemTurn {
  const role = message.authority === 'developer' && context.facts.developerRole === true ? 'developer' : 'system';
  const parts = message.parts.flatMap((part): readonly TextContent[] => textOf(part, context));
  // S4: several blocks are several paragraphs.
  return { role, content: encodeTextContent(parts, context, '\n\n') };
}

function textOf(part: Part, context: EncodeRequestContext): readonly TextContent[] {
  if (part.type === 'text') return [encodeText(part, context)];
  if (part.type === 'refusal') return [{ type: 'text', text: part.text }];
  if (part.type === 'media' && part.source.type === 'text') {
    const encoded = encodeMedia(part, context);
    return encoded.type === 'text' ? [encoded] : [];
  }
  return dropPart(part, context);
}

function encodeAssistant(message: AssistantMessage, context: EncodeRequestContext): AssistantTurn {
  const texts: TextContent[] = [];
  const gaps = gapsBetweenTexts(message.parts);
  const reasoning: ReasoningPart[] = [];
  const calls: ToolCallPart[] = [];
  const rest: Record<string, unknown> = {};
  for (const part of message.parts) {
    if (part.type === 'text')
      texts.push(encodeText(gaps.has(part) ? { ...part, text: gap + part.text } : part, context));
    else if (part.type === 'reasoning') reasoning.push(part);
    else if (part.type === 'tool-call') calls.push(part);
    else if (part.type === 'refusal') {
      // Strict vendors know no `refusal`; to them it is what the assistant said.
      if (context.facts.openaiMembers === true) rest.refusal = `${rest.refusal ?? ''}${part.text}`;
      else texts.push({ type: 'text', text: part.text });
    } else if (part.type === 'native' && part.dialect === dialect && part.value.type === 'audio')
      rest.audio = { id: part.value.id };
    else if (part.type === 'native' && part.dialect === dialect) texts.push(part.value as TextContent);
    else dropPart(part, context);
  }
  const written = encodeTextContent(texts, context, '');
  const content = inlineReasoning(reasoning, context) + (typeof written === 'string' ? written : '');
  // T12: null only beside tool calls.
  const none = calls.length > 0 || rest.refusal !== undefined || rest.audio !== undefined;
  return {
    role: 'assistant',
    content: typeof written === 'string' ? (content === '' && none ? null : content) : written,
    ...nameOf(message, context),
    ...rest,
    ...encodeReplayedReasoning(reasoning, calls.length > 0, message, context),
    ...(calls.length > 0 && { tool_calls: calls.map((call, index) => encodeCall(call, index, context)) }),
  };
}

/** MiniMax and its like keep their thoughts inside the content and want them back there. */
function inlineReasoning(reasoning: readonly ReasoningPart[], { facts }: EncodeRequestContext): string {
  const shown = joinReasoning(reasoning);
  if (shown === '' || facts.inlineThinkTags !== true || facts.reasoningReplay !== true) return '';
  return `<think>\n${shown}\n</think>\n\n`;
}

/**
 * Reasoning of earlier turns. Signed reasoning goes back to its signer (Z1, Z2); text goes to the vendors that take it, and
 * those that insist on it for turns with calls (Z10) get a blank for turns that others wrote.
 */
function encodeReplayedReasoning(
  reasoning: readonly ReasoningPart[],
  hasCalls: boolean,
  message: AssistantMessage,
  context: EncodeRequestContext,
): Pick<AssistantTurn, 'reasoning_content' | 'reasoning' | 'reasoning_details'> {
  const { facts, signer } = context;
  const shown = joinReasoning(reasoning);
  const field = facts.reasoningField === 'none' ? undefined : facts.reasoningField;
  const own = reasoning.filter((part) => part.seal?.issuer === signer);
  const owed = facts.reasoningReplay === true && hasCalls;
  const text = field && (shown !== '' || owed) ? { [field]: shown === '' ? noReasoning : shown } : {};
  const details = own.map((part, index) => encodeDetail(part, index, signer));
  const inline = facts.inlineThinkTags === true && facts.reasoningReplay === true;
  if (!field && own.length === 0 && shown !== '' && !inline)
    context.report({
      type: 'dropped',
      field: reasoning[0]?.at ?? message.at ?? 'messages',
      detail: 'The reasoning of an earlier turn stays behind: the target takes none back.',
    });
  return { ...text, ...(details.length > 0 && { reasoning_details: details }) };
}

/** Kimi takes an empty string for a missing one, and a blank for what it is. */
const noReasoning = ' ';

function encodeCall(call: ToolCallPart, index: number, context: EncodeRequestContext): ToolCall {
  const signature = signatureOf(call.seal, index, context);
  const extra: { readonly extra_content?: ExtraContent } =
    signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
  if (call.kind === 'custom')
    return { id: call.id, type: 'custom', custom: { name: call.name, input: call.arguments }, ...extra };
  // D7: an empty string is no JSON.
  const written = call.arguments.trim() === '' ? '{}' : call.arguments;
  return { id: call.id, type: 'function', function: { name: call.name, arguments: written }, ...extra };
}

/** Z4: Gemini behind Chat wants the first call of each step signed, and accepts this word for calls that others made. */
const unsigned = 'skip_thought_signature_validator';

function signatureOf(
  seal: Seal | undefined,
  index: number,
  { facts, signer }: EncodeRequestContext,
): string | undefined {
  if (seal && seal.issuer === signer && signer !== dialect) return seal.value;
  if (facts.thoughtSignatures !== true) return undefined;
  if (seal?.issuer === geminiSigner) return seal.value;
  return index === 0 ? unsigned : undefined;
}

/** T1, T4: all results first. M3: what text cannot hold follows in one user turn. */
function encodeResults(message: ToolMessage, context: EncodeRequestContext): readonly ChatMessage[] {
  const attachments: ContentPart[] = [];
  const turns = message.results.map((result): ChatMessage => {
    const texts: TextContent[] = [];
    for (const part of result.content) {
      if (part.type === 'media' && part.source.type !== 'text') {
        const encoded = encodeMedia(part, context);
        if (encoded.type === 'text') {
          texts.push(encoded);
          continue;
        }
        context.report({
          type: 'approximated',
          field: part.at ?? result.at ?? 'messages',
          detail: `A tool message holds text only; the ${part.kind} follows in a user message.`,
        });
        attachments.push({ type: 'text', text: `The ${part.kind} that tool call ${result.callId} returned:` }, encoded);
        texts.push({ type: 'text', text: `[${part.kind}: see the next user message]` });
      } else texts.push(...textOf(part, context));
    }
    const content = encodeTextContent(withMark(result, texts, context), context, '\n\n');
    return { role: 'tool', tool_call_id: result.callId, content: failedPrefix(result, content), ...home(result) };
  });
  return attachments.length === 0 ? turns : [...turns, { role: 'user', content: attachments }];
}

function withMark(
  result: ToolResult,
  texts: readonly TextContent[],
  context: EncodeRequestContext,
): readonly TextContent[] {
  const last = texts.at(-1);
  if (!result.cache || !last) return texts;
  return [...texts.slice(0, -1), encodeText({ text: last.text, cache: result.cache }, context)];
}

/** T13: Chat has no flag for a failed tool; the model must learn it from the text. */
function failedPrefix(result: ToolResult, content: string | readonly TextContent[]): string | readonly TextContent[] {
  if (!result.failed) return content;
  if (typeof content !== 'string') return [{ type: 'text', text: 'Error:' }, ...content];
  return /^\W*error/i.test(content) ? content : `Error: ${content}`.trim();
}

function nameOf(
  { name: own, at }: { readonly name?: string; readonly at?: string },
  { facts, report }: EncodeRequestContext,
): { readonly name?: string } {
  if (own === undefined) return {};
  if (facts.messageNames !== false) return { name: own };
  report({
    type: 'dropped',
    field: at === undefined ? 'messages' : `${at}.name`,
    detail: 'The target takes no names.',
  });
  return {};
}

function home(piece: { readonly extras?: Readonly<Record<string, JsonObject>> }): JsonObject {
  return piece.extras?.[dialect] ?? {};
}
