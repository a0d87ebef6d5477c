import type { Conversation } from '../conversation/conversation.ts';
import type { MediaPart, Message, Part, ToolResult } from '../conversation/message.ts';
import type { Tool } from '../conversation/tool.ts';
import { estimateTextTokens } from './estimate-text.ts';

/**
 * Tokens in a JSON body of so many bytes, for reserving room before anybody knows better. Three bytes a token holds for
 * English (3.5-4.5), code (about 3) and CJK (3 bytes and about one token a character) alike. Base64 costs far less than
 * its length says: see estimateBodyTokens.
 */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / 3);
}

const quote = 0x22;
const space = 0x20;
/** No word of any language is as long; a string of this length without a space is base64. */
const minBase64Bytes = 4096;
/** What a file costs, flat: pictures cost no more than this. */
export const base64StringTokens = 4800;
const alwaysPlainBytes = 32 * 1024;

/** As estimateTokens, but images and files in base64 count flat, however many bytes they have. */
export function estimateBodyTokens(body: Uint8Array): number {
  if (body.length < alwaysPlainBytes) return estimateTokens(body.length);
  let plain = body.length;
  let tokens = 0;
  for (let from = body.indexOf(quote); from >= 0;) {
    const to = body.indexOf(quote, from + 1);
    if (to < 0) break;
    if (to - from > minBase64Bytes && !body.subarray(from, to).includes(space)) {
      plain -= to - from;
      tokens += base64StringTokens;
    }
    from = to;
  }
  return tokens + estimateTokens(plain);
}

const conversationTokens = 16;
const messageTokens = 8;
/** What vendors write around the tools: Anthropic's own prompt for tool use is about 350 to 600 tokens. */
const anyToolTokens = 600;
const toolTokens = 16;
/** Vendors do not publish what their own tools' descriptions cost: computer use was measured at about 1200. */
const vendorToolTokens = 1500;

/**
 * Tokens in a prompt, rather too many than too few: an agent that trusts it compacts early, never too late (N1). Counts
 * system, turns, tools, their results, schemas and media. By kind of content: estimate-text.ts and the table below.
 */
export function estimatePromptTokens(conversation: Conversation): number {
  const { messages, tools, output } = conversation;
  let tokens = conversationTokens;
  for (const message of messages) tokens += messageTokens + tokensOfMessage(message);
  if (tools.length > 0) tokens += anyToolTokens;
  for (const tool of tools) tokens += tokensOfTool(tool);
  if (output?.type === 'json-schema') tokens += tokensOfJson(output.schema) + toolTokens;
  return Math.ceil(tokens);
}

function tokensOfMessage(message: Message): number {
  if (message.role === 'tool') return sum(message.results, tokensOfResult);
  return sum(message.parts, tokensOfPart);
}

function tokensOfResult(result: ToolResult): number {
  return messageTokens + estimateTextTokens(result.callId + (result.name ?? '')) + sum(result.content, tokensOfPart);
}

function tokensOfPart(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return estimateTextTokens(part.text);
    case 'media':
      return tokensOfMedia(part);
    case 'reasoning':
      // The text may be a summary; the sealed original is what is charged. A seal is base64: 3 bytes in 4 characters.
      return Math.max(estimateTextTokens(part.text), (part.seal?.value.length ?? 0) / 4);
    case 'tool-call':
      return toolTokens + estimateTextTokens(part.id + part.name) + estimateTextTokens(part.arguments);
    case 'server-tool-call':
      return toolTokens + estimateTextTokens(part.query);
    case 'server-tool-result':
      return toolTokens + (part.native ? tokensOfJson(part.native.value) : tokensOfJson(part.results));
    case 'native':
      return tokensOfJson(part.value);
  }
}

/**
 * Images are resized by the vendors, so that dimensions beyond a point cost no more: up to 1600 tokens with older models,
 * 4800 with those of high resolution. The others grow with their length; bytesPerToken assumes a low bit rate, and for
 * documents one dense page in 30 kB (2300 tokens with its picture).
 */
const media = {
  image: { bytesPerToken: 30, least: 1000, most: 4800, unknown: 4800 },
  document: { bytesPerToken: 12, least: 3000, most: 1_000_000, unknown: 10_000 },
  audio: { bytesPerToken: 60, least: 300, most: 1_000_000, unknown: 5000 },
  video: { bytesPerToken: 100, least: 3000, most: 1_000_000, unknown: 20_000 },
} as const satisfies Record<MediaPart['kind'], Record<string, number>>;

function tokensOfMedia({ kind, source, context, name }: MediaPart): number {
  const around = estimateTextTokens(context ?? '') + estimateTextTokens(name ?? '');
  if (source.type === 'text') return around + estimateTextTokens(source.text);
  const { bytesPerToken, least, most, unknown } = media[kind];
  if (source.type !== 'base64') return around + unknown;
  const bytes = (source.data.length * 3) / 4;
  return around + Math.min(Math.max(bytes / bytesPerToken, least), most);
}

function tokensOfTool(tool: Tool): number {
  switch (tool.type) {
    case 'function': {
      const { name, namespace, description = '', parameters } = tool;
      const words = estimateTextTokens(name) + estimateTextTokens(description);
      const group = estimateTextTokens(namespace?.name ?? '') + estimateTextTokens(namespace?.description ?? '');
      return toolTokens + words + group + (parameters ? tokensOfJson(parameters) : 0);
    }
    case 'custom': {
      const { name, description = '', format } = tool;
      const grammar = format?.type === 'grammar' ? estimateTextTokens(format.definition) : 0;
      return toolTokens + estimateTextTokens(name) + estimateTextTokens(description) + grammar;
    }
    case 'web-search':
      return vendorToolTokens;
    case 'native':
      return vendorToolTokens + tokensOfJson(tool.value);
  }
}

function tokensOfJson(value: unknown): number {
  return estimateTextTokens(JSON.stringify(value));
}

function sum<T>(items: readonly T[], tokensOf: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += tokensOf(item);
  return total;
}
