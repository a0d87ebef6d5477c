import type Anthropic from '@anthropic-ai/sdk';
import { expectTypeOf, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import type { WireEffort, WireThinking } from '../claude-thinking.ts';
import type {
  WireBlock, WireCacheControl, WireDeltaUsage, WireDocumentBlock, WireError, WireFunctionTool, WireImageBlock,
  WireOutputConfig, WireRedactedThinkingBlock, WireReply, WireRequest, WireStopReason, WireTextBlock,
  WireThinkingBlock, WireToolChoice, WireToolResultBlock, WireToolUseBlock, WireUsage, WireWebSearchTool,
} from './wire.ts'; // prettier-ignore

/**
 * Our types against @anthropic-ai/sdk 1.11.0. Deviations: what is carried through as JSON (citations, native blocks and
 * tools, open strings like a media type, schemas) is wider here; sampling is gone from the SDK's types since API version
 * 2026-10-21, but 2023-06-01 has it; `request_too_large` and `conflict_error` are documented, the SDK's union lacks one.
 */
type Sdk = Anthropic.MessageCreateParams;

test('what we write of a request, the SDK would write too', () => {
  type Scalar = Omit<WireRequest, 'messages' | 'tools' | 'system' | 'temperature' | 'top_p' | 'top_k'>;
  type Exact = Omit<Scalar, 'stream' | 'output_config'> & { output_config?: { effort?: WireEffort } };
  expectTypeOf<Exact>().toExtend<Omit<Anthropic.MessageCreateParamsNonStreaming, 'messages'>>();
  expectTypeOf<WireOutputConfig['format'] & {}>().toExtend<Anthropic.JSONOutputFormat>();
  expectTypeOf<WireThinking>().toExtend<Anthropic.ThinkingConfigParam>();
  expectTypeOf<WireToolChoice>().toExtend<Anthropic.ToolChoice>();
  expectTypeOf<WireCacheControl>().toExtend<Anthropic.CacheControlEphemeral>();
  expectTypeOf<WireFunctionTool>().toExtend<Anthropic.Tool>();
  expectTypeOf<Omit<WireWebSearchTool, 'type' | 'name'>>().toExtend<
    Omit<Anthropic.WebSearchTool20250305, 'type' | 'name'>
  >();
  expectTypeOf<Sdk['max_tokens']>().toEqualTypeOf<WireRequest['max_tokens']>();
});

test('what we write of blocks, the SDK would write too', () => {
  expectTypeOf<Omit<WireTextBlock, 'citations'>>().toExtend<Anthropic.TextBlockParam>();
  expectTypeOf<WireThinkingBlock>().toExtend<Anthropic.ThinkingBlockParam>();
  expectTypeOf<WireRedactedThinkingBlock>().toExtend<Anthropic.RedactedThinkingBlockParam>();
  expectTypeOf<Omit<WireToolUseBlock, 'caller'>>().toExtend<Anthropic.ToolUseBlockParam>();
  expectTypeOf<Omit<WireToolResultBlock, 'content'>>().toExtend<Anthropic.ToolResultBlockParam>();
  expectTypeOf<Omit<WireImageBlock, 'source'>>().toExtend<Omit<Anthropic.ImageBlockParam, 'source'>>();
  expectTypeOf<Omit<WireDocumentBlock, 'source'>>().toExtend<Omit<Anthropic.DocumentBlockParam, 'source'>>();
  expectTypeOf<Exclude<WireDocumentBlock['source'], { type: 'base64' | 'content' }>>().toExtend<
    Anthropic.DocumentBlockParam['source']
  >();
});

test('what we write of a reply, the SDK expects', () => {
  expectTypeOf<WireUsage>().toExtend<Anthropic.Usage>();
  expectTypeOf<WireDeltaUsage>().toExtend<Anthropic.MessageDeltaUsage>();
  expectTypeOf<Exclude<WireStopReason, 'compaction'>>().toEqualTypeOf<Anthropic.StopReason>();
  expectTypeOf<WireStopReason>().toEqualTypeOf<Anthropic.Beta.BetaStopReason>();
  expectTypeOf<Pick<WireReply, 'id' | 'type' | 'role' | 'model' | 'stop_sequence' | 'usage'>>().toExtend<
    Pick<Anthropic.Message, 'id' | 'type' | 'role' | 'model' | 'stop_sequence' | 'usage'>
  >();
  expectTypeOf<keyof Anthropic.Message>().toExtend<keyof WireReply>();
  expectTypeOf<Anthropic.ErrorObject['type']>().toExtend<WireError['error']['type']>();
  expectTypeOf<WireError['request_id']>().toEqualTypeOf<Anthropic.ErrorResponse['request_id']>();
});

test('everything is JSON', () => {
  expectTypeOf<WireRequest>().toExtend<JsonObject>();
  expectTypeOf<WireBlock>().toExtend<JsonObject>();
  expectTypeOf<WireReply>().toExtend<JsonObject>();
  expectTypeOf<WireError>().toExtend<JsonObject>();
});
