import type { MediaPart, Part, Seal, ToolCallPart } from '../../conversation/message.ts';
import type { Attachment } from '../../conversation/seal.ts';
import { isObject, type JsonObject, tryParseJson } from '../../json.ts';
import { encodeMedia } from './media.ts';
import { geminiName } from './members.ts';
import { resolutionOfDetail } from './vocabulary.ts';

/** How parts are written where requests and replies differ. */
export interface PartWriter {
  /** The signature to write for a seal; undefined when the seal must stay behind. */
  signature(seal: Seal, attachment?: Attachment): string | undefined;
  /** Whether ids of calls are written (T7). */
  readonly callIds: boolean;
  /** Whether a part may say in which resolution to read it. */
  readonly resolutions: boolean;
}

/** A part as the wire has it; undefined for one that has no place there. */
export function encodePart(part: Part, writer: PartWriter): JsonObject | undefined {
  const own = part.extras?.[geminiName];
  switch (part.type) {
    case 'text':
      return { ...own, text: part.text, ...signed(part.seal, writer) };
    case 'refusal':
      return { ...own, text: part.text };
    case 'reasoning':
      // Z14: a thought must have text, be it empty.
      return {
        ...own,
        text: part.text,
        thought: true,
        ...signed(part.seal, writer, part.redacted ? 'redacted' : undefined),
      };
    case 'tool-call':
      return { ...own, functionCall: encodeCall(part, writer), ...signed(part.seal, writer) };
    case 'media':
      return encodeMediaPart(part, writer);
    case 'native':
      return part.dialect === geminiName ? part.value : undefined;
    case 'server-tool-call':
    case 'server-tool-result':
      return undefined;
  }
}

function signed(
  seal: Seal | undefined,
  writer: PartWriter,
  attachment?: Attachment,
): { readonly thoughtSignature?: string } {
  const signature = seal && writer.signature(seal, attachment);
  return signature === undefined ? {} : { thoughtSignature: signature };
}

function encodeCall(part: ToolCallPart, writer: PartWriter): JsonObject {
  return { ...(writer.callIds && { id: part.id }), name: part.name, args: argumentsObject(part.arguments) };
}

/** T9: arguments must be an object here. Free text, and what is not JSON, is wrapped into one. */
function argumentsObject(written: string): JsonObject {
  if (written.trim() === '') return {};
  const parsed = tryParseJson(written);
  if (isObject(parsed)) return parsed;
  return { input: parsed === undefined ? written : parsed };
}

export function encodeMediaPart(part: MediaPart, writer: PartWriter): JsonObject {
  const { displayName, ...own } = part.extras?.[geminiName] ?? {};
  const media = encodeMedia(part);
  const named = displayName === undefined ? {} : { displayName };
  const resolution = part.detail && part.detail !== 'auto' && writer.resolutions && resolutionOfDetail(part.detail);
  return {
    ...own,
    ...media,
    ...(media.inlineData && { inlineData: { ...media.inlineData, ...named } }),
    ...(media.fileData && { fileData: { ...media.fileData, ...named } }),
    ...(resolution && { mediaResolution: { level: resolution } }),
    ...signed(part.seal, writer),
  };
}
