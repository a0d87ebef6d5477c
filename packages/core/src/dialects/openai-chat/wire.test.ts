import type OpenAI from 'openai';
import { expectTypeOf, test } from 'vitest';
import type {
  ChatMessage,
  ChatReply,
  ChatRequest,
  ChatTool,
  ChatToolChoice,
  ChatUsage,
  ContentPart,
  ResponseFormat,
  ToolCall,
} from './wire.ts';

type Create = OpenAI.Chat.Completions.ChatCompletionCreateParams;

/** Members of other vendors: sent only to models that are known to take them. */
type VendorMembers = 'top_k' | 'thinking' | 'enable_thinking' | 'thinking_budget';
type Mutable<T> = T extends (...args: never[]) => unknown ? T : { -readonly [K in keyof T]: Mutable<T[K]> };

test('what the encoder may send is what the SDK may send', () => {
  expectTypeOf<
    Mutable<Omit<ChatRequest, VendorMembers | 'messages' | 'logit_bias' | 'tools' | 'stream' | 'response_format'>>
  >().toExtend<Omit<Create, 'messages' | 'logit_bias' | 'tools' | 'stream' | 'response_format'>>();
  expectTypeOf<
    Mutable<Exclude<ContentPart, { type: 'video_url' }>>
  >().toExtend<OpenAI.Chat.Completions.ChatCompletionContentPart>();
  expectTypeOf<ResponseFormat['type']>().toEqualTypeOf<NonNullable<Create['response_format']>['type']>();
  expectTypeOf<Mutable<ChatToolChoice>>().toExtend<OpenAI.Chat.Completions.ChatCompletionToolChoiceOption>();
  expectTypeOf<
    Mutable<Extract<ChatTool, { type: 'custom' }>>
  >().toExtend<OpenAI.Chat.Completions.ChatCompletionCustomTool>();
  expectTypeOf<Mutable<ToolCall>>().toExtend<OpenAI.Chat.Completions.ChatCompletionMessageToolCall>();
  expectTypeOf<
    Mutable<Exclude<ChatMessage, { role: 'user' | 'assistant' }>>
  >().toExtend<OpenAI.Chat.Completions.ChatCompletionMessageParam>();
});

test('what the encoder answers is what the SDK reads', () => {
  expectTypeOf<Mutable<ChatUsage>>().toExtend<OpenAI.Completions.CompletionUsage>();
  expectTypeOf<Mutable<Omit<ChatReply, 'choices'>>>().toExtend<Omit<OpenAI.ChatCompletion, 'choices'>>();
  type Choice = ChatReply['choices'][number];
  expectTypeOf<Mutable<Choice['message']['content']>>().toEqualTypeOf<OpenAI.ChatCompletionMessage['content']>();
  expectTypeOf<Choice['finish_reason']>().toEqualTypeOf<OpenAI.ChatCompletion.Choice['finish_reason']>();
});
