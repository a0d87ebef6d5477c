import { Failure } from '../../conversation/failure.ts';
import type {
  CacheMark,
  Citation,
  MediaPart,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResult,
} from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import { bytesOfBase64 } from '../../bytes/base64.ts';
import { isObject, object, text, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import { ownExtras } from './own-extras.ts';
import { dialect } from './vocabulary.ts';
import type { WireBlock, WireCacheControl, WireCitation, WireDocumentBlock, WireImageBlock } from './wire.ts';

export interface BlockWriter {
  readonly signer: string;
  readonly report: Report;
}

type Role = 'user' | 'assistant' | 'system' | 'result';

/** The parts of a turn as request blocks; what this wire cannot say there is reported. */
export function encodeParts(parts: readonly Part[], role: Role, writer: BlockWriter): WireBlock[] {
  return parts.flatMap((part) => {
    const block = encodePart(part, role, writer);
    return block ? [withMark(block, part.cache)] : [];
  });
}

/** A turn's content: plain text as a string, so that it is the same bytes however the caller wrote it (P3). */
export function contentOf(blocks: WireBlock[]): string | WireBlock[] {
  const [only] = blocks;
  const plain = blocks.length === 1 && only?.type === 'text' && Object.keys(only).length === 2;
  return plain ? String(only.text) : blocks;
}

export function encodeResult(result: ToolResult, writer: BlockWriter): WireBlock {
  const blocks = encodeParts(result.content, 'result', writer);
  if (blocks.length === 0 && result.structured) blocks.push({ type: 'text', text: JSON.stringify(result.structured) });
  const block: WireBlock = {
    ...ownExtras(result.extras),
    type: 'tool_result',
    tool_use_id: result.callId,
    ...(blocks.length > 0 && { content: contentOf(blocks) }),
    ...(result.failed && { is_error: true }),
  };
  return withMark(block, result.cache);
}

export function cacheControl(mark: CacheMark): WireCacheControl {
  // Two lifetimes here, others elsewhere: the one that lasts at least half an hour stands for all longer ones (P2).
  if (mark.ttl === undefined) return { type: 'ephemeral' };
  return { type: 'ephemeral', ttl: mark.ttl === '5m' ? '5m' : '1h' };
}

/** The API refuses marks on thinking and on empty text. */
function withMark(block: WireBlock, mark: CacheMark | undefined): WireBlock {
  if (!mark || block.type === 'thinking' || block.type === 'redacted_thinking') return block;
  return { ...block, cache_control: cacheControl(mark) };
}

function encodePart(part: Part, role: Role, writer: BlockWriter): WireBlock | undefined {
  switch (part.type) {
    case 'text': {
      const own = object(part.extras?.[dialect]?.['@block']);
      if (own) return own;
      // The API refuses text of white space alone, which Claude itself sometimes writes between blocks (T12).
      if (part.text.trim() === '') return undefined;
      const citations = role === 'assistant' ? encodeCitations(part.citations, part.at, writer) : [];
      return { ...ownExtras(part.extras), type: 'text', text: part.text, ...(citations.length > 0 && { citations }) };
    }
    case 'refusal':
      return part.text.trim() === '' ? undefined : { type: 'text', text: part.text };
    case 'media':
      return encodeMedia(part, role, writer);
    case 'reasoning':
      return encodeReasoning(part, writer);
    case 'tool-call':
      return encodeCall(part);
    case 'server-tool-call':
      if (part.native?.dialect === dialect && isObject(part.native.value)) return { ...part.native.value };
      writer.report(asText(part.at, 'web search'));
      return { type: 'text', text: `(Searched the web for: ${part.query})` };
    case 'server-tool-result':
      if (part.native?.dialect === dialect && isObject(part.native.value)) return { ...part.native.value };
      writer.report(asText(part.at, 'web search result'));
      return { type: 'text', text: resultText(part.results, part.error) };
    case 'native':
      if (part.dialect === dialect) return { ...part.value };
      writer.report({
        type: 'dropped',
        field: part.at ?? 'messages',
        detail: `Only ${part.dialect} knows a part of type ${JSON.stringify(part.value.type ?? null)}.`,
      });
      return undefined;
  }
}

function asText(at: string | undefined, what: string) {
  const detail = `Another vendor's ${what} was told as text.`;
  return { type: 'approximated', field: at ?? 'messages', detail } as const;
}

function resultText(
  results: readonly { readonly url: string; readonly title?: string }[],
  error: string | undefined,
): string {
  if (error !== undefined) return `(The web search failed: ${error})`;
  return [
    '(Web search results)',
    ...results.map(({ url, title }) => (title === undefined ? url : `${title}: ${url}`)),
  ].join('\n');
}

/** Only citations that came from here can be sent back: each needs the vendor's own reference (W2). */
function encodeCitations(
  citations: readonly Citation[] | undefined,
  at: string | undefined,
  writer: BlockWriter,
): WireCitation[] {
  const own = (citations ?? []).flatMap((citation): WireCitation[] => {
    if (citation.type === 'native') return citation.dialect === dialect ? [citation.value] : [];
    const index = text(citation.extras?.[dialect]?.['@encrypted_index']);
    return index === undefined ? [] : [webCitation(citation, citation.quote ?? '', index)];
  });
  if (own.length < (citations?.length ?? 0))
    writer.report({
      type: 'dropped',
      field: `${at ?? 'messages'}.citations`,
      detail: 'Citations can only be sent back to the vendor that made them.',
    });
  return own;
}

export function webCitation(citation: Extract<Citation, { type: 'url' }>, quote: string, index: string): WireCitation {
  const { url, title = null } = citation;
  return { type: 'web_search_result_location', cited_text: quote, encrypted_index: index, title, url };
}

function encodeReasoning(part: ReasoningPart, { signer, report }: BlockWriter): WireBlock | undefined {
  if (part.seal?.issuer === signer) {
    const { value } = part.seal;
    return part.redacted
      ? { type: 'redacted_thinking', data: value }
      : { type: 'thinking', thinking: part.text, signature: value };
  }
  // A seal of another vendor is meant for that vendor alone; only readable thoughts are a loss (Z1, Z2).
  if (part.text !== '')
    report({
      type: 'dropped',
      field: part.at ?? 'messages',
      detail: 'Claude takes back only thinking that it signed itself.',
    });
  return undefined;
}

function encodeCall(part: ToolCallPart): WireBlock {
  return { ...ownExtras(part.extras), type: 'tool_use', id: part.id, name: part.name, input: inputOf(part) };
}

/** T9: `input` is an object, whatever the model wrote. */
export function inputOf(part: Pick<ToolCallPart, 'kind' | 'arguments'>): JsonObject {
  if (part.kind === 'custom') return { input: part.arguments };
  if (part.arguments.trim() === '') return {};
  const input = tryParseJson(part.arguments);
  if (isObject(input)) return input;
  return input === null ? {} : { input: input === undefined ? part.arguments : input };
}

const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

function encodeMedia(part: MediaPart, role: Role, { report }: BlockWriter): WireBlock | undefined {
  const field = part.at ?? 'messages';
  if (part.kind === 'audio' || part.kind === 'video')
    throw new Failure('bad-request', `Claude does not take ${part.kind}. Leave it out, or ask a model that does.`, {
      field,
    });
  if (role === 'assistant' || role === 'system') {
    report({ type: 'dropped', field, detail: `Claude takes no ${part.kind} in ${role} turns.` });
    return undefined;
  }
  if (part.detail !== undefined && part.detail !== 'auto')
    report({ type: 'dropped', field: `${field}.detail`, detail: 'Claude decides by itself how closely to look.' });
  return part.kind === 'image' ? encodeImage(part, field) : encodeDocument(part, field);
}

function encodeImage(part: MediaPart, field: string): WireImageBlock {
  return { ...ownExtras(part.extras), type: 'image', source: imageSource(part, field) };
}

function imageSource({ source }: MediaPart, field: string): WireImageBlock['source'] {
  switch (source.type) {
    case 'base64':
      if (!imageTypes.has(source.mediaType))
        throw new Failure('bad-request', `Claude reads JPEG, PNG, GIF and WebP images, not ${source.mediaType}.`, {
          field,
        });
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: fileId(source, field) };
    case 'text':
      throw new Failure('bad-request', 'An image must be base64 data, a URL or a file.', { field });
  }
}

/** M6: a file kept by one vendor is out of reach for every other. */
function fileId(source: { readonly dialect: string; readonly id: string }, field: string): string {
  if (source.dialect === dialect) return source.id;
  throw new Failure(
    'bad-request',
    `The file ${source.id} is kept where Claude cannot read it. Send its content instead.`,
    { field },
  );
}

function encodeDocument(part: MediaPart, field: string): WireDocumentBlock {
  return {
    ...ownExtras(part.extras),
    type: 'document',
    source: documentSource(part, field),
    ...(part.name !== undefined && { title: part.name }),
    ...(part.context !== undefined && { context: part.context }),
    ...(part.citable !== undefined && { citations: { enabled: part.citable } }),
  };
}

function documentSource(part: MediaPart, field: string): WireDocumentBlock['source'] {
  const { source } = part;
  const written = object(part.extras?.[dialect]?.['@source']);
  if (written) return { type: 'content', content: contentSource(written.content) };
  switch (source.type) {
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: fileId(source, field) };
    case 'base64':
      if (source.mediaType === 'application/pdf')
        return { type: 'base64', media_type: source.mediaType, data: source.data };
      if (isText(source.mediaType))
        return { type: 'text', media_type: 'text/plain', data: decodedText(source.data, field) };
      throw new Failure('bad-request', `Claude reads PDF and text documents, not ${source.mediaType}.`, { field });
  }
}

function contentSource(content: Json | undefined): string | JsonObject[] {
  if (Array.isArray(content)) return content.filter(isObject);
  return text(content) ?? '';
}

function isText(mediaType: string): boolean {
  return /^text\/|^application\/(json|xml|yaml|javascript)\b|\+(json|xml)$/.test(mediaType);
}

function decodedText(data: string, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytesOfBase64(data));
  } catch (cause) {
    throw new Failure('bad-request', 'The document says that it is text, but is not base64 of UTF-8.', {
      field,
      cause,
    });
  }
}
