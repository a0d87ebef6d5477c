import type {
  CacheMark,
  Citation,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResult,
} from '../../conversation/message.ts';
import { isObject, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { encodeMedia, type MediaWriter } from './media.ts';
import { dialect, ownExtras } from './vocabulary.ts';
import type { WireBlock, WireCachePoint } from './wire.ts';

export interface BlockWriter extends MediaWriter {
  readonly signer: string;
  readonly facts: ModelFacts;
}

type Role = 'user' | 'assistant' | 'system' | 'result';

/** The parts of a turn as content blocks, a cache point behind each that is marked; what cannot be said there is reported. */
export function encodeParts(parts: readonly Part[], role: Role, writer: BlockWriter): WireBlock[] {
  return parts.flatMap((part) => {
    const block = encodePart(part, role, writer);
    return block ? [block, ...pointAfter(part, role, writer)] : [];
  });
}

/** Thinking takes no cache point, and within a result there is no place for one: it goes behind the result. */
function pointAfter(part: Part, role: Role, { facts }: BlockWriter): WireBlock[] {
  if (!part.cache || facts.cacheBreakpoints !== true || role === 'result' || part.type === 'reasoning') return [];
  return [{ cachePoint: cachePoint(part.cache) }];
}

/** Two lifetimes here, others elsewhere: the one that lasts at least half an hour stands for all longer ones (P2). */
export function cachePoint({ ttl }: CacheMark): WireCachePoint {
  if (ttl === undefined) return { type: 'default' };
  return { type: 'default', ttl: ttl === '5m' ? '5m' : '1h' };
}

export function encodeResult(result: ToolResult, writer: BlockWriter): WireBlock[] {
  const { facts, report } = writer;
  const content: WireBlock[] = result.structured
    ? [{ json: result.structured }]
    : encodeParts(result.content, 'result', writer);
  // T12: an empty result is refused.
  if (content.length === 0) content.push({ text: '(no output)' });
  if (result.failed && facts.toolResultStatus !== true)
    report({
      type: 'dropped',
      field: `${result.at ?? 'messages'}.status`,
      detail: 'This model is not known to be told that a tool failed; the result’s text says what it says.',
    });
  const mark = result.cache ?? result.content.find(({ cache }) => cache)?.cache;
  const block = {
    toolResult: {
      ...ownExtras(result.extras),
      toolUseId: result.callId,
      content,
      ...(result.failed && facts.toolResultStatus === true && { status: 'error' }),
    },
  };
  return mark && facts.cacheBreakpoints === true ? [block, { cachePoint: cachePoint(mark) }] : [block];
}

function encodePart(part: Part, role: Role, writer: BlockWriter): WireBlock | undefined {
  const field = part.at ?? 'messages';
  switch (part.type) {
    case 'text':
      return encodeText(part, role, writer);
    case 'refusal':
      return part.text.trim() === '' ? undefined : { text: part.text };
    case 'media':
      if (role === 'assistant' || role === 'system') {
        writer.report({ type: 'dropped', field, detail: `Bedrock takes no ${part.kind} in ${role} turns.` });
        return undefined;
      }
      return encodeMedia(part, writer);
    case 'reasoning':
      return encodeReasoning(part, writer);
    case 'tool-call':
      return encodeCall(part);
    case 'server-tool-call':
      writer.report({ type: 'approximated', field, detail: 'Another vendor’s web search was told as text.' });
      return { text: `(Searched the web for: ${part.query})` };
    case 'server-tool-result': {
      writer.report({ type: 'approximated', field, detail: 'Another vendor’s web search result was told as text.' });
      const found = part.results.map(({ url, title }) => (title === undefined ? url : `${title}: ${url}`));
      return { text: part.error === undefined ? ['(Web search results)', ...found].join('\n') : `(${part.error})` };
    }
    case 'native':
      if (part.dialect === dialect) return { ...part.value };
      writer.report({
        type: 'dropped',
        field,
        detail: `Only ${part.dialect} knows a part of type ${JSON.stringify(part.value.type ?? null)}.`,
      });
      return undefined;
  }
}

/** T12: text of white space alone is refused. */
function encodeText(part: TextPart, role: Role, writer: BlockWriter): WireBlock | undefined {
  if (part.text.trim() === '') return undefined;
  const { citations = [] } = part;
  const own = role === 'assistant' ? citations.flatMap(ownCitation) : [];
  if (own.length < citations.length)
    writer.report({
      type: 'dropped',
      field: `${part.at ?? 'messages'}.citations`,
      detail: 'Citations can only be sent back to the vendor that made them.',
    });
  return own.length > 0
    ? { citationsContent: { content: [{ text: part.text }], citations: own } }
    : { text: part.text };
}

export function ownCitation(citation: Citation): JsonObject[] {
  if (citation.type === 'native') return citation.dialect === dialect ? [citation.value] : [];
  const written = ownExtras(citation.extras)['@citation'];
  return isObject(written) ? [written] : [];
}

/** B2: only what this very place signed; unsigned and foreign thoughts are refused. */
function encodeReasoning(part: ReasoningPart, { signer, report }: BlockWriter): WireBlock | undefined {
  if (part.seal?.issuer === signer) return reasoningBlock(part.text, part.seal.value, part.redacted);
  if (part.text !== '')
    report({
      type: 'dropped',
      field: part.at ?? 'messages',
      detail: 'Bedrock takes back only reasoning that it signed itself.',
    });
  return undefined;
}

export function reasoningBlock(text: string, signature: string | undefined, redacted: boolean | undefined): WireBlock {
  if (redacted && signature !== undefined) return { reasoningContent: { redactedContent: signature } };
  return { reasoningContent: { reasoningText: { text, ...(signature !== undefined && { signature }) } } };
}

export function encodeCall(part: ToolCallPart): WireBlock {
  return { toolUse: { ...ownExtras(part.extras), toolUseId: part.id, name: part.name, input: inputOf(part) } };
}

/** T9: `input` is an object, whatever the model wrote. */
function inputOf(part: Pick<ToolCallPart, 'kind' | 'arguments'>): Json {
  if (part.kind === 'custom') return { input: part.arguments };
  if (part.arguments.trim() === '') return {};
  const input = tryParseJson(part.arguments);
  if (isObject(input)) return input;
  return input === null ? {} : { input: input === undefined ? part.arguments : input };
}
