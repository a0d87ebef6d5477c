import { attachSeals, readSeal, type Attachment } from '../../conversation/seal.ts';
import type { Failure } from '../../conversation/failure.ts';
import type { CacheMark, Citation, MediaPart, MediaSource, Part, Seal } from '../../conversation/message.ts';
import { boolean, isArray, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { mediaOfText } from './media-text.ts';
import { isForeignSearch } from './search-id.ts';
import { dialect, extrasOf, leftover } from './vocabulary.ts';

/** How content is read: from a caller, whose seals may be envelopes, or from an upstream, whose seals are its own. */
export interface BlockReader {
  /** The issuer of an upstream's seals; absent when a caller's content is read. */
  readonly signer?: string;
  /** The content is an earlier reply, in which media may have been written as Markdown (media-text.ts). */
  readonly replied?: boolean;
  fault(message: string, field: string): Failure;
}

/** Content blocks as parts. `at` is where the content stood in the caller's request; absent in replies. */
export function decodeContent(content: Json | undefined, at: string | undefined, reader: BlockReader): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content, ...place(at) }];
  if (content === undefined || content === null) return [];
  if (!isArray(content))
    throw reader.fault(`"${at ?? 'content'}" must be a string or a list of blocks.`, at ?? 'content');
  return decodeBlocks(
    content.map((block, index) => ({ block, at: at === undefined ? undefined : `${at}[${index}]` })),
    reader,
  );
}

export interface PlacedBlock {
  readonly block: Json;
  readonly at: string | undefined;
}

/** The same for blocks picked from a list. Carriers of foreign seals are put back onto what they belong to. */
export function decodeBlocks(blocks: readonly PlacedBlock[], reader: BlockReader): readonly Part[] {
  const carried = new Map<Part, Attachment>();
  const parts = blocks.map(({ block, at }) => {
    if (!isObject(block) || typeof block.type !== 'string')
      throw reader.fault(`"${at ?? 'content'}" must be an object with a "type".`, at ?? 'content');
    const { part, attachment } = decodeBlock(block, at, reader);
    if (attachment) carried.set(part, attachment);
    return part;
  });
  return attachSeals(parts, carried);
}

interface Decoded {
  readonly part: Part;
  readonly attachment?: Attachment | undefined;
}

function decodeBlock(block: JsonObject, at: string | undefined, reader: BlockReader): Decoded {
  switch (block.type) {
    case 'text':
      return { part: (reader.replied && mediaOfText(text(block.text) ?? '', at)) || textPart(block, at, reader) };
    case 'image':
    case 'document':
      return { part: mediaPart(block, at) ?? nativePart(block, at) };
    case 'thinking':
    case 'redacted_thinking':
      return reasoningPart(block, at, reader);
    case 'tool_use':
      return { part: toolCallPart(block, at, reader) };
    case 'server_tool_use':
      return { part: block.name === 'web_search' ? searchCall(block, at) : nativePart(block, at) };
    case 'web_search_tool_result':
      return { part: searchResult(block, at) };
    case 'tool_reference':
    case 'search_result':
      return { part: renderedPart(block, at) };
    default:
      return { part: nativePart(block, at) };
  }
}

export function place(at: string | undefined): { readonly at?: string } {
  return at === undefined ? {} : { at };
}

export function cacheOf(value: Json | undefined): { readonly cache?: CacheMark } {
  const control = object(value);
  if (!control) return {};
  return { cache: control.ttl === '5m' || control.ttl === '1h' ? { ttl: control.ttl } : {} };
}

function textPart(block: JsonObject, at: string | undefined, reader: BlockReader): Part {
  if (typeof block.text !== 'string')
    throw reader.fault(`"${at ?? 'text'}.text" must be a string.`, `${at ?? 'text'}.text`);
  const citations = list(block.citations).flatMap((citation) => (isObject(citation) ? [decodeCitation(citation)] : []));
  return {
    type: 'text',
    text: block.text,
    ...(citations.length > 0 && { citations }),
    ...place(at),
    ...cacheOf(block.cache_control),
    ...extrasOf(leftover(block, ['type', 'text', 'citations', 'cache_control'])),
  };
}

/** Only a web page can be cited in other dialects too; places in documents and search results mean nothing there (W2). */
export function decodeCitation(citation: JsonObject): Citation {
  const { url, title, cited_text: quote, encrypted_index: index } = citation;
  if (citation.type !== 'web_search_result_location' || typeof url !== 'string')
    return { type: 'native', dialect, value: citation };
  return {
    type: 'url',
    url,
    ...(typeof title === 'string' && { title }),
    ...(typeof quote === 'string' && { quote }),
    ...extrasOf(typeof index === 'string' && index !== '' ? { '@encrypted_index': index } : undefined),
  };
}

function mediaPart(block: JsonObject, at: string | undefined): MediaPart | undefined {
  const source = object(block.source);
  const read = source && mediaSource(source);
  if (!read) return undefined;
  const { title, context } = block;
  const known = ['type', 'source', 'cache_control', 'title', 'context', 'citations'];
  const rest = { ...leftover(block, known), ...(read.kept && { '@source': read.kept }) };
  const citable = boolean(object(block.citations)?.enabled);
  return {
    type: 'media',
    kind: block.type === 'image' ? 'image' : 'document',
    source: read.source,
    ...(typeof title === 'string' && { name: title }),
    ...(typeof context === 'string' && { context }),
    ...(citable !== undefined && { citable }),
    ...place(at),
    ...cacheOf(block.cache_control),
    ...extrasOf(leftover(rest, [])),
  };
}

/** `kept` is the source as it was written where the hub's form says less. */
function mediaSource(source: JsonObject): { source: MediaSource; kept?: JsonObject } | undefined {
  const { type, media_type: declared, data, url, file_id: id } = source;
  const mediaType = typeof declared === 'string' ? normalMediaType(declared) : undefined;
  if (type === 'base64' && typeof data === 'string' && mediaType !== undefined)
    return { source: { type: 'base64', mediaType, data } };
  if (type === 'text' && typeof data === 'string')
    return { source: { type: 'text', mediaType: mediaType ?? 'text/plain', text: data } };
  if (type === 'url' && typeof url === 'string') return { source: { type: 'url', url } };
  if (type === 'file' && typeof id === 'string') return { source: { type: 'file', dialect, id } };
  const written = type === 'content' ? plainText(source.content) : undefined;
  if (written === undefined) return undefined;
  return { source: { type: 'text', mediaType: 'text/plain', text: written }, kept: source };
}

function normalMediaType(mediaType: string): string {
  const lower = mediaType.toLowerCase();
  return lower === 'image/jpg' ? 'image/jpeg' : lower;
}

/** The text of content that is nothing but text. */
function plainText(content: Json | undefined): string | undefined {
  if (typeof content === 'string') return content;
  if (!isArray(content)) return undefined;
  const texts = content.map((block) => (object(block)?.type === 'text' ? text(object(block)?.text) : undefined));
  return texts.every((piece) => piece !== undefined) ? texts.join('\n\n') : undefined;
}

function reasoningPart(block: JsonObject, at: string | undefined, reader: BlockReader): Decoded {
  const redacted = block.type === 'redacted_thinking';
  const field = text(redacted ? block.data : block.signature) ?? '';
  // An unsigned block is thinking nobody vouches for: kept as text, never as proof (Z1).
  const envelope = field === '' ? undefined : readEnvelope(field, reader);
  const hidden = redacted || envelope?.attachment === 'redacted';
  const part: Part = {
    type: 'reasoning',
    text: redacted ? '' : (text(block.thinking) ?? ''),
    ...(envelope && { seal: envelope.seal }),
    ...(hidden && { redacted: true }),
    ...place(at),
  };
  return { part, attachment: envelope?.attachment };
}

function readEnvelope(field: string, reader: BlockReader): { seal: Seal; attachment?: Attachment } {
  return reader.signer === undefined ? readSeal(field, dialect) : { seal: { issuer: reader.signer, value: field } };
}

function toolCallPart(block: JsonObject, at: string | undefined, reader: BlockReader): Part {
  const { id, name } = block;
  if (typeof name !== 'string')
    throw reader.fault(`"${at ?? 'tool_use'}.name" must be a string.`, `${at ?? 'tool_use'}.name`);
  return {
    type: 'tool-call',
    id: text(id) ?? '',
    name,
    kind: 'function',
    arguments: argumentsOf(block.input),
    ...place(at),
    ...cacheOf(block.cache_control),
    ...callExtras(block),
  };
}

/** That the model itself called goes without saying; only a call by another tool is worth keeping. */
export function callExtras(block: JsonObject): ReturnType<typeof extrasOf> {
  const caller = object(block.caller)?.type === 'direct' ? ['caller'] : [];
  return extrasOf(leftover(block, ['type', 'id', 'name', 'input', 'cache_control', ...caller]));
}

/** T9: null and absent are an empty object; text is taken as the JSON some clients write there. */
function argumentsOf(input: Json | undefined): string {
  if (input === undefined || input === null || input === '') return '{}';
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function searchCall(block: JsonObject, at: string | undefined): Part {
  const { cache_control: control, ...value } = block;
  return {
    type: 'server-tool-call',
    id: text(block.id) ?? '',
    name: 'web_search',
    query: text(object(block.input)?.query) ?? '',
    ...(!isForeignSearch(text(block.id) ?? '') && { native: { dialect, value } }),
    ...place(at),
    ...cacheOf(control),
  };
}

function searchResult(block: JsonObject, at: string | undefined): Part {
  const { cache_control: control, ...value } = block;
  const error = text(object(block.content)?.error_code);
  return {
    type: 'server-tool-result',
    callId: text(block.tool_use_id) ?? '',
    name: 'web_search',
    results: list(block.content).flatMap((result) => {
      const url = text(object(result)?.url);
      const title = text(object(result)?.title);
      return url === undefined ? [] : [{ url, ...(title !== undefined && { title }) }];
    }),
    ...(error !== undefined && { error }),
    ...(!isForeignSearch(text(block.tool_use_id) ?? '') && { native: { dialect, value } }),
    ...place(at),
    ...cacheOf(control),
  };
}

/** What others can only read as text (W4, search results) goes to them as text, and home as it was. */
function renderedPart(block: JsonObject, at: string | undefined): Part {
  const { cache_control: control, ...value } = block;
  return {
    type: 'text',
    text: block.type === 'tool_reference' ? `Loaded tool ${text(block.tool_name) ?? ''}.` : searchText(block),
    ...place(at),
    ...cacheOf(control),
    ...extrasOf({ '@block': value }),
  };
}

function searchText(block: JsonObject): string {
  const head = [text(block.title), text(block.source)].filter((line) => line !== undefined && line !== '').join('\n');
  return [head, plainText(block.content)].filter((piece) => piece !== undefined && piece !== '').join('\n\n');
}

function nativePart(block: JsonObject, at: string | undefined): Part {
  const { cache_control: control, ...value } = block;
  return { type: 'native', dialect, value, ...place(at), ...cacheOf(control) };
}
