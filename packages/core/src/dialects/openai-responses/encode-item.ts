import type { MediaPart, Part, Seal } from '../../conversation/message.ts';
import { carrySeal, type Attachment } from '../../conversation/seal.ts';
import { object, text, type Json, type JsonObject } from '../../json.ts';
import type { ToolCallStart } from '../../conversation/event.ts';
import { reasoningMembers } from './encode-input.ts';
import { dialectName, extraMembers, extraOf } from './vocabulary.ts';
import type { ItemStatus, OutputMessage, WebSearchCall } from './wire.ts';

/** Output items, whole, as `output_item.done` and the response carry them. */

export function messageItem(
  id: string,
  content: readonly Json[],
  status: ItemStatus,
  extras: JsonObject = {},
): OutputMessage {
  return { id, type: 'message', status, role: 'assistant', content, ...extras };
}

/** What ends a reasoning item, apart from its text. */
interface ReasoningTail {
  readonly seal?: Seal;
  readonly redacted?: boolean;
  readonly extras?: NonNullable<Part['extras']>;
}

/** A seal of any vendor travels as encrypted content (Z7). */
export function reasoningItem(id: string, written: string, tail: ReasoningTail): JsonObject {
  return {
    id,
    type: 'reasoning',
    ...reasoningMembers(written, tail),
    ...(tail.seal && { encrypted_content: carrySeal(tail.seal, dialectName, tail.redacted ? 'redacted' : undefined) }),
  };
}

/** A reasoning item that says nothing and brings the seal of the call behind it, or of the text before it, through. */
export function carrierItem(id: string, seal: Seal, attachment: Attachment): JsonObject {
  return { id, type: 'reasoning', summary: [], encrypted_content: carrySeal(seal, dialectName, attachment) };
}

export function callItem(id: string, call: ToolCallStart, written: string, status: ItemStatus): JsonObject {
  const custom = call.kind === 'custom';
  return {
    id,
    type: custom ? 'custom_tool_call' : 'function_call',
    status,
    call_id: call.id,
    name: call.name,
    ...(call.namespace !== undefined && { namespace: call.namespace }),
    ...(custom ? { input: written } : { arguments: written }),
    ...extraMembers(call),
  };
}

export function searchItem(
  id: string,
  query: string,
  status: 'in_progress' | 'completed' | 'failed',
  sources: readonly { readonly url: string }[],
): WebSearchCall {
  return {
    id,
    type: 'web_search_call',
    status,
    action: {
      type: 'search',
      query,
      queries: [query],
      ...(sources.length > 0 && { sources: sources.map(({ url }) => ({ type: 'url', url })) }),
    },
  };
}

/** Undefined for what is no image in base64. */
export function imageItem(newId: () => string, part: MediaPart): JsonObject | undefined {
  if (part.kind !== 'image' || part.source.type !== 'base64') return undefined;
  const rest = object(extraOf(part, '@image'));
  const format = part.source.mediaType.replace(/^image\//, '').replace(/\+xml$/, '');
  return {
    id: newId(),
    type: 'image_generation_call',
    status: 'completed',
    output_format: format,
    ...rest,
    result: part.source.data,
  };
}

/** The SDK types spoken output (ResponseOutputAudio) though no message of its types holds it. */
export function audioContent(part: MediaPart): JsonObject | undefined {
  if (part.kind !== 'audio' || part.source.type !== 'base64') return undefined;
  return { type: 'output_audio', data: part.source.data, transcript: '', ...extraMembers(part) };
}

/** A native item under its own id, or a fresh one where it has none. */
export function nativeOutputItem(value: JsonObject, newId: () => string): JsonObject {
  return text(value.id) === undefined ? { ...value, id: newId() } : value;
}
