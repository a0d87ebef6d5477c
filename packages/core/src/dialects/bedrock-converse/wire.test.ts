import type {
  CachePointBlock, ContentBlock, ConverseRequest, DocumentBlock, ImageBlock, InferenceConfiguration, Message, OutputConfig,
  ReasoningContentBlock, ServiceTier, StopReason, SystemContentBlock, TokenUsage, Tool, ToolChoice, ToolResultBlock,
  ToolResultContentBlock, ToolSpecification, ToolUseBlock, VideoBlock, AudioBlock,
} from '@aws-sdk/client-bedrock-runtime'; // prettier-ignore
import { expectTypeOf, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import type {
  WireAudio, WireCachePoint, WireDocument, WireImage, WireInferenceConfig, WireOutputConfig, WireReasoning, WireRequest,
  WireServiceTier, WireStopReason, WireToolChoice, WireToolResult, WireToolSpec, WireToolUse, WireUsage, WireVideo,
} from './wire.ts'; // prettier-ignore

/**
 * Our types against @aws-sdk/client-bedrock-runtime 3.1164.0. Deviations: its Uint8Array is base64 text on the wire, so that
 * sources are compared with the SDK's after that exchange; schemas and inputs, its `DocumentType`, are JSON here; what is
 * carried through as it came (guard content, system tools) is a JsonObject.
 */
type OnWire<T> = T extends Uint8Array
  ? string
  : T extends (infer Item)[]
    ? OnWire<Item>[]
    : T extends object
      ? { [K in keyof T]: OnWire<T[K]> }
      : T;

test('what we write of a request, the SDK would write too', () => {
  expectTypeOf<WireInferenceConfig>().toExtend<InferenceConfiguration>();
  expectTypeOf<WireOutputConfig>().toExtend<OutputConfig>();
  expectTypeOf<{ type: WireServiceTier }>().toEqualTypeOf<{ type: NonNullable<ServiceTier['type']> }>();
  expectTypeOf<WireToolChoice>().toExtend<ToolChoice>();
  expectTypeOf<Omit<WireToolSpec, 'inputSchema'>>().toExtend<Omit<ToolSpecification, 'inputSchema'>>();
  expectTypeOf<{ cachePoint: WireCachePoint }>().toExtend<Tool & object>();
  expectTypeOf<{ cachePoint: WireCachePoint }>().toExtend<SystemContentBlock & object>();
  expectTypeOf<keyof WireRequest>().toExtend<keyof ConverseRequest>();
});

test('what we write of blocks, the SDK would write too', () => {
  expectTypeOf<WireCachePoint>().toExtend<CachePointBlock>();
  expectTypeOf<{ text: string }>().toExtend<ContentBlock & object>();
  expectTypeOf<WireImage['format']>().toEqualTypeOf<NonNullable<ImageBlock['format']>>();
  expectTypeOf<WireDocument['format']>().toEqualTypeOf<NonNullable<DocumentBlock['format']>>();
  expectTypeOf<WireVideo['format']>().toEqualTypeOf<NonNullable<VideoBlock['format']>>();
  expectTypeOf<WireAudio['format']>().toEqualTypeOf<NonNullable<AudioBlock['format']>>();
  expectTypeOf<Omit<WireDocument, 'source'>>().toExtend<Omit<DocumentBlock, 'source'>>();
  expectTypeOf<WireImage['source']>().toExtend<OnWire<NonNullable<ImageBlock['source']>>>();
  expectTypeOf<WireReasoning>().toExtend<OnWire<ReasoningContentBlock>>();
  expectTypeOf<Omit<WireToolUse, 'input'>>().toExtend<Omit<ToolUseBlock, 'input'>>();
  expectTypeOf<Omit<WireToolResult, 'content'>>().toExtend<Omit<ToolResultBlock, 'content'>>();
  expectTypeOf<{ image: WireImage }>().toExtend<OnWire<ToolResultContentBlock>>();
  expectTypeOf<'user' | 'assistant'>().toExtend<NonNullable<Message['role']>>();
});

test('what we read of a reply, the SDK expects', () => {
  expectTypeOf<WireStopReason>().toEqualTypeOf<StopReason>();
  expectTypeOf<WireUsage>().toExtend<TokenUsage>();
  expectTypeOf<keyof TokenUsage>().toExtend<keyof WireUsage>();
});

test('everything is JSON', () => {
  expectTypeOf<WireRequest>().toExtend<JsonObject>();
  expectTypeOf<WireUsage>().toExtend<JsonObject>();
});
