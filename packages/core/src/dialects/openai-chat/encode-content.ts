import { Failure } from '../../conversation/failure.ts';
import type { CacheMark, MediaPart, Part } from '../../conversation/message.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import { breakpointTtls, inputAudioFormats, name as dialect } from './vocabulary.ts';
import type { CacheBreakpoint, ContentPart, TextContent } from './wire.ts';

/** A user's content: one plain text is a string, so that a client's two spellings give the same bytes (P3). */
export function encodeUserContent(
  parts: readonly Part[],
  context: EncodeRequestContext,
): string | readonly ContentPart[] {
  const content = parts.flatMap((part) => encodeUserPart(part, context));
  return content.every((part) => part.type === 'text') ? encodeTextContent(content, context, '\n\n') : content;
}

/** Content where the wire has text alone. Vendors that refuse lists there get one string. */
export function encodeTextContent(
  parts: readonly TextContent[],
  context: EncodeRequestContext,
  separator: string,
): string | readonly TextContent[] {
  const marked = parts.some((part) => part.prompt_cache_breakpoint !== undefined);
  if (marked || (parts.length > 1 && context.facts.contentLists === true)) return parts;
  return parts.map((part) => part.text).join(separator);
}

export function encodeText(
  part: { readonly text: string; readonly cache?: CacheMark },
  context: EncodeRequestContext,
): TextContent {
  return { type: 'text', text: part.text, ...breakpoint(part.cache, context) };
}

/** A part that only another dialect can express; it is told, not sent. */
export function dropPart(part: Part, context: EncodeRequestContext, detail?: string): readonly [] {
  const what = part.type === 'native' ? `A part that only ${part.dialect} knows` : `A ${part.type} part`;
  context.report({
    type: 'dropped',
    field: part.at ?? 'messages',
    detail: detail ?? `${what} has no place in a Chat Completions message.`,
  });
  return [];
}

function encodeUserPart(part: Part, context: EncodeRequestContext): readonly ContentPart[] {
  switch (part.type) {
    case 'text':
      return [encodeText(part, context)];
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'media':
      return [encodeMedia(part, context)];
    case 'native':
      // What a Chat client wrote itself is the truth about its own wire.
      return part.dialect === dialect ? [part.value as ContentPart] : dropPart(part, context);
    case 'reasoning':
    case 'tool-call':
    case 'server-tool-call':
    case 'server-tool-result':
      return dropPart(part, context);
  }
}

/** @throws Failure when the wire has no form for it: silence about an attachment would be worse (M2, M5, M6). */
export function encodeMedia(part: MediaPart, context: EncodeRequestContext): ContentPart {
  const { facts, report } = context;
  const unseen =
    (part.kind === 'image' && facts.images === false) || (part.kind === 'document' && facts.documents === false);
  if (part.source.type === 'text')
    return encodeText({ text: textDocument(part), ...(part.cache && { cache: part.cache }) }, context);
  if (unseen) {
    const field = part.at ?? 'messages';
    report({ type: 'dropped', field, detail: `The model reads no ${part.kind}s; a note says that there was one.` });
    return { type: 'text', text: `[${part.kind} left out: this model cannot read it]` };
  }
  const mark = breakpoint(part.cache, context);
  switch (part.kind) {
    case 'image':
      return {
        type: 'image_url',
        image_url: { url: urlOf(part), ...(part.detail && { detail: part.detail }) },
        ...mark,
      };
    case 'audio':
      return { type: 'input_audio', input_audio: audioOf(part), ...mark };
    case 'document':
      return { type: 'file', file: fileOf(part), ...mark };
    case 'video':
      if (facts.openaiMembers === true)
        throw refused(part, 'OpenAI models take no video. Send frames as images, or ask another model.');
      return { type: 'video_url', video_url: { url: urlOf(part) } };
  }
}

/** M4: a text document is text. Its title and context stay with it. */
function textDocument(part: MediaPart): string {
  const head = [part.name, part.context].filter((line) => line !== undefined && line !== '').join('\n');
  const body = part.source.type === 'text' ? part.source.text : '';
  return head === '' ? body : `${head}\n\n${body}`;
}

function urlOf(part: MediaPart): string {
  const { source } = part;
  if (source.type === 'url') return source.url;
  if (source.type === 'base64') return `data:${source.mediaType};base64,${source.data}`;
  throw refused(part, `Chat Completions takes no file id for ${part.kind}s. Send it as base64 or as a URL.`);
}

function audioOf(part: MediaPart): { data: string; format: 'wav' | 'mp3' } {
  if (part.source.type !== 'base64') throw refused(part, 'Chat Completions takes audio as base64 only.');
  const format = inputAudioFormats[part.source.mediaType];
  if (!format) throw refused(part, `Chat Completions takes wav and mp3 audio, not ${part.source.mediaType}.`);
  return { data: part.source.data, format };
}

function fileOf(part: MediaPart): { file_data?: string; file_id?: string; filename?: string } {
  const { source } = part;
  const named = part.name === undefined ? {} : { filename: part.name };
  if (source.type === 'base64') {
    // OpenAI wants a name beside the data; without one it answers 400.
    const filename = part.name ?? `document.${extensionOf(source.mediaType)}`;
    return { file_data: `data:${source.mediaType};base64,${source.data}`, filename };
  }
  // OpenAI's two dialects share its file store.
  if (source.type === 'file' && (source.dialect === dialect || source.dialect === 'openai-responses'))
    return { file_id: source.id, ...named };
  if (source.type === 'file')
    throw refused(part, `A file id of ${source.dialect} means nothing to another vendor. Send the file as base64.`);
  throw refused(part, 'Chat Completions takes no document by URL. Send it as base64.');
}

function extensionOf(mediaType: string): string {
  if (mediaType === 'application/pdf') return 'pdf';
  return mediaType === 'text/plain' ? 'txt' : (mediaType.split('/')[1] ?? 'bin').replace(/[^a-z0-9]/g, '');
}

function refused(part: MediaPart, message: string): Failure {
  return new Failure('bad-request', message, part.at === undefined ? {} : { field: part.at });
}

/** P2: OpenAI keeps marks since gpt-5.6; others answer 400 to them. */
function breakpoint(
  cache: CacheMark | undefined,
  context: EncodeRequestContext,
): { readonly prompt_cache_breakpoint?: CacheBreakpoint } {
  if (!cache || context.facts.cacheBreakpoints !== true || context.facts.openaiMembers !== true) return {};
  return { prompt_cache_breakpoint: { mode: 'explicit', ...(cache.ttl && { ttl: breakpointTtls[cache.ttl] }) } };
}
