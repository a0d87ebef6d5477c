import type { MediaPart, MediaSource } from '../../conversation/message.ts';
import { Failure } from '../../conversation/failure.ts';
import { compact, type JsonObject } from '../../json.ts';
import { geminiName, malformed, readText } from './members.ts';
import type { Part } from './wire.ts';

type Media = Pick<MediaPart, 'kind' | 'source' | 'name'>;

/** `inlineData` as media. @throws Failure when it has no data or no type. */
export function decodeInlineData(blob: JsonObject, field: string): Media {
  const data = readText(blob, 'data');
  const mimeType = readText(blob, 'mimeType');
  if (data === undefined || mimeType === undefined || mimeType === '')
    throw malformed(field, 'inlineData needs "mimeType" and base64 "data".');
  const mediaType = normalType(mimeType);
  const name = readText(blob, 'displayName');
  return {
    kind: kindOf(mediaType),
    // Some clients leave the prefix of a data URL in place (M1).
    source: { type: 'base64', mediaType, data: data.replace(/^data:[^,]*;base64,/, '') },
    ...(name !== undefined && { name }),
  };
}

/** `fileData` as media: a file that Google keeps is of no use to anybody else, any other address is (M2, M6). */
export function decodeFileData(file: JsonObject, field: string): Media {
  const uri = readText(file, 'fileUri');
  if (uri === undefined || uri === '') throw malformed(field, 'fileData needs "fileUri".');
  const written = readText(file, 'mimeType');
  const mediaType = written ? normalType(written) : undefined;
  const name = readText(file, 'displayName');
  const ours = uri.startsWith('gs://') || /^(https:\/\/generativelanguage\.googleapis\.com\/[^?]*)?files\//.test(uri);
  const source: MediaSource = ours
    ? { type: 'file', dialect: geminiName, id: uri, ...(mediaType && { mediaType }) }
    : { type: 'url', url: uri, ...(mediaType && { mediaType }) };
  return { kind: kindOf(mediaType ?? guessType(uri) ?? ''), source, ...(name !== undefined && { name }) };
}

/** Media as a part. @throws Failure for a file that another vendor keeps. */
export function encodeMedia(part: MediaPart): Part {
  const { source } = part;
  switch (source.type) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case 'text':
      // M4: a document of plain text is text.
      return { text: source.text };
    case 'url': {
      // YouTube addresses go without a type.
      const guessed = youtube.test(source.url) ? undefined : (guessType(source.url) ?? defaultTypes[part.kind]);
      const mimeType = source.mediaType ?? guessed;
      return { fileData: compact({ mimeType, fileUri: source.url }) };
    }
    case 'file': {
      if (source.dialect === geminiName)
        return { fileData: compact({ mimeType: source.mediaType, fileUri: source.id }) };
      const field = part.at ?? 'file';
      throw new Failure(
        'bad-request',
        `The file at ${field} is kept by another vendor (${source.dialect}) and cannot be read by Gemini. Send its content instead.`,
        { field },
      );
    }
  }
}

function kindOf(mediaType: string): MediaPart['kind'] {
  const family = mediaType.slice(0, mediaType.indexOf('/'));
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
}

function normalType(mimeType: string): string {
  const lower = mimeType.toLowerCase();
  return lower === 'image/jpg' ? 'image/jpeg' : lower;
}

const typesByExtension: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  pdf: 'application/pdf',
  txt: 'text/plain',
  html: 'text/html',
  csv: 'text/csv',
  wav: 'audio/wav',
  mp3: 'audio/mp3',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  mp4: 'video/mp4',
  mov: 'video/mov',
  webm: 'video/webm',
};

/** Where a kind alone is known. */
const defaultTypes = {
  image: 'image/jpeg',
  document: 'application/pdf',
  audio: 'audio/mp3',
  video: undefined,
} as const;

const youtube = /^https:\/\/(www\.youtube\.com|youtube\.com|youtu\.be)\//;

function guessType(uri: string): string | undefined {
  if (youtube.test(uri)) return 'video/mp4';
  const extension = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(uri)?.[1]?.toLowerCase();
  return extension !== undefined && Object.hasOwn(typesByExtension, extension)
    ? typesByExtension[extension]
    : undefined;
}
