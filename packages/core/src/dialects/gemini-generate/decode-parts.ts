import type { MediaPart, Part, TextPart, ToolCallPart, ToolResult } from '../../conversation/message.ts';
import { type Envelope, readSeal } from '../../conversation/seal.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { decodeFileData, decodeInlineData } from './media.ts';
import { extrasOf, geminiName, leftover, malformed, members, read, readList, readObject, readText } from './members.ts';
import { detailOfResolution } from './vocabulary.ts';

/** The parts of one Content from a client: what stays a part, and the tool results among them. */
interface DecodedParts {
  readonly parts: readonly Part[];
  readonly results: readonly ToolResult[];
}

/** Ids as the calls and results of a whole request see them (call-ids.ts). */
export interface CallIds {
  call(given: string | undefined, name: string, content: number, part: number): string;
  result(given: string | undefined, name: string | undefined): { readonly callId: string; readonly name?: string };
}

/** @throws Failure `bad-request` naming the part that is malformed. */
export function decodeParts(values: readonly Json[], at: string, content: number, ids: CallIds): DecodedParts {
  const parts: Part[] = [];
  const results: ToolResult[] = [];
  values.forEach((value, index) => {
    const field = `${at}.parts[${index}]`;
    if (typeof value === 'string') {
      parts.push({ type: 'text', text: value, at: field });
      return;
    }
    if (!isObject(value))
      throw malformed(field, 'a part is an object with one of text, inlineData, fileData, functionCall …');
    const response = read(value, 'functionResponse');
    if (isObject(response)) results.push(decodeResult(response, field, ids));
    else if (!attachedSeal(parts, value)) parts.push(decodePart(value, field, content, index, ids));
  });
  return { parts, results };
}

/**
 * What a foreign signature field tells. The sentinels are what clients write when they have no signature (Z4, G5): Google
 * documents both, and neither means anything to anybody else.
 */
function envelopeOf(part: JsonObject): Envelope | undefined {
  const signature = readText(part, 'thoughtSignature');
  if (!signature || signature === sentinel || signature === 'context_engineering_is_the_way_to_go') return undefined;
  return readSeal(signature, geminiName);
}

/** Asks Gemini not to look for the signature of a call that it did not write (Z4). */
export const sentinel = 'skip_thought_signature_validator';

/** Z5: a signature may come alone, in a part with empty text; it belongs to the part before. */
function attachedSeal(parts: Part[], value: JsonObject): boolean {
  if (readText(value, 'text') !== '' || leftover(value, textMembers)) return false;
  const envelope = envelopeOf(value);
  const before = parts.at(-1);
  const kind = read(value, 'thought') === true ? 'reasoning' : 'text';
  if (!envelope || envelope.attachment === 'redacted' || before?.type !== kind || before.seal || before.text === '')
    return false;
  parts[parts.length - 1] = { ...before, seal: envelope.seal };
  return true;
}

const textMembers = members('text', 'thought', 'thoughtSignature');

function decodePart(value: JsonObject, at: string, content: number, index: number, ids: CallIds): Part {
  const call = read(value, 'functionCall');
  if (isObject(call)) {
    const name = readText(call, 'name') ?? '';
    if (name === '') throw malformed(`${at}.functionCall.name`, 'a call names the function it calls.');
    return decodeCall(value, call, ids.call(readText(call, 'id'), name, content, index), { at });
  }
  const media = decodeMediaPart(value, at);
  if (media) return media;
  const envelope = envelopeOf(value);
  const text = read(value, 'text');
  if (text !== undefined && typeof text !== 'string') throw malformed(`${at}.text`, 'it is a string.');
  if (text === undefined && hasOtherContent(value)) return { type: 'native', dialect: geminiName, value, at };
  const extras = extrasOf(leftover(value, textMembers));
  if (read(value, 'thought') === true)
    return {
      type: 'reasoning',
      text: text ?? '',
      at,
      ...(envelope && { seal: envelope.seal }),
      ...(envelope?.attachment === 'redacted' && { redacted: true }),
      ...extras,
    };
  return { type: 'text', text: text ?? '', at, ...(envelope && { seal: envelope.seal }), ...extras } satisfies TextPart;
}

/** Whether a part without text carries something that only this dialect has (executableCode, toolCall …). */
export function hasOtherContent(value: JsonObject): boolean {
  for (const name in value) if (!textMembers.has(name)) return true;
  return false;
}

const callPartMembers = members('functionCall', 'thoughtSignature', 'thought', 'text');
const callMembers = members('id', 'name', 'args', 'partialArgs', 'willContinue');

/** A functionCall part; `id` is settled by the caller, and `extra` what only it knows. */
export function decodeCall(
  value: JsonObject,
  call: JsonObject,
  id: string,
  extra: { readonly at?: string; readonly seal?: ToolCallPart['seal'] } = {},
): ToolCallPart {
  const seal = extra.seal ?? envelopeOf(value)?.seal;
  const ownMembers = { ...leftover(call, callMembers), ...leftover(value, callPartMembers) };
  return {
    type: 'tool-call',
    id,
    name: readText(call, 'name') ?? '',
    kind: 'function',
    arguments: argumentsText(read(call, 'args')),
    ...(extra.at !== undefined && { at: extra.at }),
    ...(seal && { seal }),
    ...extrasOf(Object.keys(ownMembers).length > 0 ? ownMembers : undefined),
  };
}

/** T9: absent and null mean no arguments; what is not an object is wrapped into one. */
function argumentsText(args: Json | undefined): string {
  if (args === undefined) return '{}';
  return JSON.stringify(isObject(args) ? args : { input: args });
}

const mediaMembers = members('inlineData', 'fileData', 'thoughtSignature', 'mediaResolution', 'thought');

/** An inlineData or fileData part, or undefined when it is neither. */
export function decodeMediaPart(value: JsonObject, at: string): MediaPart | undefined {
  const blob = readObject(value, 'inlineData');
  const file = readObject(value, 'fileData');
  const media = blob ? decodeInlineData(blob, at) : file ? decodeFileData(file, at) : undefined;
  if (!media) return undefined;
  const resolution = readObject(value, 'mediaResolution');
  const detail = resolution && detailOfResolution(resolution);
  const own: JsonObject = {
    ...leftover(value, mediaMembers),
    ...(resolution && !detail && { mediaResolution: resolution }),
    // Only Vertex takes a name with a file, so that one given by another vendor's client must not be sent.
    ...(media.name !== undefined && { displayName: media.name }),
    // An image drawn on the way to the final one.
    ...(read(value, 'thought') === true && { thought: true }),
  };
  const envelope = envelopeOf(value);
  return {
    type: 'media',
    ...media,
    at,
    ...(detail && { detail }),
    ...(envelope && { seal: envelope.seal }),
    ...extrasOf(Object.keys(own).length > 0 ? own : undefined),
  };
}

const resultMembers = members('id', 'name', 'response', 'parts');

function decodeResult(response: JsonObject, at: string, ids: CallIds): ToolResult {
  const body = read(response, 'response');
  const { callId, name } = ids.result(readText(response, 'id'), readText(response, 'name'));
  const media = readList(response, 'parts').map((part, index) => {
    const field = `${at}.functionResponse.parts[${index}]`;
    const decoded = isObject(part) ? decodeMediaPart(part, field) : undefined;
    return (
      decoded ??
      ({ type: 'native', dialect: geminiName, value: isObject(part) ? part : { text: part }, at: field } as const)
    );
  });
  return {
    callId,
    ...(name !== undefined && { name }),
    kind: 'function',
    ...decodeResponse(body, at, media),
    at,
    ...extrasOf(leftover(response, resultMembers)),
  };
}

/**
 * T13: `output` is what the function gave, `error` why it failed; a response with neither is the output as a whole.
 * The plain forms `{output: text}` and `{error: text}` need no `structured` beside them.
 */
function decodeResponse(
  body: Json | undefined,
  at: string,
  media: readonly Part[],
): Pick<ToolResult, 'content' | 'structured' | 'failed'> {
  const structured = isObject(body) ? body : body === undefined ? undefined : { output: body };
  if (!structured) return { content: media, failed: false };
  const names = Object.keys(structured);
  const failed = names.includes('error') && structured['error'] !== null && !names.includes('output');
  const key = failed ? 'error' : 'output';
  const inner = names.length === 1 && names[0] === key ? structured[key] : undefined;
  const text = typeof inner === 'string' ? inner : JSON.stringify(inner ?? structured);
  const empty = text === '' || (names.length === 0 && media.length > 0);
  return {
    content: empty ? media : [{ type: 'text', text, at }, ...media],
    ...(typeof inner !== 'string' && { structured }),
    failed,
  };
}
