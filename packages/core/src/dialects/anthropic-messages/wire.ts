import type { Json, JsonObject } from '../../json.ts';
import type { WireEffort, WireThinking } from '../claude-thinking.ts';

/**
 * The Messages wire format as this dialect writes it: types of @anthropic-ai/sdk 1.11.0 (resources/messages and
 * resources/beta/messages). What it merely carries (server tools, beta blocks) is a `WireNativeBlock`. Decoders read
 * `Json` and narrow it themselves. `wire.test.ts` holds these types against the SDK's.
 */

export type WireCacheControl = { type: 'ephemeral'; ttl?: '5m' | '1h' };

export type WireRequest = {
  model: string;
  max_tokens: number;
  system?: string | WireTextBlock[];
  messages: WireMessage[];
  tools?: WireTool[];
  tool_choice?: WireToolChoice;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  stop_sequences?: string[];
  thinking?: WireThinking;
  output_config?: WireOutputConfig;
  cache_control?: WireCacheControl;
  metadata?: { user_id?: string };
  service_tier?: 'auto' | 'standard_only';
  stream?: boolean;
};

type WireMessage =
  | { role: 'user'; content: string | WireBlock[] }
  | { role: 'assistant'; content: string | WireBlock[] }
  | { role: 'system'; content: string | WireBlock[]; output_config?: { effort?: WireEffort }; clear_at?: string };

export type WireBlock =
  | WireTextBlock
  | WireImageBlock
  | WireDocumentBlock
  | WireThinkingBlock
  | WireRedactedThinkingBlock
  | WireToolUseBlock
  | WireToolResultBlock
  | WireNativeBlock;

export type WireTextBlock = {
  type: 'text';
  text: string;
  citations?: WireCitation[] | null;
  cache_control?: WireCacheControl;
};

export type WireImageBlock = {
  type: 'image';
  source: WireBase64Source | WireUrlSource | WireFileSource;
  cache_control?: WireCacheControl;
};

export type WireDocumentBlock = {
  type: 'document';
  source: WireBase64Source | WirePlainTextSource | WireUrlSource | WireFileSource | WireContentSource;
  title?: string;
  context?: string;
  citations?: { enabled?: boolean };
  cache_control?: WireCacheControl;
};

type WireBase64Source = { type: 'base64'; media_type: string; data: string };
type WireUrlSource = { type: 'url'; url: string };
type WireFileSource = { type: 'file'; file_id: string };
type WirePlainTextSource = { type: 'text'; media_type: 'text/plain'; data: string };
type WireContentSource = { type: 'content'; content: string | JsonObject[] };

export type WireThinkingBlock = { type: 'thinking'; thinking: string; signature: string };
export type WireRedactedThinkingBlock = { type: 'redacted_thinking'; data: string };

export type WireToolUseBlock = {
  type: 'tool_use';
  id: string;
  name: string;
  input: JsonObject;
  caller?: JsonObject;
  cache_control?: WireCacheControl;
};

export type WireToolResultBlock = {
  type: 'tool_result';
  tool_use_id: string;
  content?: string | WireBlock[];
  is_error?: boolean;
  cache_control?: WireCacheControl;
};

/** server_tool_use, web_search_tool_result, mcp_tool_use, compaction, fallback … carried as they are. */
type WireNativeBlock = { [key: string]: Json };

/** char_location, page_location, content_block_location, search_result_location, web_search_result_location. */
export type WireCitation = JsonObject;

export type WireTool = WireFunctionTool | WireWebSearchTool | WireNativeBlock;

export type WireFunctionTool = {
  name: string;
  description?: string;
  input_schema: { type: 'object'; [key: string]: Json };
  strict?: boolean;
  cache_control?: WireCacheControl;
};

export type WireWebSearchTool = {
  type: string;
  name: string;
  max_uses?: number;
  allowed_domains?: string[];
  blocked_domains?: string[];
  user_location?: { type: 'approximate'; city?: string; region?: string; country?: string; timezone?: string };
  cache_control?: WireCacheControl;
};

export type WireToolChoice =
  | { type: 'auto'; disable_parallel_tool_use?: boolean }
  | { type: 'any'; disable_parallel_tool_use?: boolean }
  | { type: 'tool'; name: string; disable_parallel_tool_use?: boolean }
  | { type: 'none' };

export type WireOutputConfig = {
  effort?: WireEffort;
  format?: { type: 'json_schema'; schema: JsonObject };
};

export type WireStopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'compaction'
  | 'refusal'
  | 'model_context_window_exceeded';

export type WireUsage = {
  input_tokens: number;
  output_tokens: number;
  cache_creation_input_tokens: number | null;
  cache_read_input_tokens: number | null;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | null;
  output_tokens_details: { thinking_tokens: number } | null;
  server_tool_use: { web_search_requests: number; web_fetch_requests: number } | null;
  inference_geo: string | null;
  service_tier: 'standard' | 'priority' | 'batch' | null;
  speed: 'standard' | 'fast' | null;
};

export type WireDeltaUsage = Pick<
  WireUsage,
  | 'input_tokens'
  | 'output_tokens'
  | 'cache_creation_input_tokens'
  | 'cache_read_input_tokens'
  | 'output_tokens_details'
  | 'server_tool_use'
>;

export type WireReply = {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: WireBlock[];
  stop_reason: WireStopReason | null;
  stop_sequence: string | null;
  stop_details: JsonObject | null;
  container: JsonObject | null;
  diagnostics: JsonObject | null;
  usage: WireUsage;
};

export type WireErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error';

export type WireError = {
  type: 'error';
  error: { type: WireErrorType; message: string; details?: JsonObject };
  request_id: string | null;
};
