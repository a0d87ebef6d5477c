import type { Json, JsonObject } from '../../json.ts';

/** The wire format of generateContent, as @google/genai 3.1.0 and https://ai.google.dev/api/generate-content have it. */
export type GenerateContentRequest = {
  readonly contents: readonly Content[];
  readonly systemInstruction?: Content;
  readonly tools?: readonly Tool[];
  readonly toolConfig?: ToolConfig;
  readonly generationConfig?: GenerationConfig;
  readonly safetySettings?: readonly JsonObject[];
  readonly cachedContent?: string;
  readonly labels?: JsonObject;
  readonly serviceTier?: string;
  readonly continuationToken?: string;
  readonly store?: boolean;
};

export type Content = {
  readonly role?: string;
  readonly parts?: readonly Part[];
};

export type Part = {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly functionCall?: FunctionCall;
  readonly functionResponse?: FunctionResponse;
  readonly inlineData?: Blob;
  readonly fileData?: FileData;
  readonly mediaResolution?: { readonly level?: string; readonly numTokens?: number };
};

export type FunctionCall = {
  readonly id?: string;
  readonly name?: string;
  readonly args?: JsonObject;
  /** Vertex, with streamFunctionCallArguments (D9). */
  readonly partialArgs?: readonly PartialArg[];
  readonly willContinue?: boolean;
};

export type PartialArg = {
  readonly jsonPath?: string;
  readonly stringValue?: string;
  readonly numberValue?: number;
  readonly boolValue?: boolean;
  readonly nullValue?: 'NULL_VALUE';
  readonly willContinue?: boolean;
};

export type FunctionResponse = {
  readonly id?: string;
  readonly name?: string;
  readonly response?: JsonObject;
  readonly parts?: readonly FunctionResponsePart[];
};

export type FunctionResponsePart = { readonly inlineData?: Blob; readonly fileData?: FileData };

export type Blob = { readonly mimeType?: string; readonly data?: string; readonly displayName?: string };

export type FileData = { readonly mimeType?: string; readonly fileUri?: string; readonly displayName?: string };

export type Tool = {
  readonly functionDeclarations?: readonly FunctionDeclaration[];
  readonly googleSearch?: { readonly excludeDomains?: readonly string[] };
};

export type FunctionDeclaration = {
  readonly name?: string;
  readonly description?: string;
  /** The OpenAPI subset of schema.ts; excludes parametersJsonSchema. */
  readonly parameters?: JsonObject;
  readonly parametersJsonSchema?: Json;
};

export type ToolConfig = {
  readonly functionCallingConfig?: {
    readonly mode?: 'AUTO' | 'ANY' | 'NONE' | 'VALIDATED';
    readonly allowedFunctionNames?: readonly string[];
  };
  readonly includeServerSideToolInvocations?: boolean;
};

export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';

export type ThinkingConfig = {
  readonly includeThoughts?: boolean;
  readonly thinkingBudget?: number;
  readonly thinkingLevel?: ThinkingLevel;
};

export type GenerationConfig = {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly candidateCount?: number;
  readonly maxOutputTokens?: number;
  readonly stopSequences?: readonly string[];
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  readonly responseLogprobs?: boolean;
  readonly logprobs?: number;
  readonly responseMimeType?: string;
  readonly responseSchema?: JsonObject;
  readonly responseJsonSchema?: Json;
  readonly thinkingConfig?: ThinkingConfig;
};

export type GenerateContentResponse = {
  readonly candidates?: readonly Candidate[];
  readonly promptFeedback?: PromptFeedback;
  readonly usageMetadata?: UsageMetadata;
  readonly modelVersion?: string;
  readonly responseId?: string;
  readonly createTime?: string;
};

export type Candidate = {
  readonly content?: Content;
  readonly finishReason?: string;
  readonly finishMessage?: string;
  readonly index?: number;
  readonly groundingMetadata?: GroundingMetadata;
};

export type PromptFeedback = { readonly blockReason?: string; readonly blockReasonMessage?: string };

export type GroundingMetadata = {
  readonly webSearchQueries?: readonly string[];
  readonly groundingChunks?: readonly GroundingChunk[];
  readonly groundingSupports?: readonly GroundingSupport[];
};

export type GroundingChunk = { readonly web?: { readonly uri?: string; readonly title?: string } };

export type GroundingSupport = {
  readonly segment?: Segment;
  readonly groundingChunkIndices?: readonly number[];
};

/** Offsets are bytes of UTF-8 within the part (W2). */
export type Segment = {
  readonly partIndex?: number;
  readonly startIndex?: number;
  readonly endIndex?: number;
  readonly text?: string;
};

export type UsageMetadata = {
  readonly promptTokenCount?: number;
  readonly candidatesTokenCount?: number;
  readonly totalTokenCount?: number;
  readonly cachedContentTokenCount?: number;
  readonly thoughtsTokenCount?: number;
  readonly toolUsePromptTokenCount?: number;
  readonly promptTokensDetails?: readonly ModalityTokenCount[];
  readonly candidatesTokensDetails?: readonly ModalityTokenCount[];
};

export type ModalityTokenCount = { readonly modality?: string; readonly tokenCount?: number };

/** google.rpc.Status as JSON, https://cloud.google.com/apis/design/errors. */
export type ErrorBody = {
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly status: string;
    readonly details?: readonly JsonObject[];
  };
};
