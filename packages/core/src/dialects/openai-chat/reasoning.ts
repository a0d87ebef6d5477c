import type { Part, ReasoningPart, Seal } from '../../conversation/message.ts';
import { carrySeal, readSeal } from '../../conversation/seal.ts';
import { isObject, list, text, type JsonObject } from '../../json.ts';
import { name as dialect } from './vocabulary.ts';
import type { ReasoningDetail } from './wire.ts';

/** Reasoning read from a message, and the seal that belongs to the text after it. */
interface FoundReasoning {
  readonly parts: readonly ReasoningPart[];
  readonly textSeal?: Seal;
}

/**
 * Reasoning is written in up to three members of a message at once, all saying the same (Z9). `reasoning_details` says the
 * most, so it is taken where it has text; else `reasoning_content` (DeepSeek, Qwen, Kimi, GLM) or `reasoning` (OpenRouter, Groq).
 */
export function decodeReasoning(message: JsonObject, issuer: string, at?: string): FoundReasoning {
  const place = at === undefined ? {} : { at };
  const plain = plainReasoning(message) ?? '';
  const details = list(message.reasoning_details).filter(isObject);
  const parts: ReasoningPart[] = [];
  let textSeal: Seal | undefined;
  let pending = '';
  let plainUsed = details.some((detail) => detailText(detail) !== '');
  const close = (extra: Partial<ReasoningPart>) => {
    parts.push({ type: 'reasoning', text: pending, ...extra, ...place });
    pending = '';
  };
  for (const detail of details) {
    pending += detailText(detail);
    const field = detailSeal(detail);
    if (field === undefined) continue;
    const { seal, attachment } = readSeal(field, issuer);
    if (attachment === 'text') {
      textSeal = seal;
    } else if (attachment === 'redacted') {
      if (pending !== '') close({});
      close({ seal, redacted: true });
    } else {
      if (!plainUsed) pending = plain;
      plainUsed = true;
      close({ seal });
    }
  }
  if (!plainUsed) pending = plain;
  if (pending !== '') close({});
  return textSeal ? { parts, textSeal } : { parts };
}

/** The reasoning text itself, of a message or a delta. */
export function plainReasoning(message: JsonObject): string | undefined {
  return text(message.reasoning_content) ?? text(message.reasoning);
}

export function detailText(detail: JsonObject): string {
  return text(detail.text) ?? text(detail.summary) ?? '';
}

/** The signature of a text block, or the data of an encrypted one. */
export function detailSeal(detail: JsonObject): string | undefined {
  return text(detail.signature) || text(detail.data) || undefined;
}

/**
 * The members that bring reasoning to a client: the text in `reasoning_content`, and its seals, which no standard field can
 * hold, in `reasoning_details` (Z6). A client that sends both back has lost nothing.
 */
export function encodeReasoning(parts: readonly Part[]): {
  readonly reasoning_content?: string;
  readonly reasoning_details?: readonly ReasoningDetail[];
} {
  const reasoning = parts.filter((part) => part.type === 'reasoning');
  const shown = joinReasoning(reasoning);
  const sealed = parts.some((part) => (part.type === 'reasoning' || part.type === 'text') && part.seal);
  if (!sealed) return shown === '' ? {} : { reasoning_content: shown };
  const details: ReasoningDetail[] = [];
  for (const part of reasoning) details.push(encodeDetail(part, details.length, dialect));
  for (const part of parts)
    if (part.type === 'text' && part.seal) details.push(encodeTextSeal(part.seal, details.length));
  return { ...(shown !== '' && { reasoning_content: shown }), reasoning_details: details };
}

export function encodeDetail(part: ReasoningPart, index: number, carrier: string): ReasoningDetail {
  const { seal } = part;
  if (!seal) return { type: 'reasoning.text', text: part.text, index };
  if (part.text === '')
    return {
      type: 'reasoning.encrypted',
      data: carrySeal(seal, carrier, part.redacted ? 'redacted' : undefined),
      index,
    };
  return { type: 'reasoning.text', text: part.text, signature: carrySeal(seal, carrier), index };
}

/** Gemini signs text as well: such a seal travels as a block of its own that names what it belongs to. */
export function encodeTextSeal(seal: Seal, index: number): ReasoningDetail {
  return { type: 'reasoning.encrypted', data: carrySeal(seal, dialect, 'text'), index };
}

export function joinReasoning(parts: readonly ReasoningPart[]): string {
  return parts
    .map((part) => part.text)
    .filter((piece) => piece !== '')
    .join('\n\n');
}
