import type { CacheMark } from '../../conversation/message.ts';
import type { Effort } from '../../conversation/conversation.ts';
import type { FinishReason } from '../../conversation/reply.ts';
import type { ChatFinishReason, ServiceTier } from './wire.ts';

/** The dialect's name: key of its extras, issuer of its seals. */
export const name = 'openai-chat';

/** Who signs `extra_content.google.thought_signature`. */
export const geminiSigner = 'gemini-generate';

/** Hub to wire. Chat has four words; what they cannot say goes into `native_finish_reason` (table a1). */
export const finishWords = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'context-window': 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  compaction: 'stop',
  'malformed-call': 'stop',
  other: 'stop',
} as const satisfies Record<FinishReason, ChatFinishReason>;

/** Wire to hub, compared in lower case: OpenAI's own words, then the vendors' (B3, F1, F4). */
export const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  end_turn: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  complete: 'stop',
  completed: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'context-window',
  model_context_window_exceeded: 'context-window',
  tool_use: 'tool-calls',
  sensitive: 'content-filter',
  safety: 'content-filter',
  recitation: 'content-filter',
  blocklist: 'content-filter',
  prohibited_content: 'content-filter',
  spii: 'content-filter',
  content_filtered: 'content-filter',
  guardrail_intervened: 'content-filter',
  refusal: 'refusal',
  pause_turn: 'pause',
  compaction: 'compaction',
  malformed_function_call: 'malformed-call',
  unexpected_tool_call: 'malformed-call',
  malformed_response: 'malformed-call',
};

/** Finish words that mean that the reply failed: `insufficient_system_resource` is DeepSeek's, `network_error` GLM's, `error` OpenRouter's, `abort` vLLM's. */
export const failedFinishes = {
  insufficient_system_resource: 'overloaded',
  network_error: 'bad-upstream',
  error: 'bad-upstream',
  abort: 'bad-upstream',
} as const;

export function isFailedFinish(word: string): word is keyof typeof failedFinishes {
  return Object.hasOwn(failedFinishes, word);
}

/** A breakpoint lives at least as long as was asked for (P2). */
export const breakpointTtls = {
  '5m': '30m',
  '30m': '30m',
  '1h': '12h',
  '12h': '12h',
} as const satisfies Record<NonNullable<CacheMark['ttl']>, string>;

/** Service tiers; Anthropic's `standard_only` is the plain one (Q6). */
export const serviceTiers: Readonly<Record<string, ServiceTier>> = {
  auto: 'auto',
  default: 'default',
  flex: 'flex',
  scale: 'scale',
  priority: 'priority',
  fast: 'fast',
  standard: 'default',
  standard_only: 'default',
};

/** Media types of the audio formats that Chat takes and gives. */
export const audioTypes = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  opus: 'audio/opus',
  pcm16: 'audio/pcm',
} as const;

/** Formats accepted as input, by media type. */
export const inputAudioFormats: Readonly<Record<string, 'wav' | 'mp3'>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
};

/** Table a5, read backwards: the effort whose budget range holds this many tokens. */
export function effortOfBudget(tokens: number): Effort {
  if (tokens <= 0) return 'none';
  if (tokens <= 512) return 'minimal';
  if (tokens <= 1024) return 'low';
  if (tokens <= 8192) return 'medium';
  if (tokens <= 24576) return 'high';
  return tokens <= 65536 ? 'xhigh' : 'max';
}
