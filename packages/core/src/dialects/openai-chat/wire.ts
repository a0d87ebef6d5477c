import type { Json, JsonObject } from '../../json.ts';

/**
 * OpenAI Chat Completions as documented by openai 7.55 (resources/chat/completions), plus the vendor members that have
 * become custom: `reasoning_content` (DeepSeek), `reasoning` and `reasoning_details` (OpenRouter), `images` (OpenRouter),
 * `extra_content` (Google). These types say what the encoders write; decoders narrow unknown JSON instead.
 */
export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ChatTool[];
  readonly tool_choice?: ChatToolChoice;
  readonly parallel_tool_calls?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  /** Not OpenAI's: Qwen, vLLM and others. */
  readonly top_k?: number;
  readonly seed?: number;
  /** Mistral's name for it. */
  readonly random_seed?: number;
  readonly stop?: readonly string[];
  readonly presence_penalty?: number;
  readonly frequency_penalty?: number;
  readonly n?: number;
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
  readonly logit_bias?: JsonObject;
  readonly reasoning_effort?: ReasoningEffort;
  /** DeepSeek, GLM, Kimi. */
  readonly thinking?: { readonly type: 'enabled' | 'disabled' };
  /** Qwen. */
  readonly enable_thinking?: boolean;
  readonly thinking_budget?: number;
  /** vLLM, SGLang, llama.cpp: what the model's own template is told. */
  readonly chat_template_kwargs?: { readonly enable_thinking: boolean };
  /** OpenRouter. */
  readonly reasoning?:
    { readonly effort: ReasoningEffort } | { readonly max_tokens: number } | { readonly enabled: boolean };
  readonly response_format?: ResponseFormat;
  readonly verbosity?: 'low' | 'medium' | 'high';
  readonly user?: string;
  readonly safety_identifier?: string;
  readonly service_tier?: ServiceTier;
  readonly prompt_cache_key?: string;
  readonly web_search_options?: WebSearchOptions;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean; readonly include_obfuscation?: boolean };
};

type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
export type ServiceTier = 'auto' | 'default' | 'flex' | 'scale' | 'priority' | 'fast';

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly json_schema: {
        readonly name: string;
        readonly description?: string;
        readonly schema?: JsonObject;
        readonly strict?: boolean;
      };
    };

export type WebSearchOptions = {
  readonly search_context_size?: 'low' | 'medium' | 'high';
  readonly user_location?: {
    readonly type: 'approximate';
    readonly approximate: {
      readonly city?: string;
      readonly country?: string;
      readonly region?: string;
      readonly timezone?: string;
    };
  };
};

export type ChatMessage = SystemTurn | UserTurn | AssistantTurn | ToolTurn;

export type SystemTurn = {
  readonly role: 'system' | 'developer';
  readonly content: string | readonly TextContent[];
  readonly name?: string;
};

type UserTurn = {
  readonly role: 'user';
  readonly content: string | readonly ContentPart[];
  readonly name?: string;
};

export type AssistantTurn = {
  readonly role: 'assistant';
  readonly content?: string | readonly TextContent[] | null;
  readonly refusal?: string;
  readonly name?: string;
  readonly audio?: { readonly id: string };
  readonly tool_calls?: readonly ToolCall[];
  /** Mistral: the reply goes on from this turn. */
  readonly prefix?: true;
  readonly reasoning_content?: string;
  readonly reasoning?: string;
  readonly reasoning_details?: readonly ReasoningDetail[];
};

type ToolTurn = {
  readonly role: 'tool';
  readonly tool_call_id: string;
  readonly content: string | readonly TextContent[];
};

export type CacheBreakpoint = { readonly mode: 'explicit'; readonly ttl?: '30m' | '12h' };

export type TextContent = {
  readonly type: 'text';
  readonly text: string;
  readonly prompt_cache_breakpoint?: CacheBreakpoint;
};

type ImageContent = {
  readonly type: 'image_url';
  readonly image_url: { readonly url: string; readonly detail?: 'auto' | 'low' | 'high' | 'original' };
  readonly prompt_cache_breakpoint?: CacheBreakpoint;
};

type AudioContent = {
  readonly type: 'input_audio';
  readonly input_audio: { readonly data: string; readonly format: 'wav' | 'mp3' };
  readonly prompt_cache_breakpoint?: CacheBreakpoint;
};

type FileContent = {
  readonly type: 'file';
  readonly file: { readonly file_data?: string; readonly file_id?: string; readonly filename?: string };
  readonly prompt_cache_breakpoint?: CacheBreakpoint;
};

/** Not OpenAI's: Qwen, GLM, Kimi, vLLM. */
type VideoContent = { readonly type: 'video_url'; readonly video_url: { readonly url: string } };

export type ContentPart = TextContent | ImageContent | AudioContent | FileContent | VideoContent;

/** Google's OpenAI-compatible endpoint signs calls here. */
export type ExtraContent = { readonly google: { readonly thought_signature: string } };

type FunctionCall = {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: ExtraContent;
};

type CustomCall = {
  readonly id: string;
  readonly type: 'custom';
  readonly custom: { readonly name: string; readonly input: string };
  readonly extra_content?: ExtraContent;
};

export type ToolCall = FunctionCall | CustomCall;

export type ChatTool =
  | {
      readonly type: 'function';
      readonly function: {
        readonly name: string;
        readonly description?: string;
        readonly parameters?: JsonObject;
        readonly strict?: boolean;
      };
    }
  | {
      readonly type: 'custom';
      readonly custom: {
        readonly name: string;
        readonly description?: string;
        readonly format?:
          | { readonly type: 'text' }
          | {
              readonly type: 'grammar';
              readonly grammar: { readonly syntax: 'lark' | 'regex'; readonly definition: string };
            };
      };
    };

export type NamedTool =
  | { readonly type: 'function'; readonly function: { readonly name: string } }
  | { readonly type: 'custom'; readonly custom: { readonly name: string } };

export type ChatToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | NamedTool
  | {
      readonly type: 'allowed_tools';
      readonly allowed_tools: { readonly mode: 'auto' | 'required'; readonly tools: readonly NamedTool[] };
    };

/** OpenRouter's list of reasoning blocks; also our one carrier of seals through Chat (Z6). */
export type ReasoningDetail =
  | { readonly type: 'reasoning.text'; readonly text: string; readonly signature?: string; readonly index: number }
  | { readonly type: 'reasoning.encrypted'; readonly data: string; readonly index: number };

export type ChatReply = {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly ChatChoice[];
  readonly usage?: ChatUsage;
};

type ChatChoice = {
  readonly index: number;
  readonly message: ReplyMessage;
  readonly logprobs: Json;
  readonly finish_reason: ChatFinishReason;
  /** OpenRouter's member for the vendor's own word. */
  readonly native_finish_reason?: string;
};

export type ChatFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call';

export type ReplyMessage = {
  readonly role: 'assistant';
  readonly content: string | null;
  readonly refusal: string | null;
  readonly reasoning_content?: string;
  readonly reasoning_details?: readonly ReasoningDetail[];
  readonly annotations?: readonly JsonObject[];
  readonly audio?: JsonObject;
  readonly images?: readonly ImageContent[];
  readonly tool_calls?: readonly ToolCall[];
  readonly function_call?: { readonly name: string; readonly arguments: string };
};

export type ChatUsage = {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: {
    readonly cached_tokens?: number;
    readonly cache_write_tokens?: number;
    readonly audio_tokens?: number;
  };
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number; readonly audio_tokens?: number };
};
