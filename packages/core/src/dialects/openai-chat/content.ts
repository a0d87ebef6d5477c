import { Failure } from '../../conversation/failure.ts';
import type { CacheMark, MediaPart, MediaSource, Part, TextPart } from '../../conversation/message.ts';
import { lookUp, isArray, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { audioTypes, name as dialect } from './vocabulary.ts';

/** The parts of a `content` member: a string, a list of parts, or nothing. Empty text says nothing and is left out (T12). */
export function decodeContent(content: Json | undefined, at: string): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content, at }];
  if (content === undefined || content === null) return [];
  if (isObject(content)) return decodePart(content, at);
  if (!isArray(content))
    throw new Failure('bad-request', `"${at}" must be a string or a list of parts.`, { field: at });
  return content.flatMap((part, index) => {
    const place = `${at}[${index}]`;
    if (typeof part === 'string') return part === '' ? [] : [{ type: 'text', text: part, at: place }];
    if (!isObject(part))
      throw new Failure('bad-request', `"${place}" must be an object with a "type".`, { field: place });
    return decodePart(part, place);
  });
}

function decodePart(part: JsonObject, at: string): readonly Part[] {
  const place = { at, ...cacheOf(part) };
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text': {
      if (typeof part.text !== 'string')
        throw new Failure('bad-request', `"${at}.text" must be a string.`, { field: `${at}.text` });
      if (part.text === '' && !place.cache) return [];
      return [{ type: 'text', text: part.text, ...place } satisfies TextPart];
    }
    case 'refusal':
      return [{ type: 'refusal', text: text(part.refusal) ?? '', ...place }];
    case 'thinking': {
      // Mistral writes its reasoning as a content part with a list of texts.
      const thought = reasoningText(part);
      return thought === '' ? [] : [{ type: 'reasoning', text: thought, ...place }];
    }
    case 'image_url':
    case 'video_url':
    case 'audio_url':
    case 'input_audio':
    case 'file': {
      const media = decodeMedia(part, at);
      return [{ ...media, ...place }];
    }
    default:
      return [{ type: 'native', dialect, value: part, ...place }];
  }
}

export function reasoningText(part: JsonObject): string {
  if (typeof part.thinking === 'string') return part.thinking;
  return list(part.thinking)
    .map((piece) => text(object(piece)?.text) ?? '')
    .join('');
}

const urlKinds = { image_url: 'image', video_url: 'video', audio_url: 'audio' } as const;

/** @throws Failure when the part lacks what its type promises. */
export function decodeMedia(part: JsonObject, at: string): MediaPart {
  if (part.type === 'input_audio') return decodeInputAudio(part, at);
  if (part.type === 'file') return decodeFile(part, at);
  const type = part.type === 'video_url' || part.type === 'audio_url' ? part.type : 'image_url';
  const value = part[type];
  const url = text(value) ?? text(object(value)?.url);
  if (url === undefined || url === '')
    throw new Failure('bad-request', `"${at}.${type}.url" must be a URL or a data URL.`, {
      field: `${at}.${type}.url`,
    });
  const detail = text(object(value)?.detail);
  return {
    type: 'media',
    kind: urlKinds[type],
    source: sourceOfUrl(url),
    ...((detail === 'low' || detail === 'high' || detail === 'auto' || detail === 'original') && { detail }),
  };
}

/** M1: a base64 data URL is taken apart, any other URL is kept as it is. */
function sourceOfUrl(url: string): MediaSource {
  const head = /^data:([^;,]*)((?:;[^;,]*)*);base64,/i.exec(url.slice(0, maxDataHead));
  if (!head) return { type: 'url', url };
  return { type: 'base64', mediaType: mediaTypeOf(head[1] ?? ''), data: url.slice(head[0].length) };
}

/** No media type is longer; the regular expression need not walk through megabytes of base64. */
const maxDataHead = 300;

function mediaTypeOf(written: string): string {
  const type = written.toLowerCase().trim();
  if (type === 'image/jpg') return 'image/jpeg';
  return type === '' ? 'application/octet-stream' : type;
}

function decodeInputAudio(part: JsonObject, at: string): MediaPart {
  const audio = object(part.input_audio);
  const data = text(audio?.data);
  const format = text(audio?.format) ?? 'wav';
  if (data === undefined)
    throw new Failure('bad-request', `"${at}.input_audio.data" must be base64 audio.`, {
      field: `${at}.input_audio.data`,
    });
  const embedded = sourceOfUrl(data);
  if (embedded.type === 'base64') return { type: 'media', kind: 'audio', source: embedded };
  return { type: 'media', kind: 'audio', source: { type: 'base64', mediaType: audioType(format), data } };
}

export function audioType(format: string): string {
  return Object.hasOwn(audioTypes, format) ? audioTypes[format as keyof typeof audioTypes] : `audio/${format}`; // hasOwn says so
}

function decodeFile(part: JsonObject, at: string): MediaPart {
  const file = object(part.file) ?? {};
  const name = text(file.filename);
  const named = name === undefined ? {} : { name };
  const id = text(file.file_id);
  if (id !== undefined) return { type: 'media', kind: 'document', source: { type: 'file', dialect, id }, ...named };
  const data = text(file.file_data);
  if (data === undefined)
    throw new Failure('bad-request', `"${at}.file" needs "file_data" or "file_id".`, { field: `${at}.file` });
  const source = sourceOfUrl(data);
  const bare: MediaSource = { type: 'base64', mediaType: typeOfFile(name), data };
  // M4: some clients leave the `data:` prefix away, others (OpenRouter's) send a URL.
  const known = source.type === 'base64' || /^https?:/i.test(data) ? source : bare;
  return { type: 'media', kind: kindOf(known), source: known, ...named };
}

function kindOf(source: MediaSource): MediaPart['kind'] {
  const family = source.mediaType?.split('/')[0];
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
}

function typeOfFile(name = ''): string {
  const types: Readonly<Record<string, string>> = {
    txt: 'text/plain',
    md: 'text/markdown',
    csv: 'text/csv',
    html: 'text/html',
    json: 'application/json',
  };
  return lookUp(types, name.slice(name.lastIndexOf('.') + 1).toLowerCase()) ?? 'application/pdf';
}

/** OpenAI's `prompt_cache_breakpoint`, or Anthropic's `cache_control` as gateways over Chat take it (P2, S4). */
export function cacheOf(part: JsonObject): { readonly cache?: CacheMark } {
  const mark = object(part.prompt_cache_breakpoint) ?? object(part.cache_control);
  if (!mark) return {};
  const { ttl } = mark;
  return { cache: ttl === '5m' || ttl === '30m' || ttl === '1h' || ttl === '12h' ? { ttl } : {} };
}
