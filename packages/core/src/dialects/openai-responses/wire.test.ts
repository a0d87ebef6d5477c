import type { Responses, ResponseUsage } from 'openai/resources/responses/responses';
import type * as Sdk from 'openai/resources/responses/responses';
import { describe, expectTypeOf, test } from 'vitest';
import type * as Wire from './wire.ts';

/** The SDK's types are mutable and know `undefined`: ours are compared as the plain data they are. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;

type Params = Parameters<Responses['create']>[0];

describe('what we write is what OpenAI types', () => {
  test('requests', () => {
    expectTypeOf<Plain<Omit<Wire.ResponsesRequest, 'input' | 'stream'>>>().toExtend<Omit<Params, 'input' | 'stream'>>();
    expectTypeOf<Plain<Wire.WireTool>>().toExtend<Sdk.Tool>();
    expectTypeOf<Plain<Wire.WireText>>().toExtend<Sdk.ResponseTextConfig>();
    expectTypeOf<Wire.ServiceTier>().toExtend<Sdk.ServiceTier>();
    expectTypeOf<Wire.Includable>().toEqualTypeOf<Sdk.ResponseIncludable>();
  });
  test('items, but for reasoning, which goes without the id that the SDK wants', () => {
    expectTypeOf<Plain<Exclude<Wire.InputItem, Wire.ReasoningInput>>>().toExtend<Sdk.ResponseInputItem>();
    expectTypeOf<Plain<Wire.ReasoningInput & { id: string }>>().toExtend<Sdk.ResponseReasoningItem>();
    expectTypeOf<Plain<Wire.ReasoningInput>>().not.toExtend<Sdk.ResponseReasoningItem>();
    expectTypeOf<Plain<Wire.InputAudio>>().toExtend<Sdk.ResponseInputAudio>();
  });
  test('replies', () => {
    expectTypeOf<Plain<Wire.WireUsage>>().toExtend<ResponseUsage>();
    expectTypeOf<Plain<Wire.WebSearchCall>>().toExtend<Sdk.ResponseFunctionWebSearch>();
    expectTypeOf<Plain<Wire.UrlCitation>>().toExtend<Sdk.ResponseOutputText.URLCitation>();
    expectTypeOf<Plain<Omit<Wire.OutputMessage, 'content'>>>().toExtend<Omit<Sdk.ResponseOutputMessage, 'content'>>();
    expectTypeOf<Wire.ItemStatus>().toExtend<Sdk.ResponseStatus>();
  });
  test('every word of the SDK’s unions that we translate is known', () => {
    expectTypeOf<NonNullable<Sdk.Response.IncompleteDetails['reason']>>().toEqualTypeOf<
      'max_output_tokens' | 'max_messages' | 'content_filter' | 'steered'
    >();
    expectTypeOf<NonNullable<Sdk.ServiceTier>>().toEqualTypeOf<Wire.ServiceTier>();
    expectTypeOf<NonNullable<Sdk.Response['status']>>().toEqualTypeOf<
      'completed' | 'failed' | 'in_progress' | 'cancelled' | 'queued' | 'incomplete'
    >();
  });
});
