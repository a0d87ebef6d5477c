import { efforts, type Effort } from '../../conversation/conversation.ts';
import type { MediaPart } from '../../conversation/message.ts';
import type { Finish, FinishReason } from '../../conversation/reply.ts';
import type { Usage } from '../../conversation/usage.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { read, readList, readNumber, readText } from './members.ts';
import type { ThinkingLevel, UsageMetadata } from './wire.ts';

/** FinishReason of @google/genai 3.1.0, and MISSING_THOUGHT_SIGNATURE, which the REST reference has besides. */
const finishReasons = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  // The candidate is cut for its length and can be asked to go on, but only with Gemini's own token: to other clients it is cut.
  CONTINUATION: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  IMAGE_OTHER: 'content-filter',
  NO_IMAGE: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'malformed-call',
  UNEXPECTED_TOOL_CALL: 'malformed-call',
  MALFORMED_RESPONSE: 'malformed-call',
  MISSING_THOUGHT_SIGNATURE: 'malformed-call',
  TOO_MANY_TOOL_CALLS: 'other',
  OTHER: 'other',
  FINISH_REASON_UNSPECIFIED: 'other',
} as const satisfies Record<string, FinishReason>;

/** Catalogue table a1, the column that Gemini clients see. */
const finishReasonOut = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  'tool-calls': 'STOP',
  compaction: 'STOP',
  length: 'MAX_TOKENS',
  'context-window': 'MAX_TOKENS',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'OTHER',
  'malformed-call': 'MALFORMED_FUNCTION_CALL',
  other: 'OTHER',
} as const satisfies Record<FinishReason, keyof typeof finishReasons>;

/** Words that say no more than the reason they stand for. */
const sayNoMore: ReadonlySet<string> = new Set(['STOP', 'MAX_TOKENS', 'OTHER']);

export function decodeFinish(raw: string, explanation?: string): Finish {
  const reason = isFinishReason(raw) ? finishReasons[raw] : 'other';
  return {
    reason,
    ...(!sayNoMore.has(raw) && { raw }),
    ...(explanation && { explanation }),
  };
}

export function encodeFinish(finish: Finish): string {
  const { raw, reason } = finish;
  if (raw === undefined) return finishReasonOut[reason];
  if (isFinishReason(raw))
    return finishReasons[raw] === reason || reason === 'tool-calls' ? raw : finishReasonOut[reason];
  // A word of Gemini's that we do not know yet; the words of all other vendors are in lower case.
  return reason === 'other' && /^[A-Z][A-Z_]+$/.test(raw) ? raw : finishReasonOut[reason];
}

function isFinishReason(raw: string): raw is keyof typeof finishReasons {
  return Object.hasOwn(finishReasons, raw);
}

/** U2: thoughts lie outside candidatesTokenCount, cached tokens inside promptTokenCount, tool-use tokens beside it. */
export function decodeUsage(metadata: JsonObject): Usage {
  const cacheReadTokens = readNumber(metadata, 'cachedContentTokenCount');
  const prompt = readNumber(metadata, 'promptTokenCount');
  const reasoningTokens = readNumber(metadata, 'thoughtsTokenCount');
  // The Live API's name for the same count.
  const candidates = readNumber(metadata, 'candidatesTokenCount') ?? readNumber(metadata, 'responseTokenCount');
  const toolUseInputTokens = readNumber(metadata, 'toolUsePromptTokenCount');
  const audioInputTokens = tokensOf('AUDIO', metadata, 'promptTokensDetails');
  const audioOutputTokens = tokensOf('AUDIO', metadata, 'candidatesTokensDetails');
  const imageOutputTokens = tokensOf('IMAGE', metadata, 'candidatesTokensDetails');
  const generated = candidates !== undefined || reasoningTokens !== undefined;
  return {
    ...(prompt !== undefined && { inputTokens: Math.max(0, prompt - (cacheReadTokens ?? 0)) }),
    ...(cacheReadTokens !== undefined && { cacheReadTokens }),
    ...(generated && { outputTokens: (candidates ?? 0) + (reasoningTokens ?? 0) }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
    ...(toolUseInputTokens !== undefined && { toolUseInputTokens }),
    ...(audioInputTokens !== undefined && { audioInputTokens }),
    ...(audioOutputTokens !== undefined && { audioOutputTokens }),
    ...(imageOutputTokens !== undefined && { imageOutputTokens }),
  };
}

export function encodeUsage(usage: Usage): UsageMetadata {
  const prompt = (usage.inputTokens ?? 0) + (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0);
  const output = usage.outputTokens ?? 0;
  const thoughts = usage.reasoningTokens;
  const toolUse = usage.toolUseInputTokens;
  const made = [
    ...(usage.audioOutputTokens === undefined ? [] : [{ modality: 'AUDIO', tokenCount: usage.audioOutputTokens }]),
    ...(usage.imageOutputTokens === undefined ? [] : [{ modality: 'IMAGE', tokenCount: usage.imageOutputTokens }]),
  ];
  return {
    promptTokenCount: prompt,
    ...(usage.outputTokens !== undefined && { candidatesTokenCount: Math.max(0, output - (thoughts ?? 0)) }),
    totalTokenCount: prompt + Math.max(output, thoughts ?? 0) + (toolUse ?? 0),
    ...(usage.cacheReadTokens !== undefined && { cachedContentTokenCount: usage.cacheReadTokens }),
    ...(thoughts !== undefined && { thoughtsTokenCount: thoughts }),
    ...(toolUse !== undefined && { toolUsePromptTokenCount: toolUse }),
    ...(usage.audioInputTokens !== undefined && {
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: usage.audioInputTokens }],
    }),
    ...(made.length > 0 && { candidatesTokensDetails: made }),
  };
}

function tokensOf(modality: 'AUDIO' | 'IMAGE', metadata: JsonObject, name: string): number | undefined {
  for (const detail of readList(metadata, name))
    if (isObject(detail) && readText(detail, 'modality') === modality) return readNumber(detail, 'tokenCount');
  return undefined;
}

const levels = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' } as const satisfies Record<
  string,
  Effort
>;

export function effortOfLevel(level: string): Effort | undefined {
  const known = level.toUpperCase();
  return Object.hasOwn(levels, known) ? levels[known as keyof typeof levels] : undefined; // hasOwn has just said so
}

/** The weakest level that the model takes and that is no weaker than `effort`; else its strongest (Z12). */
export function levelOfEffort(effort: Effort, taken: readonly Effort[] | undefined): ThinkingLevel {
  // LOW and HIGH are taken by every model that takes levels at all.
  const offered = (taken ?? ['low', 'high']).filter((word) => word in levelOut);
  const wanted = efforts.indexOf(effort);
  const found = offered.find((word) => efforts.indexOf(word) >= wanted) ?? offered.at(-1) ?? 'high';
  return levelOut[found as keyof typeof levelOut] ?? 'HIGH'; // `offered` holds only words of this table
}

const levelOut = { minimal: 'MINIMAL', low: 'LOW', medium: 'MEDIUM', high: 'HIGH' } as const satisfies Partial<
  Record<Effort, ThinkingLevel>
>;

/** Catalogue table a5: what Google's own compatibility layer gives for low, medium and high. */
const budgets: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: Number.POSITIVE_INFINITY,
};

export function budgetOfEffort(effort: Effort): number {
  return budgets[effort];
}

export function effortOfBudget(budget: number): Effort {
  if (budget <= 0) return 'none';
  if (budget <= 512) return 'minimal';
  if (budget <= 1024) return 'low';
  if (budget <= 8192) return 'medium';
  if (budget <= 24_576) return 'high';
  return budget <= 65_536 ? 'xhigh' : 'max';
}

const resolutions = {
  MEDIA_RESOLUTION_LOW: 'low',
  MEDIA_RESOLUTION_HIGH: 'high',
  MEDIA_RESOLUTION_ULTRA_HIGH: 'original',
} as const satisfies Record<string, MediaPart['detail']>;

const resolutionOut = {
  low: 'MEDIA_RESOLUTION_LOW',
  high: 'MEDIA_RESOLUTION_HIGH',
  original: 'MEDIA_RESOLUTION_ULTRA_HIGH',
} as const;

export function detailOfResolution(resolution: JsonObject): NonNullable<MediaPart['detail']> | undefined {
  const level = readText(resolution, 'level');
  if (level === undefined || read(resolution, 'numTokens') !== undefined || !Object.hasOwn(resolutions, level))
    return undefined;
  return resolutions[level as keyof typeof resolutions]; // hasOwn has just said so
}

export function resolutionOfDetail(detail: keyof typeof resolutionOut): string {
  return resolutionOut[detail];
}

const serviceTiers: Readonly<Record<string, string>> = {
  flex: 'flex',
  standard: 'standard',
  priority: 'priority',
  unspecified: 'unspecified',
  default: 'standard',
  standard_only: 'standard',
};

export function encodeServiceTier(tier: string): string | undefined {
  return Object.hasOwn(serviceTiers, tier) ? serviceTiers[tier] : undefined;
}
