import { awsEventStream } from '../bytes/aws-event-stream.ts';
import { base64OfBytes, bytesOfBase64, isBase64 } from '../bytes/base64.ts';
import { FramingError, type Frame, type ReplyFraming } from '../bytes/framing.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';
import { decodeException } from '../dialects/bedrock-converse/errors.ts';
import { bedrockConverse } from '../dialects/bedrock-converse/index.ts';
import type { Binding } from '../dialects/binding.ts';
import { isObject, lookUp, text, tryParseJson, type Json, type JsonObject } from '../json.ts';

const anthropicVersion = 'bedrock-2023-05-31';

/** Claude's own Messages by InvokeModel (B1): model and streaming are said by the path, flags stand in the body. */
export const invokeClaude: Binding = {
  envelopes: {
    generate: {
      set: { anthropic_version: anthropicVersion },
      omit: ['model', 'stream'],
      omitHeaders: ['anthropic-version'],
      headerMembers: { 'anthropic-beta': { member: 'anthropic_beta', allows, governs } },
    },
  },
  framing: { contentType: awsEventStream.contentType, reader: messageReader },
  decodeError: bedrockConverse.decodeError,
  counting: {
    encodeRequest(conversation, context) {
      const { body } = anthropicMessages.encodeRequest(conversation, context);
      const { model: _, stream: __, ...rest } = body;
      const invoked = JSON.stringify({ ...rest, anthropic_version: anthropicVersion });
      return { body: { input: { invokeModel: { body: base64OfBytes(new TextEncoder().encode(invoked)) } } } };
    },
    decodeReply: (body) => bedrockConverse.counting?.decodeReply(body) ?? 0,
  },
};

/**
 * H3: an unknown flag is a 400. By families, as dates move on. Source: Bedrock user guide, Anthropic Claude Messages API,
 * `anthropic_beta`, with the flags that litellm and ai-gateway pass.
 */
const flags = new Set([
  ...[
    'computer-use',
    'token-efficient-tools',
    'interleaved-thinking',
    'output-128k',
    'dev-full-thinking',
    'context-1m',
  ],
  ...['context-management', 'effort', 'tool-search-tool', 'tool-examples', 'fine-grained-tool-streaming', 'compact'],
]);

function family(flag: string): string {
  return flag.replace(/-\d{4}-\d{2}-\d{2}$/, '');
}

function allows(flag: string): boolean {
  return flags.has(family(flag));
}

/** H4: what cannot be said without a flag that is not taken. */
const governed: Readonly<Record<string, readonly string[]>> = {
  'mcp-client': ['mcp_servers'],
  'server-side-fallback': ['fallbacks'],
  'fallback-credit': ['fallback_credit_token'],
  'user-profiles-billing': ['billing_policy'],
  'fast-mode': ['speed'],
};

function governs(flag: string): readonly string[] {
  return lookUp(governed, family(flag)) ?? [];
}

/** Anthropic's events, each in base64 within a message of AWS's; exceptions become the error event that Anthropic has. */
function messageReader(options?: Parameters<ReplyFraming['reader']>[0]) {
  const messages = awsEventStream.reader(options);
  return { push: (bytes: Uint8Array) => messages.push(bytes).map(unwrapped), end: () => messages.end().map(unwrapped) };
}

function unwrapped(frame: Frame): Frame {
  if (frame.exception) return errorFrame(frame);
  const chunk = tryParseJson(frame.data);
  const bytes = isObject(chunk) ? text(chunk.bytes) : undefined;
  if (bytes === undefined || !isBase64(bytes)) throw new FramingError('A chunk of the stream holds no base64 "bytes".');
  const data = new TextDecoder().decode(bytesOfBase64(bytes));
  const event = eventType(data);
  return event === undefined ? { data } : { event, data };
}

function errorFrame({ event = '', data }: Frame): Frame {
  const { body } = anthropicMessages.encodeError(decodeException(event, data), {});
  const { request_id: _, ...error }: JsonObject = body;
  return { event: 'error', data: JSON.stringify(error) };
}

/** Anthropic's SDKs look at the SSE event's name, which is the payload's type; that comes first in every event it sends. */
function eventType(data: string): string | undefined {
  const early = /^\{\s*"type"\s*:\s*"(\w+)"/.exec(data)?.[1];
  if (early !== undefined) return early;
  const parsed: Json | undefined = tryParseJson(data);
  return isObject(parsed) ? text(parsed.type) : undefined;
}
