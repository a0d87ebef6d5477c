import { base64OfBytes, bytesOfBase64, isBase64 } from '../../bytes/base64.ts';
import { Failure } from '../../conversation/failure.ts';
import type { MediaPart, MediaSource } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import { boolean, lookUp, object, text, type JsonObject } from '../../json.ts';
import { extrasOf, leftover, ownExtras } from './vocabulary.ts';
import type { WireAudioFormat, WireDocumentFormat, WireImageFormat, WireSource, WireVideoFormat } from './wire.ts';

export type MediaKind = MediaPart['kind'];

/** M1: formats go by names here, not by media types; each name and the type it stands for. */
const formats = {
  image: {
    png: 'image/png',
    jpeg: 'image/jpeg',
    gif: 'image/gif',
    webp: 'image/webp',
  } satisfies Names<WireImageFormat>,
  document: {
    pdf: 'application/pdf',
    csv: 'text/csv',
    doc: 'application/msword',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    xls: 'application/vnd.ms-excel',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    html: 'text/html',
    md: 'text/markdown',
    txt: 'text/plain',
  } satisfies Names<WireDocumentFormat>,
  video: {
    mkv: 'video/x-matroska',
    mov: 'video/quicktime',
    mp4: 'video/mp4',
    webm: 'video/webm',
    flv: 'video/x-flv',
    mpeg: 'video/mpeg',
    mpg: 'video/mpg',
    wmv: 'video/x-ms-wmv',
    three_gp: 'video/3gpp',
  } satisfies Names<WireVideoFormat>,
  audio: {
    mp3: 'audio/mpeg',
    wav: 'audio/wav',
    aac: 'audio/aac',
    flac: 'audio/flac',
    m4a: 'audio/mp4',
    ogg: 'audio/ogg',
    opus: 'audio/opus',
    pcm: 'audio/pcm',
    webm: 'audio/webm',
    mka: 'audio/x-matroska',
    mkv: 'audio/mkv',
    mp4: 'audio/x-mp4',
    mpeg: 'audio/x-mpeg',
    mpga: 'audio/mpga',
    'x-aac': 'audio/x-aac',
  } satisfies Names<WireAudioFormat>,
};
type Names<Format extends string> = Readonly<Record<Format, string>>;

/** Other names of the same types. */
const sameType: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'application/csv': 'text/csv',
  'text/x-markdown': 'text/markdown',
  'application/xhtml+xml': 'text/html',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/x-m4a': 'audio/mp4',
  'audio/x-flac': 'audio/flac',
};

/** The block of one of the four kinds as media. @throws Failure (by `fault`) when its source is none that we know. */
export function decodeMedia(
  kind: MediaKind,
  block: JsonObject,
  at: string | undefined,
  fault: (message: string, field: string) => Failure,
): MediaPart {
  const field = at ?? kind;
  const format = text(block.format);
  const mediaType = lookUp<string>(formats[kind], format) ?? `${kind === 'document' ? 'application' : kind}/${format}`;
  const source = object(block.source) ?? {};
  const s3 = object(source.s3Location);
  const citable = boolean(object(block.citations)?.enabled);
  const name = kind === 'document' ? text(block.name) : undefined;
  const context = text(block.context);
  return {
    type: 'media',
    kind,
    source: sourceOf(source, mediaType, () =>
      fault(`"${field}.source" needs "bytes" or "s3Location".`, `${field}.source`),
    ),
    ...(name !== undefined && { name }),
    ...(context !== undefined && { context }),
    ...(citable !== undefined && { citable }),
    ...(at !== undefined && { at }),
    ...extrasOf({
      ...leftover(block, ['format', 'source', 'name', 'context', 'citations']),
      ...(typeof s3?.bucketOwner === 'string' && { bucketOwner: s3.bucketOwner }),
    }),
  };
}

function sourceOf(source: JsonObject, mediaType: string, fault: () => Failure): MediaSource {
  const uri = text(object(source.s3Location)?.uri);
  if (uri !== undefined) return { type: 'url', url: uri, mediaType };
  if (typeof source.text === 'string') return { type: 'text', mediaType, text: source.text };
  const { bytes } = source;
  if (typeof bytes !== 'string') throw fault();
  const written = mediaType.startsWith('text/') ? textOf(bytes) : undefined;
  return written === undefined
    ? { type: 'base64', mediaType, data: bytes }
    : { type: 'text', mediaType, text: written };
}

/** Text documents are told as text to vendors that know no documents. */
function textOf(bytes: string): string | undefined {
  if (!isBase64(bytes)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOfBase64(bytes));
  } catch {
    return undefined;
  }
}

export interface MediaWriter {
  readonly report: Report;
  /** Names of the documents so far: each may be used once (M4). */
  readonly names: Set<string>;
}

/** Media as its block. @throws Failure naming the field for what Converse cannot be given (M2, M6). */
export function encodeMedia(part: MediaPart, writer: MediaWriter): JsonObject {
  const field = part.at ?? 'messages';
  if (part.detail !== undefined && part.detail !== 'auto')
    writer.report({
      type: 'dropped',
      field: `${field}.detail`,
      detail: 'Bedrock decides by itself how closely to look.',
    });
  const { bucketOwner, ...rest } = ownExtras(part.extras);
  const source = encodeSource(part, typeof bucketOwner === 'string' ? bucketOwner : undefined);
  const format = formatOf(part);
  if (part.kind !== 'document') return { [part.kind]: { ...rest, format, source } };
  const document = {
    ...rest,
    format,
    name: documentName(part.name, writer.names),
    source,
    ...(part.context !== undefined && { context: part.context }),
    ...(part.citable !== undefined && { citations: { enabled: part.citable } }),
  };
  return { document };
}

function encodeSource({ source, at, kind }: MediaPart, bucketOwner: string | undefined): WireSource {
  const field = at ?? 'messages';
  switch (source.type) {
    case 'base64':
      return { bytes: source.data };
    case 'text':
      return { bytes: base64OfBytes(new TextEncoder().encode(source.text)) };
    case 'url':
      if (source.url.startsWith('s3://'))
        return { s3Location: { uri: source.url, ...(bucketOwner !== undefined && { bucketOwner }) } };
      throw new Failure(
        'bad-request',
        `Bedrock fetches nothing but s3:// addresses. Send the ${kind} itself, as base64.`,
        { field },
      );
    case 'file':
      throw new Failure(
        'bad-request',
        `The file ${source.id} is kept where Bedrock cannot read it. Send its content instead.`,
        { field },
      );
  }
}

function formatOf({ kind, source, name, at }: MediaPart): string {
  const declared = 'mediaType' in source ? source.mediaType?.toLowerCase().split(';')[0]?.trim() : undefined;
  const mediaType = declared === undefined ? undefined : (lookUp(sameType, declared) ?? declared);
  const known = Object.entries(formats[kind]).find(([, type]) => type === mediaType)?.[0];
  if (known !== undefined) return known;
  if (kind === 'document' && (source.type === 'text' || isText(mediaType))) return 'txt';
  const address = source.type === 'url' ? source.url : name;
  const ending = /\.(\w+)(?:[?#]|$)/.exec(address ?? '')?.[1]?.toLowerCase() ?? '';
  if (mediaType === undefined && Object.hasOwn(formats[kind], ending)) return ending;
  throw new Failure(
    'bad-request',
    `Bedrock takes no ${kind} of the type ${mediaType ?? 'unknown'}, only ${Object.keys(formats[kind]).join(', ')}.`,
    { field: at ?? 'messages' },
  );
}

function isText(mediaType: string | undefined): boolean {
  return /^text\/|^application\/(json|xml|yaml|javascript)\b|\+(json|xml)$/.test(mediaType ?? '');
}

const maxNameLength = 200;

/** M4: letters, digits, single blanks, hyphens, parentheses and brackets, and no two alike. */
function documentName(wanted: string | undefined, taken: Set<string>): string {
  const plain = (wanted ?? '')
    .replace(/[^\p{L}\p{N}()[\]-]+/gu, ' ')
    .replace(/[^\x20-\x7e]/g, '')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, maxNameLength);
  const base = plain === '' ? 'document' : plain;
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base} (${count})`;
  taken.add(name);
  return name;
}
