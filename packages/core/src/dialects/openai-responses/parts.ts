import { Failure } from '../../conversation/failure.ts';
import type { CacheMark, MediaPart, MediaSource, Part } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import { isArray, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import type { Markable } from './cache-marks.ts';
import { decodeAnnotation, encodeCitation } from './citations.ts';
import { dialectName, extraMembers, extraOf, otherMembers, ownExtras } from './vocabulary.ts';
import type { Breakpoint, InputAudio, InputContent, InputFile, InputImage, InputText } from './wire.ts';

/** Content parts of messages and of tool outputs, both ways. */

/** `content` is a string or a list of parts. @throws Failure naming the field when it is neither. */
export function decodeContent(content: Json | undefined, at: string): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content, at }];
  if (content === undefined || content === null) return [];
  if (!isArray(content)) throw malformed(at, 'it is a string or a list of content parts.');
  return content.map((part, index) => decodeContentPart(part, `${at}[${index}]`));
}

const textMembers = new Set(['type', 'text', 'prompt_cache_breakpoint']);
const outputTextMembers = new Set([...textMembers, 'annotations', 'logprobs']);
const refusalMembers = new Set(['type', 'refusal']);
const imageMembers = new Set(['type', 'image_url', 'file_id', 'detail', 'prompt_cache_breakpoint']);
const fileMembers = new Set(['type', 'file_data', 'file_url', 'file_id', 'filename', 'prompt_cache_breakpoint']);
const audioMembers = new Set(['type', 'input_audio', 'prompt_cache_breakpoint']);

function decodeContentPart(part: Json, at: string): Part {
  if (typeof part === 'string') return { type: 'text', text: part, at };
  if (!isObject(part)) throw malformed(at, 'a content part is an object with a "type".');
  const own = { at, ...cacheOf(part) };
  switch (part.type) {
    case 'input_text':
    case 'text':
      return { type: 'text', text: needText(part.text, `${at}.text`), ...own, ...extrasOf(part, textMembers, own) };
    case 'output_text': {
      const { extras, ...decoded } = decodeOutputText(part, needText(part.text, `${at}.text`));
      return { ...decoded, ...own, ...mergeExtras(extras?.[dialectName], own) };
    }
    case 'refusal':
      return {
        type: 'refusal',
        text: needText(part.refusal, `${at}.refusal`),
        ...own,
        ...extrasOf(part, refusalMembers, own),
      };
    case 'input_image':
      return decodeImage(part, own);
    case 'input_file':
      return decodeFile(part, own);
    case 'input_audio':
      return decodeAudio(part, own);
  }
  if (typeof part.type !== 'string') throw malformed(`${at}.type`, 'a content part says its type, like "input_text".');
  return { type: 'native', dialect: dialectName, value: part, at, extras: { [dialectName]: { '@content': true } } };
}

/** An output_text part, of a reply or of history, without its place. */
export function decodeOutputText(part: JsonObject, whole = text(part.text) ?? ''): Extract<Part, { type: 'text' }> {
  const citations = list(part.annotations).flatMap((annotation) => decodeAnnotation(annotation, whole) ?? []);
  const members = { ...otherMembers(part, outputTextMembers), ...logprobsOf(part) };
  return {
    type: 'text',
    text: whole,
    ...(citations.length > 0 && { citations }),
    ...ownExtras(members),
  };
}

/** Codex sends back an empty list with every text: it says nothing. */
function logprobsOf(part: JsonObject): { logprobs?: Json } {
  const logprobs = list(part.logprobs);
  return logprobs.length > 0 ? { logprobs } : {};
}

interface Own {
  readonly at: string;
  readonly cache?: CacheMark;
}

function cacheOf(part: JsonObject): { cache?: CacheMark } {
  const mark = object(part.prompt_cache_breakpoint);
  if (!mark) return {};
  return { cache: mark.ttl === '30m' || mark.ttl === '12h' ? { ttl: mark.ttl } : {} };
}

function extrasOf(part: JsonObject, known: ReadonlySet<string>, own: Own) {
  return mergeExtras(otherMembers(part, known), own);
}

/** A mark without lifetime looks like Anthropic's; the note says that it was OpenAI's and may go back in any case. */
function mergeExtras(members: JsonObject | undefined, own: Own) {
  const marked = own.cache && own.cache.ttl === undefined ? { '@breakpoint': true } : undefined;
  return ownExtras(members || marked ? { ...members, ...marked } : undefined);
}

function decodeImage(part: JsonObject, own: Own): Part {
  const url = text(part.image_url);
  const id = text(part.file_id);
  const { detail } = part;
  const known = detail === 'low' || detail === 'high' || detail === 'original';
  // `auto` is what an absent one means.
  const other = typeof detail === 'string' && !known && detail !== 'auto';
  const members = { ...otherMembers(part, imageMembers), ...(other && { detail }) };
  if (url === undefined && id === undefined)
    throw malformed(`${own.at}.image_url`, 'an image has an "image_url" (a URL or a data URL) or a "file_id".');
  return {
    type: 'media',
    kind: 'image',
    source: url === undefined ? fileSource(id ?? '') : sourceOfUrl(url, 'image/png', `${own.at}.image_url`),
    ...(known && { detail }),
    ...own,
    ...mergeExtras(members, own),
  };
}

function decodeFile(part: JsonObject, own: Own): Part {
  const data = text(part.file_data);
  const url = text(part.file_url);
  const id = text(part.file_id);
  const name = text(part.filename);
  let source: MediaSource;
  if (data !== undefined)
    // Vendors' examples give a data URL; clients exist that give the bare base64.
    source = data.startsWith('data:')
      ? sourceOfUrl(data, 'application/pdf', `${own.at}.file_data`)
      : { type: 'base64', mediaType: mediaTypeOfName(name), data };
  else if (url !== undefined) source = sourceOfUrl(url, 'application/pdf', `${own.at}.file_url`);
  else if (id !== undefined) source = fileSource(id);
  else throw malformed(`${own.at}.file_data`, 'a file has "file_data", a "file_url" or a "file_id".');
  const image = 'mediaType' in source && source.mediaType?.startsWith('image/') === true;
  return {
    type: 'media',
    kind: image ? 'image' : 'document',
    source,
    ...(name !== undefined && { name }),
    ...own,
    ...extrasOf(part, fileMembers, own),
  };
}

function decodeAudio(part: JsonObject, own: Own): Part {
  const audio = object(part.input_audio);
  const data = text(audio?.data);
  const format = text(audio?.format);
  if (data === undefined || format === undefined)
    throw malformed(`${own.at}.input_audio`, 'it is {"data": base64, "format": "wav" or "mp3"}.');
  const mediaType = format === 'mp3' ? 'audio/mpeg' : `audio/${format}`;
  return {
    type: 'media',
    kind: 'audio',
    source: { type: 'base64', mediaType, data },
    ...own,
    ...mergeExtras({ ...otherMembers(part, audioMembers), '@audio': true }, own),
  };
}

function fileSource(id: string): MediaSource {
  return { type: 'file', dialect: dialectName, id };
}

/** `fallback` is the media type of a data URL that names none. @throws Failure for a data URL that is not base64. */
function sourceOfUrl(url: string, fallback: string, at: string): MediaSource {
  if (!url.startsWith('data:')) return { type: 'url', url };
  const comma = url.indexOf(',');
  const head = url.slice(5, comma).split(';');
  if (comma < 0 || head.at(-1)?.trim().toLowerCase() !== 'base64')
    throw malformed(at, 'a data URL has the form data:<media type>;base64,<data>.');
  const type = (head[0] ?? '').trim().toLowerCase() || fallback;
  return { type: 'base64', mediaType: type === 'image/jpg' ? 'image/jpeg' : type, data: url.slice(comma + 1) };
}

function mediaTypeOfName(name: string | undefined): string {
  const extension = name?.slice(name.lastIndexOf('.') + 1).toLowerCase() ?? '';
  const known: Readonly<Record<string, string>> = { txt: 'text/plain', md: 'text/markdown', csv: 'text/csv' };
  return Object.hasOwn(known, extension) ? known[extension]! : 'application/pdf'; // hasOwn has just said so
}

/** What the encoders of parts need to know. */
export interface PartContext {
  readonly report: Report;
  /** Whether a part's cache mark may be written. */
  marks(marked: Markable): boolean;
}

/** Parts of a user turn, a system turn or a tool's result. */
export function encodeContent(parts: readonly Part[], context: PartContext): readonly JsonObject[] {
  return parts.map((part) => encodeContentPart(part, context)).filter((part) => part !== undefined);
}

function encodeContentPart(part: Part, context: PartContext): JsonObject | undefined {
  const own = { ...extraMembers(part), ...breakpoint(part, context) };
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text, ...own };
    case 'refusal':
      return { type: 'input_text', text: part.text, ...own };
    case 'media':
      reportTitle(part, context.report);
      return { ...encodeMedia(part), ...own };
    case 'native':
      if (part.dialect === dialectName) return part.value;
      break;
    case 'reasoning':
    case 'tool-call':
    case 'server-tool-call':
    case 'server-tool-result':
  }
  context.report({
    type: 'dropped',
    field: part.at ?? part.type,
    detail: `OpenAI Responses has no place for a ${part.type} part here.`,
  });
  return undefined;
}

export function breakpoint(marked: Markable, context: PartContext): { prompt_cache_breakpoint?: Breakpoint } {
  if (!marked.cache || !context.marks(marked)) return {};
  // OpenAI keeps for 30 minutes or 12 hours: the shorter one that lasts at least as long as was asked (P2).
  const lifetimes = { '5m': '30m', '30m': '30m', '1h': '12h', '12h': '12h' } as const;
  const { ttl } = marked.cache;
  return { prompt_cache_breakpoint: { mode: 'explicit', ...(ttl && { ttl: lifetimes[ttl] }) } };
}

/** An annotation list is required on history as well. */
export function encodeOutputTextPart(part: Extract<Part, { type: 'text' }>): JsonObject {
  return {
    type: 'output_text',
    text: part.text,
    annotations: (part.citations ?? []).flatMap((citation) => encodeCitation(citation, part.text) ?? []),
    ...contentExtras(part),
  };
}

/** `phase` and what stands under `item` belong to the message item, the rest to the content part. */
export function contentExtras(part: Part): JsonObject {
  const { phase: _, item: __, ...members } = extraMembers(part);
  return members;
}

/** The message item's own members, which its first part carries. */
export function itemExtras(part: Part): JsonObject {
  const phase = extraOf(part, 'phase');
  return { ...(phase !== undefined && { phase }), ...object(extraOf(part, 'item')) };
}

/** What Anthropic says about a document beside its content. */
function reportTitle(part: MediaPart, report: Report): void {
  const at = part.at ?? part.kind;
  const detail = 'OpenAI has no such member on a file.';
  if (part.context !== undefined) report({ type: 'dropped', field: `${at}.context`, detail });
  if (part.citable) report({ type: 'dropped', field: `${at}.citations`, detail });
  if (part.source.type === 'text' && part.name !== undefined)
    report({
      type: 'dropped',
      field: `${at}.title`,
      detail: 'The document is sent as plain text, which has no title.',
    });
}

function encodeMedia(part: MediaPart): InputContent | InputAudio {
  if (part.kind === 'image') return encodeImage(part);
  if (part.kind === 'document') return encodeDocument(part);
  const format = part.source.type === 'base64' ? audioFormats.get(part.source.mediaType) : undefined;
  // The part is typed, but in no list of the input: only a client that wrote it so may know a model that hears.
  const asked = extraOf(part, '@audio') === true;
  if (asked && part.kind === 'audio' && part.source.type === 'base64' && format !== undefined)
    return { type: 'input_audio', input_audio: { data: part.source.data, format } };
  throw new Failure('bad-request', `OpenAI Responses takes no ${part.kind} of this form: send text, images or files.`, {
    field: part.at ?? part.kind,
  });
}

const audioFormats: ReadonlyMap<string, 'wav' | 'mp3'> = new Map([
  ['audio/wav', 'wav'],
  ['audio/x-wav', 'wav'],
  ['audio/wave', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/mp3', 'mp3'],
]);

function encodeImage(part: MediaPart): InputImage {
  const { source } = part;
  // Required by OpenAI's types (ResponseInputImage); auto is what an absent one means elsewhere.
  const detail = { detail: part.detail ?? 'auto' };
  if (source.type === 'file') return { type: 'input_image', file_id: ownFile(source, part), ...detail };
  if (source.type === 'url') return { type: 'input_image', image_url: source.url, ...detail };
  if (source.type === 'base64')
    return { type: 'input_image', image_url: `data:${source.mediaType};base64,${source.data}`, ...detail };
  throw malformed(part.at ?? 'image', 'an image cannot be given as plain text; send base64 or a URL.');
}

function encodeDocument(part: MediaPart): InputFile | InputText {
  const { source } = part;
  // Files of plain text need no file: the model reads them as text (M4).
  if (source.type === 'text') return { type: 'input_text', text: source.text };
  const filename = part.name === undefined ? {} : { filename: part.name };
  if (source.type === 'file') return { type: 'input_file', file_id: ownFile(source, part), ...filename };
  if (source.type === 'url') return { type: 'input_file', file_url: source.url, ...filename };
  return {
    type: 'input_file',
    // file_data is refused without a filename, and nothing but its ending says what the bytes are.
    filename: part.name ?? `document.${source.mediaType.slice(source.mediaType.lastIndexOf('/') + 1)}`,
    file_data: `data:${source.mediaType};base64,${source.data}`,
  };
}

/** File ids are OpenAI's, whichever of its dialects they came through; other vendors' files cannot be read here (M6). */
function ownFile(source: Extract<MediaSource, { type: 'file' }>, part: MediaPart): string {
  if (source.dialect.startsWith('openai-')) return source.id;
  throw new Failure('bad-request', `The file ${source.id} is kept by another vendor: send its content or a URL.`, {
    field: part.at ?? 'file_id',
  });
}

export function needText(value: Json | undefined, at: string): string {
  if (typeof value === 'string') return value;
  throw malformed(at, 'it must be a string.');
}

/** `field` is what is wrong, `mend` how it should be. */
export function malformed(field: string, mend: string): Failure {
  return new Failure('bad-request', `Malformed "${field}": ${mend}`, { field });
}
