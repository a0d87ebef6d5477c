import type { Json, JsonObject } from '../../json.ts';

/**
 * The Converse wire format as this dialect writes it: types of @aws-sdk/client-bedrock-runtime 3.1164.0, with what is a
 * Uint8Array there as the base64 text that it is on the wire. Decoders read `Json` and narrow it themselves.
 * `wire.test.ts` holds these types against the SDK's.
 */

export type WireRequest = {
  messages?: WireMessage[];
  system?: WireSystemBlock[];
  inferenceConfig?: WireInferenceConfig;
  toolConfig?: WireToolConfig;
  additionalModelRequestFields?: JsonObject;
  additionalModelResponseFieldPaths?: string[];
  serviceTier?: { type: WireServiceTier };
  outputConfig?: WireOutputConfig;
};

export type WireInferenceConfig = { maxTokens?: number; temperature?: number; topP?: number; stopSequences?: string[] };

export type WireServiceTier = 'default' | 'flex' | 'priority' | 'reserved';

export type WireOutputConfig = {
  textFormat?: {
    type: 'json_schema';
    structure: { jsonSchema: { schema: string; name?: string; description?: string } };
  };
  effort?: string;
};

export type WireMessage = { role: 'user' | 'assistant'; content: WireBlock[] };

export type WireCachePoint = { type: 'default'; ttl?: '5m' | '1h' };

type WireSystemBlock = { text: string } | { cachePoint: WireCachePoint } | JsonObject;

/** A content block is an object with one member, which says what it is. */
export type WireBlock =
  | { text: string }
  | { image: WireImage }
  | { document: WireDocument }
  | { video: WireVideo }
  | { audio: WireAudio }
  | { toolUse: WireToolUse }
  | { toolResult: WireToolResult }
  | { reasoningContent: WireReasoning }
  | { cachePoint: WireCachePoint }
  | JsonObject;

export type WireSource = { bytes: string } | { s3Location: { uri: string; bucketOwner?: string } };

export type WireImageFormat = 'png' | 'jpeg' | 'gif' | 'webp';
export type WireDocumentFormat = 'pdf' | 'csv' | 'doc' | 'docx' | 'xls' | 'xlsx' | 'html' | 'txt' | 'md';
export type WireVideoFormat = 'mkv' | 'mov' | 'mp4' | 'webm' | 'flv' | 'mpeg' | 'mpg' | 'wmv' | 'three_gp';
export type WireAudioFormat =
  'aac' | 'flac' | 'm4a' | 'mka' | 'mkv' | 'mp3' | 'mp4' | 'mpeg' | 'mpga' | 'ogg' | 'opus' | 'pcm' | 'wav' | 'webm' | 'x-aac'; // prettier-ignore

export type WireImage = { format: WireImageFormat; source: WireSource };
export type WireDocument = {
  format: WireDocumentFormat;
  name: string;
  source: WireSource;
  context?: string;
  citations?: { enabled: boolean };
};
export type WireVideo = { format: WireVideoFormat; source: WireSource };
export type WireAudio = { format: WireAudioFormat; source: WireSource };

export type WireToolUse = { toolUseId: string; name: string; input: Json };

export type WireToolResult = { toolUseId: string; content: WireResultBlock[]; status?: 'success' | 'error' };

type WireResultBlock =
  | { text: string }
  | { json: Json }
  | { image: WireImage }
  | { document: WireDocument }
  | { video: WireVideo }
  | JsonObject;

export type WireReasoning = { reasoningText: { text: string; signature?: string } } | { redactedContent: string };

export type WireToolConfig = { tools: WireTool[]; toolChoice?: WireToolChoice };

export type WireTool = { toolSpec: WireToolSpec } | { cachePoint: WireCachePoint } | JsonObject;

export type WireToolSpec = {
  name: string;
  description?: string;
  inputSchema: { json: JsonObject };
  strict?: boolean;
};

export type WireToolChoice =
  { auto: Record<string, never> } | { any: Record<string, never> } | { tool: { name: string } };

export type WireStopReason =
  | 'end_turn'
  | 'tool_use'
  | 'max_tokens'
  | 'stop_sequence'
  | 'guardrail_intervened'
  | 'content_filtered'
  | 'malformed_model_output'
  | 'malformed_tool_use'
  | 'model_context_window_exceeded';

export type WireUsage = {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  cacheReadInputTokens?: number;
  cacheWriteInputTokens?: number;
  cacheDetails?: { ttl: '5m' | '1h'; inputTokens: number }[];
};
