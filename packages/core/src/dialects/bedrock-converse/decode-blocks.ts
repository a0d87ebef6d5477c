import type { Failure } from '../../conversation/failure.ts';
import type { CacheMark, Citation, Part, Seal } from '../../conversation/message.ts';
import { readSeal } from '../../conversation/seal.ts';
import { isArray, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { decodeMedia, type MediaKind } from './media.ts';
import { dialect, extrasOf, leftover } from './vocabulary.ts';

export interface BlockReader {
  /** The issuer of an upstream's seals; absent when a caller's content is read. */
  readonly signer?: string;
  fault(message: string, field: string): Failure;
}

/** A block and where it stood in the caller's request; undefined in replies. */
export interface PlacedBlock {
  readonly block: Json;
  readonly at: string | undefined;
}

export function placed(content: Json | undefined, at: string | undefined): readonly PlacedBlock[] {
  return list(content).map((block, index) => ({ block, at: at === undefined ? undefined : `${at}[${index}]` }));
}

/** Content blocks as parts; a cache point is a mark on the part before it (P2). */
export function decodeBlocks(blocks: readonly PlacedBlock[], reader: BlockReader): readonly Part[] {
  const parts: Part[] = [];
  for (const { block, at } of blocks) {
    if (!isObject(block)) throw reader.fault(`"${at ?? 'content'}" must be an object.`, at ?? 'content');
    const mark = cacheOf(block);
    const last = parts.at(-1);
    if (mark && last) parts[parts.length - 1] = { ...last, cache: mark };
    else if (!mark) parts.push(...decodeBlock(block, at, reader));
  }
  return parts;
}

export function cacheOf(block: JsonObject): CacheMark | undefined {
  const point = object(block.cachePoint);
  if (!point) return undefined;
  return point.ttl === '5m' || point.ttl === '1h' ? { ttl: point.ttl } : {};
}

const mediaKinds: readonly MediaKind[] = ['image', 'document', 'video', 'audio'];

function decodeBlock(block: JsonObject, at: string | undefined, reader: BlockReader): readonly Part[] {
  const place = at === undefined ? {} : { at };
  if (typeof block.text === 'string') return [{ type: 'text', text: block.text, ...place }];
  if (isObject(block.toolUse)) return [callPart(block.toolUse, at, reader)];
  if (isObject(block.reasoningContent)) return [reasoningPart(block.reasoningContent, at, reader)];
  if (isObject(block.citationsContent)) return [citedText(block.citationsContent, at)];
  // A result's own structure, told as text wherever structures are not known.
  if (block.json !== undefined) return [{ type: 'text', text: JSON.stringify(block.json), ...place }];
  for (const kind of mediaKinds) {
    const media = block[kind];
    if (isObject(media)) return [decodeMedia(kind, media, at, reader.fault)];
  }
  return [{ type: 'native', dialect, value: block, ...place }];
}

function callPart(call: JsonObject, at: string | undefined, reader: BlockReader): Part {
  const place = at === undefined ? {} : { at };
  if (call.type === 'server_tool_use') return { type: 'native', dialect, value: { toolUse: call }, ...place };
  if (typeof call.name !== 'string')
    throw reader.fault(`"${at ?? 'toolUse'}.toolUse.name" must be a string.`, `${at ?? 'toolUse'}.toolUse.name`);
  return {
    type: 'tool-call',
    id: text(call.toolUseId) ?? '',
    name: call.name,
    kind: 'function',
    arguments: argumentsOf(call.input),
    ...place,
    ...extrasOf(leftover(call, ['toolUseId', 'name', 'input'])),
  };
}

/** T9: null and absent are an empty object. */
function argumentsOf(input: Json | undefined): string {
  if (input === undefined || input === null || input === '') return '{}';
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function reasoningPart(content: JsonObject, at: string | undefined, reader: BlockReader): Part {
  const place = at === undefined ? {} : { at };
  const redacted = text(content.redactedContent);
  if (redacted !== undefined)
    return { type: 'reasoning', text: '', seal: sealOf(redacted, reader.signer), redacted: true, ...place };
  const told = object(content.reasoningText);
  const signature = text(told?.signature);
  return {
    type: 'reasoning',
    text: text(told?.text) ?? '',
    ...(signature !== undefined && signature !== '' && { seal: sealOf(signature, reader.signer) }),
    ...place,
  };
}

function sealOf(field: string, signer: string | undefined): Seal {
  return signer === undefined ? readSeal(field, dialect).seal : { issuer: signer, value: field };
}

function citedText(content: JsonObject, at: string | undefined): Part {
  const words = isArray(content.content) ? content.content.map((piece) => text(object(piece)?.text) ?? '') : [];
  return {
    type: 'text',
    text: words.join(''),
    citations: list(content.citations).filter(isObject).map(decodeCitation),
    ...(at !== undefined && { at }),
  };
}

/** Only a web page can be cited in other dialects too; places in documents mean nothing there (W2). */
export function decodeCitation(citation: JsonObject): Citation {
  const url = text(object(object(citation.location)?.web)?.url);
  if (url === undefined) return { type: 'native', dialect, value: citation };
  const title = text(citation.title);
  const quote = list(citation.sourceContent)
    .map((piece) => text(object(piece)?.text) ?? '')
    .join('');
  return {
    type: 'url',
    url,
    ...(title !== undefined && { title }),
    ...(quote !== '' && { quote }),
    ...extrasOf({ '@citation': citation }),
  };
}
