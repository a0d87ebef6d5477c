import type { Message, Part, ToolResult } from '../../conversation/message.ts';
import { list, object, text, type JsonObject } from '../../json.ts';
import {
  breakpoint,
  contentExtras,
  encodeContent,
  encodeOutputTextPart,
  itemExtras,
  type PartContext,
} from './parts.ts';
import { dialectName, extraMembers, extraOf } from './vocabulary.ts';
import type { CustomCall, FunctionCall } from './wire.ts';

export interface InputContext extends PartContext {
  /** Only its seals may be sent: others would be refused (Z8). */
  readonly signer: string;
  /** An id for a message in list form, which the types want one on; a text in string form goes without. */
  nextMessageId(): string;
}

/** The turns as a flat list of items. */
export function encodeMessage(message: Message, context: InputContext): readonly JsonObject[] {
  switch (message.role) {
    case 'system':
      return withContent({ type: 'message', role: message.authority }, message.parts, message, context);
    case 'user':
      if (message.name !== undefined)
        context.report({
          type: 'dropped',
          field: `${message.at ?? 'messages'}.name`,
          detail: 'Messages of OpenAI Responses carry no name.',
        });
      if (message.parts.length > 0 && message.parts.every(isItem))
        return message.parts.flatMap((part) => (part.type === 'native' ? [part.value] : []));
      return withContent({ type: 'message', role: 'user' }, message.parts, message, context);
    case 'tool':
      return message.results.map((result) => encodeResult(result, context));
    case 'assistant':
      return encodeAssistant(message.parts, context);
  }
}

function isItem(part: Part): boolean {
  return part.type === 'native' && part.dialect === dialectName && extraOf(part, '@content') !== true;
}

function withContent(
  head: JsonObject,
  parts: readonly Part[],
  message: Message,
  context: InputContext,
): readonly JsonObject[] {
  const content = encodeContent(parts, context);
  return content.length === 0 ? [] : [{ ...head, content, ...extraMembers(message) }];
}

/** A plain text goes as a string, anything else as a list (M3). */
function encodeResult(result: ToolResult, context: InputContext): JsonObject {
  if (result.failed)
    context.report({
      type: 'approximated',
      field: `${result.at ?? 'tool result'}.is_error`,
      detail: 'OpenAI has no mark for a failed tool; the text alone tells of it.',
    });
  const content = withMark(encodeContent(result.content, context), breakpoint(result, context));
  const [first] = content;
  const plain = content.length === 1 && first?.type === 'input_text' && Object.keys(first).length === 2;
  const output = content.length === 0 ? '' : plain ? (text(first.text) ?? '') : content;
  return {
    type: result.kind === 'custom' ? 'custom_tool_call_output' : 'function_call_output',
    call_id: result.callId,
    ...(result.name !== undefined && result.kind === 'function' && { name: result.name }),
    output,
    ...extraMembers(result),
  };
}

/** A result that is marked as a whole is marked on its last part. */
function withMark(content: readonly JsonObject[], mark: JsonObject): readonly JsonObject[] {
  const last = content.at(-1);
  return last && Object.keys(mark).length > 0 ? [...content.slice(0, -1), { ...last, ...mark }] : content;
}

/** Reasoning carries no id: none is stored, and OpenAI looks up one it is given, or finds the seal to belong to another (Z8). */
function encodeAssistant(parts: readonly Part[], context: InputContext): readonly JsonObject[] {
  return parts.map((part) => assistantItem(part, context)).filter((item) => item !== undefined);
}

/** A plain text goes as a string: the list form is typed with the id of a stored message. */
function assistantText(part: Extract<Part, { type: 'text' }>, context: InputContext): JsonObject {
  const content = encodeOutputTextPart(part);
  const plain = Object.keys(contentExtras(part)).length === 0 && !part.citations;
  if (!plain) return assistantList(content, part, context);
  return { type: 'message', role: 'assistant', content: part.text, ...itemExtras(part) };
}

function assistantList(content: JsonObject, part: Part, context: InputContext): JsonObject {
  const id = context.nextMessageId();
  return { type: 'message', id, status: 'completed', role: 'assistant', content: [content], ...itemExtras(part) };
}

function assistantItem(part: Part, context: InputContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return assistantText(part, context);
    case 'refusal':
      return assistantList({ type: 'refusal', refusal: part.text, ...contentExtras(part) }, part, context);
    case 'reasoning':
      return encodeReasoning(part, context);
    case 'tool-call':
      return encodeCall(part);
    case 'native':
      if (isItem(part)) return part.value;
      if (part.dialect !== dialectName) break;
      return assistantList(part.value, part, context);
    case 'server-tool-call':
      if (part.native?.dialect === dialectName) return object(part.native.value);
      break;
    case 'server-tool-result':
      // One web_search_call item says both, and its call has been written.
      if (part.native?.dialect === dialectName) return undefined;
      break;
    case 'media': {
      const rest = object(extraOf(part, '@image'));
      if (rest && part.source.type === 'base64')
        return { type: 'image_generation_call', ...rest, result: part.source.data };
      break;
    }
  }
  context.report({
    type: 'dropped',
    field: part.at ?? part.type,
    detail: `OpenAI Responses takes no ${part.type} of another vendor's in a turn of the model.`,
  });
  return undefined;
}

function encodeReasoning(part: Extract<Part, { type: 'reasoning' }>, context: InputContext): JsonObject | undefined {
  const item = reasoningMembers(part.text, part);
  if (part.seal?.issuer === context.signer) return { type: 'reasoning', ...item, encrypted_content: part.seal.value };
  // Open reasoning of a model that seals nothing needs no proof: it is its own content (gpt-oss).
  if (!part.seal && item.content !== undefined) return { type: 'reasoning', ...item };
  // An id nobody stored, or another vendor's reasoning: OpenAI would refuse the request for it (Z8).
  context.report({
    type: 'dropped',
    field: part.at ?? 'reasoning',
    detail: 'Only reasoning that this upstream sealed itself can be given back to it.',
  });
  return undefined;
}

/** `summary` is required even when empty (R9), and is so where the text is that of the open reasoning itself. */
export function reasoningMembers(written: string, from: Pick<Part, 'extras'>): JsonObject {
  const open = list(extraOf(from, '@open'));
  const isOpen = open.length > 0 && open.map((section) => text(object(section)?.text) ?? '').join('\n\n') === written;
  return {
    summary: written === '' || isOpen ? [] : [{ type: 'summary_text', text: written }],
    ...(open.length > 0 && { content: open }),
    ...extraMembers(from),
  };
}

function encodeCall(part: Extract<Part, { type: 'tool-call' }>): FunctionCall | CustomCall {
  const named = {
    call_id: part.id,
    name: part.name,
    ...(part.namespace !== undefined && { namespace: part.namespace }),
  };
  const members = extraMembers(part);
  if (part.kind === 'custom') return { type: 'custom_tool_call', ...named, input: part.arguments, ...members };
  return { type: 'function_call', ...named, arguments: part.arguments, ...members };
}
