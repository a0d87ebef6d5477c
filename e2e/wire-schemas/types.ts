/**
 * The request and reply bodies of the four dialects, in the vendors' own types. generate.ts compiles them to JSON Schema.
 * Members that an SDK takes out of the body (headers, path, client options) are left out, as its code does.
 */
import type { MessageCreateParams as BetaMessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import type {
  Message,
  MessageCreateParams,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages/messages';
import type { ConverseRequest, ConverseResponse, CountTokensRequest } from '@aws-sdk/client-bedrock-runtime';
import type {
  Content,
  FunctionCall,
  FunctionCallingConfig,
  FunctionDeclaration,
  GenerateContentConfig,
  GenerateContentResponse,
  GoogleMaps,
  GoogleSearch,
  ImageConfig,
  Part,
  SafetySetting,
  Schema,
  ServiceTier,
  SpeechConfig,
  Tool,
  ToolConfig,
} from '@google/genai';
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
} from 'openai/resources/chat/completions/completions';
import type { Response, ResponseCreateParams, ResponseStreamEvent } from 'openai/resources/responses/responses';

// The model stands in the path. generate.ts makes base64 texts of the SDK's byte arrays, which they are on the wire.
export type BedrockConverseRequest = Omit<ConverseRequest, 'modelId'>;
export type BedrockConverseReply = Omit<ConverseResponse, '$metadata'>;
export type BedrockCountTokensRequest = Omit<CountTokensRequest, 'modelId'>;

export type OpenaiChatReply = ChatCompletion;
export type OpenaiChatEvent = ChatCompletionChunk;

// The SDK computes output_text itself.
export type OpenaiResponsesReply = Omit<Response, 'output_text'>;
export type OpenaiResponsesEvent = ResponseStreamEvent;

export type AnthropicMessagesReply = Message;
export type AnthropicMessagesEvent = RawMessageStreamEvent;

/** Whole and as an event of a stream; the rest of the class is the SDK's own. */
export type GeminiGenerateReply = Pick<
  GenerateContentResponse,
  'candidates' | 'createTime' | 'modelVersion' | 'promptFeedback' | 'responseId' | 'usageMetadata' | 'modelStatus'
>;

export type OpenaiChatRequest = ChatCompletionCreateParams;

export type OpenaiResponsesRequest = ResponseCreateParams;

// The SDK's messages.create sends both as headers.
export type AnthropicMessagesRequest = Omit<MessageCreateParams, 'user_profile_id' | 'workspace_id'>;

export type AnthropicBetaMessagesRequest = Omit<BetaMessageCreateParams, 'betas' | 'user_profile_id' | 'workspace_id'>;

/** The REST body that generateContentParametersToMldev (genai 3.1.0, dist/node/index.mjs) makes. */
export interface GeminiGenerateRequest {
  contents: RestContent[];
  systemInstruction?: RestContent;
  tools?: RestTool[];
  toolConfig?: RestToolConfig;
  safetySettings?: RestSafetySetting[];
  cachedContent?: string;
  labels?: Record<string, string>;
  serviceTier?: ServiceTier;
  continuationToken?: string;
  store?: boolean;
  generationConfig?: RestGenerationConfig;
}

export interface RestContent extends Omit<Content, 'parts' | 'role'> {
  role?: 'user' | 'model';
  parts?: RestPart[];
}

export interface RestPart extends Omit<Part, 'functionCall'> {
  functionCall?: RestFunctionCall;
}

export type RestFunctionCall = Omit<FunctionCall, 'partialArgs' | 'willContinue'>;

export interface RestTool extends Omit<
  Tool,
  | 'retrieval'
  | 'enterpriseWebSearch'
  | 'exaAiSearch'
  | 'parallelAiSearch'
  | 'functionDeclarations'
  | 'googleMaps'
  | 'googleSearch'
> {
  functionDeclarations?: RestFunctionDeclaration[];
  googleMaps?: Omit<GoogleMaps, 'groundingTypes'>;
  googleSearch?: Omit<GoogleSearch, 'blockingConfidence' | 'excludeDomains'>;
}

export interface RestFunctionDeclaration extends Omit<FunctionDeclaration, 'parameters' | 'response'> {
  parameters?: RestSchema;
  response?: RestSchema;
}

/** int64 members are typed as strings, because protobuf's JSON writes them so; it reads numbers as well. */
export interface RestSchema extends Omit<
  Schema,
  | 'anyOf'
  | 'items'
  | 'properties'
  | 'minItems'
  | 'maxItems'
  | 'minLength'
  | 'maxLength'
  | 'minProperties'
  | 'maxProperties'
> {
  anyOf?: RestSchema[];
  items?: RestSchema;
  properties?: Record<string, RestSchema>;
  minItems?: string | number;
  maxItems?: string | number;
  minLength?: string | number;
  maxLength?: string | number;
  minProperties?: string | number;
  maxProperties?: string | number;
}

export interface RestToolConfig extends Omit<ToolConfig, 'functionCallingConfig'> {
  functionCallingConfig?: Omit<FunctionCallingConfig, 'streamFunctionCallArguments'>;
}

export type RestSafetySetting = Omit<SafetySetting, 'method'>;

export interface RestGenerationConfig extends Omit<
  GenerateContentConfig,
  // Of the client alone.
  | 'httpOptions'
  | 'abortSignal'
  | 'automaticFunctionCalling'
  | 'automaticContinuation'
  // Lifted to the top of the body.
  | 'serviceTier'
  | 'systemInstruction'
  | 'safetySettings'
  | 'tools'
  | 'toolConfig'
  | 'labels'
  | 'cachedContent'
  | 'continuationToken'
  | 'store'
  // Refused outside the Enterprise Agent Platform.
  | 'routingConfig'
  | 'modelSelectionConfig'
  | 'audioTimestamp'
  | 'modelArmorConfig'
  | 'generationOutputConfig'
  // Narrowed by the SDK before they are sent.
  | 'responseSchema'
  | 'speechConfig'
  | 'imageConfig'
> {
  responseSchema?: RestSchema;
  speechConfig?: SpeechConfig;
  imageConfig?: Omit<
    ImageConfig,
    'personGeneration' | 'prominentPeople' | 'outputMimeType' | 'outputCompressionQuality' | 'imageOutputOptions'
  >;
}
