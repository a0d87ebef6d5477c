import type { Part, Seal } from '../../conversation/message.ts';
import type { Attachment, Envelope } from '../../conversation/seal.ts';
import { isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { decodeContent, decodeOutputText } from './parts.ts';
import { dialectName, otherMembers, ownExtras } from './vocabulary.ts';

/** What one item of the model's says, in a reply or in history. */
interface DecodedItem {
  readonly parts: readonly Part[];
  /** The item only carries a seal for a neighbour: see attachSeals. */
  readonly attachment?: Attachment;
}

export interface ItemContext {
  /** What `encrypted_content` holds. */
  readSeal(field: string): Envelope;
  /** A call id for a call of a reply that has none, different from all others of the conversation (D4). */
  newCallId?(): string;
  /** Where the item stands in the caller's request; absent in replies. */
  readonly at?: string;
}

/** Items that the model writes, by type. Every other one is a native part (J9, CX8). */
export function decodeItem(item: JsonObject, context: ItemContext): DecodedItem {
  switch (item.type) {
    case 'reasoning':
      return decodeReasoning(item, context);
    case 'function_call':
      return { parts: [decodeCall(item, 'function', context)] };
    case 'custom_tool_call':
      return { parts: [decodeCall(item, 'custom', context)] };
    case 'web_search_call':
      return { parts: decodeWebSearch(item, context) };
    case 'image_generation_call':
      return { parts: [decodeGeneratedImage(item, context)] };
    case 'message':
      return { parts: decodeOutputMessage(item, context) };
    default:
      return { parts: [nativeItem(item, context.at)] };
  }
}

export function nativeItem(item: JsonObject, at?: string): Part {
  return { type: 'native', dialect: dialectName, value: item, ...(at !== undefined && { at }) };
}

/** Ids and states of items are the server's bookkeeping: nothing is kept under them here (R8, Z8). */
const bookkeeping = ['type', 'id', 'status', 'created_by'];
const messageMembers = new Set([...bookkeeping, 'role', 'content', 'phase']);
const reasoningMembers = new Set([...bookkeeping, 'summary', 'content', 'encrypted_content']);
const functionMembers = new Set([...bookkeeping, 'call_id', 'name', 'namespace', 'arguments']);
const customMembers = new Set([...bookkeeping, 'call_id', 'name', 'namespace', 'input']);

/** What an assistant's message item says beside its content; kept on the first of its parts. */
export function messageExtras(item: JsonObject): JsonObject | undefined {
  const others = otherMembers(item, messageMembers);
  const phase = text(item.phase);
  if (phase === undefined && !others) return undefined;
  return { ...(phase !== undefined && { phase }), ...(others && { item: others }) };
}

function decodeOutputMessage(item: JsonObject, context: ItemContext): readonly Part[] {
  const { at } = context;
  const parts =
    at === undefined
      ? list(item.content).flatMap((part) => decodeReplyContent(part) ?? [])
      : decodeContent(item.content, `${at}.content`);
  return withMessageExtras(parts, messageExtras(item));
}

function withMessageExtras(parts: readonly Part[], extras: JsonObject | undefined): readonly Part[] {
  if (!extras) return parts;
  return parts.map((part) => ({ ...part, ...ownExtras({ ...part.extras?.[dialectName], ...extras }) }));
}

/** A content part of a reply: nothing in a reply is worth refusing it for. */
export function decodeReplyContent(part: Json): Part | undefined {
  if (!isObject(part)) return undefined;
  if (part.type === 'output_text') return decodeOutputText(part);
  if (part.type === 'refusal') return { type: 'refusal', text: text(part.refusal) ?? '' };
  if (part.type === 'output_audio' && typeof part.data === 'string') return decodeAudio(part, part.data);
  return {
    type: 'native',
    dialect: dialectName,
    value: part,
    extras: { [dialectName]: { '@content': true } },
  };
}

/** ResponseOutputAudio does not tell its format. */
function decodeAudio(part: JsonObject, data: string): Part {
  const transcript = text(part.transcript);
  return {
    type: 'media',
    kind: 'audio',
    source: { type: 'base64', mediaType: 'audio/wav', data },
    ...ownExtras(transcript ? { transcript } : undefined),
  };
}

export function decodeReasoning(item: JsonObject, context: ItemContext): DecodedItem {
  const field = text(item.encrypted_content);
  const envelope = field === undefined || field === '' ? undefined : context.readSeal(field);
  const content = list(item.content);
  const part: Part = {
    type: 'reasoning',
    text: reasoningText(item),
    ...(envelope && { seal: envelope.seal }),
    ...(envelope?.attachment === 'redacted' && { redacted: true }),
    ...(context.at !== undefined && { at: context.at }),
    ...ownExtras({ ...otherMembers(item, reasoningMembers), ...(content.length > 0 && { '@open': content }) }),
  };
  const { attachment } = envelope ?? {};
  return { parts: [part], ...(attachment && attachment !== 'redacted' && { attachment }) };
}

/** The summary, whose sections are joined by a blank line (Z15); where there is none, the open reasoning itself. */
export function reasoningText(item: JsonObject): string {
  const summary = sections(item.summary);
  return (summary.length > 0 ? summary : sections(item.content)).join('\n\n');
}

function sections(value: Json | undefined): readonly string[] {
  return list(value).flatMap((section) => text(object(section)?.text) ?? []);
}

/** `seal` is put on by whoever found a carrier before the call. */
export function decodeCall(
  item: JsonObject,
  kind: 'function' | 'custom',
  context: Pick<ItemContext, 'at' | 'newCallId'>,
  seal?: Seal,
) {
  const namespace = text(item.namespace);
  return {
    type: 'tool-call',
    id: idOfCall(item) ?? context.newCallId?.() ?? '',
    name: text(item.name) ?? '',
    ...(namespace !== undefined && { namespace }),
    kind,
    arguments: kind === 'custom' ? (text(item.input) ?? '') : argumentsOf(item.arguments),
    ...(seal && { seal }),
    ...(context.at !== undefined && { at: context.at }),
    ...ownExtras(otherMembers(item, kind === 'custom' ? customMembers : functionMembers)),
  } as const;
}

export function idOfCall(item: JsonObject): string | undefined {
  return text(item.call_id) || text(item.id) || undefined;
}

/** Arguments are JSON text; a call without any was called with an empty object (T9, D7). */
export function argumentsOf(written: Json | undefined): string {
  if (isObject(written)) return JSON.stringify(written);
  const source = text(written) ?? '';
  return source.trim() === '' || source.trim() === 'null' ? '{}' : source;
}

/** One item here is a call and its result elsewhere, and a call never stays without its result (W1). */
function decodeWebSearch(item: JsonObject, context: ItemContext): readonly Part[] {
  const action = object(item.action) ?? {};
  const id = text(item.id) ?? '';
  const common = {
    name: 'web_search',
    native: { dialect: dialectName, value: item },
    ...(context.at !== undefined && { at: context.at }),
  } as const;
  // Pages that were opened or searched are told by their address.
  const page = text(action.url);
  const query = text(action.query) ?? text(list(action.queries)[0]) ?? page ?? '';
  const sources = list(action.sources).filter(isObject);
  const results = (page === undefined ? sources : [{ url: page }]).flatMap((source: JsonObject) => {
    const url = text(source.url);
    const title = text(source.title);
    return url === undefined ? [] : [{ url, ...(title !== undefined && { title }) }];
  });
  const error = item.status === 'failed' ? { error: 'unavailable' } : {};
  return [
    { type: 'server-tool-call', id, query, ...common },
    { type: 'server-tool-result', callId: id, results, ...error, ...common },
  ];
}

function decodeGeneratedImage(item: JsonObject, context: ItemContext): Part {
  const data = text(item.result);
  if (data === undefined || data === '') return nativeItem(item, context.at);
  const { result: _, type: __, ...rest } = item;
  return {
    type: 'media',
    kind: 'image',
    source: { type: 'base64', mediaType: `image/${imageFormat(text(item.output_format))}`, data },
    ...(context.at !== undefined && { at: context.at }),
    ...ownExtras({ '@image': rest }),
  };
}

function imageFormat(format: string | undefined): string {
  if (format === undefined || !/^[a-z]+$/.test(format)) return 'png';
  return format === 'svg' ? 'svg+xml' : format;
}
