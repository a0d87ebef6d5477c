import type { Json, JsonObject } from '../../json.ts';

/**
 * OpenAI Responses as openai 7.55 documents it (resources/responses/responses.d.ts): what the encoders write. Decoders
 * narrow unknown JSON instead. wire.test.ts holds these types against the SDK's.
 */
export type ResponsesRequest = {
  readonly model: string;
  readonly input: readonly InputItem[];
  readonly instructions?: string;
  readonly tools?: readonly WireTool[];
  readonly tool_choice?: WireToolChoice;
  readonly parallel_tool_calls?: boolean;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_logprobs?: number;
  readonly max_output_tokens?: number;
  readonly reasoning?: WireReasoning;
  readonly text?: WireText;
  readonly safety_identifier?: string;
  readonly service_tier?: ServiceTier;
  readonly prompt_cache_key?: string;
  readonly include?: readonly Includable[];
  readonly store?: boolean;
  readonly stream?: boolean;
};

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
export type ServiceTier = 'auto' | 'default' | 'flex' | 'scale' | 'priority' | 'fast' | 'ultrafast';

export type Includable =
  | 'file_search_call.results'
  | 'web_search_call.results'
  | 'web_search_call.action.sources'
  | 'message.input_image.image_url'
  | 'computer_call_output.output.image_url'
  | 'code_interpreter_call.outputs'
  | 'reasoning.encrypted_content'
  | 'message.output_text.logprobs';

export type WireReasoning = {
  readonly effort?: Effort;
  readonly summary?: 'auto' | 'concise' | 'detailed';
  readonly context?: 'auto' | 'current_turn' | 'all_turns';
  readonly mode?: string;
};

export type WireText = {
  readonly format?: WireFormat;
  readonly verbosity?: 'low' | 'medium' | 'high';
};

export type WireFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly description?: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

/** Items that no type of ours tells apart go through as they came: see decode-item.ts. */
export type InputItem =
  InputMessage | AssistantText | ReasoningInput | FunctionCall | CustomCall | CallOutput | CustomOutput;

export type InputMessage = {
  readonly type: 'message';
  readonly role: 'user' | 'system' | 'developer';
  readonly content: readonly InputContent[];
};

/** Plain text: the list form is typed with the id of a stored message. */
export type AssistantText = {
  readonly type: 'message';
  readonly role: 'assistant';
  readonly content: string;
  readonly phase?: 'commentary' | 'final_answer';
};

/**
 * Without an id, against the SDK's type: what is not stored has none, Codex sends none [M], and one made up is refused
 * (BerriAI/litellm#15782).
 */
export type ReasoningInput = {
  readonly type: 'reasoning';
  readonly summary: readonly { readonly type: 'summary_text'; readonly text: string }[];
  readonly encrypted_content?: string;
  readonly content?: readonly { readonly type: 'reasoning_text'; readonly text: string }[];
};

export type FunctionCall = {
  readonly type: 'function_call';
  readonly call_id: string;
  readonly name: string;
  readonly namespace?: string;
  readonly arguments: string;
};

export type CustomCall = {
  readonly type: 'custom_tool_call';
  readonly call_id: string;
  readonly name: string;
  readonly namespace?: string;
  readonly input: string;
};

export type CallOutput = {
  readonly type: 'function_call_output';
  readonly call_id: string;
  readonly name?: string;
  readonly output: string | readonly InputContent[];
};

export type CustomOutput = {
  readonly type: 'custom_tool_call_output';
  readonly call_id: string;
  readonly output: string | readonly InputContent[];
};

export type InputContent = InputText | InputImage | InputFile;

export type Breakpoint = { readonly mode: 'explicit'; readonly ttl?: '30m' | '12h' };

export type InputText = {
  readonly type: 'input_text';
  readonly text: string;
  readonly prompt_cache_breakpoint?: Breakpoint;
};

export type InputImage = {
  readonly type: 'input_image';
  readonly image_url?: string;
  readonly file_id?: string;
  readonly detail: 'low' | 'high' | 'auto' | 'original';
  readonly prompt_cache_breakpoint?: Breakpoint;
};

export type InputFile = {
  readonly type: 'input_file';
  readonly filename?: string;
  readonly file_data?: string;
  readonly file_url?: string;
  readonly file_id?: string;
  readonly prompt_cache_breakpoint?: Breakpoint;
};

/** Typed (ResponseInputAudio), though no list of the SDK's holds it. */
export type InputAudio = {
  readonly type: 'input_audio';
  readonly input_audio: { readonly data: string; readonly format: 'wav' | 'mp3' };
};

export type WireTool = WireFunction | WireCustom | WireNamespace | WireWebSearch;

export type WireFunction = {
  readonly type: 'function';
  readonly name: string;
  readonly description?: string;
  readonly parameters: JsonObject;
  readonly strict: boolean | null;
};

export type WireCustom = {
  readonly type: 'custom';
  readonly name: string;
  readonly description?: string;
  readonly format?:
    | { readonly type: 'text' }
    | { readonly type: 'grammar'; readonly syntax: 'lark' | 'regex'; readonly definition: string };
};

export type WireNamespace = {
  readonly type: 'namespace';
  readonly name: string;
  readonly description: string;
  readonly tools: readonly (WireFunction | WireCustom)[];
};

export type WireWebSearch = {
  readonly type: 'web_search' | 'web_search_2025_08_26';
  readonly filters?: { readonly allowed_domains?: readonly string[] };
  readonly user_location?: {
    readonly type: 'approximate';
    readonly city?: string;
    readonly region?: string;
    readonly country?: string;
    readonly timezone?: string;
  };
  readonly search_context_size?: 'low' | 'medium' | 'high';
};

export type WireToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { readonly type: 'function' | 'custom'; readonly name: string }
  | { readonly type: 'allowed_tools'; readonly mode: 'auto' | 'required'; readonly tools: readonly JsonObject[] };

export type WireUsage = {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
};

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export type OutputMessage = {
  readonly id: string;
  readonly type: 'message';
  readonly role: 'assistant';
  readonly status: ItemStatus;
  readonly content: readonly Json[];
};

export type UrlCitation = {
  readonly type: 'url_citation';
  readonly start_index: number;
  readonly end_index: number;
  readonly url: string;
  readonly title: string;
};

export type WebSearchCall = {
  readonly id: string;
  readonly type: 'web_search_call';
  readonly status: 'in_progress' | 'completed' | 'failed';
  readonly action: {
    readonly type: 'search';
    readonly query: string;
    readonly queries: readonly string[];
    readonly sources?: readonly { readonly type: 'url'; readonly url: string }[];
  };
};
