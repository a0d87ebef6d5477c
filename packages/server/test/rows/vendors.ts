import type Anthropic from '@anthropic-ai/sdk';
import { FinishReason, type GenerateContentResponse } from '@google/genai';
import type OpenAI from 'openai';

// What the upstreams of the rows say, in each vendor's own types.

/** A reply, as a script for any vendor. */
export interface Script {
  /** As it is cut into deltas. */
  readonly text?: readonly string[];
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly args: object }[];
  readonly stop?: 'end' | 'length' | 'sequence';
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

export interface Vendor {
  /** Below a base URL with its version. */
  path(model: string, streaming: boolean): string;
  readonly keyHeader: string;
  readonly keyScheme: string;
  whole(script: Script): object;
  /** SSE frames, one delta each. */
  frames(script: Script): readonly string[];
  error(status: number, message: string): object;
}

const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const event = (value: Anthropic.RawMessageStreamEvent) => `event: ${value.type}\n${data(value)}`;
const halves = (text: string) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];

export const chat: Vendor = {
  path: () => '/chat/completions',
  keyHeader: 'authorization',
  keyScheme: 'Bearer ',
  whole: (script) => {
    const message = {
      role: 'assistant' as const,
      content: script.text?.join('') ?? null,
      refusal: null,
      ...(script.calls && {
        tool_calls: script.calls.map(({ id, name, args }) => ({
          id,
          type: 'function' as const,
          function: { name, arguments: JSON.stringify(args) },
        })),
      }),
    };
    return {
      ...envelope,
      object: 'chat.completion',
      choices: [{ index: 0, message, logprobs: null, finish_reason: chatFinish(script) }],
      usage: chatUsage(script),
    } satisfies OpenAI.ChatCompletion;
  },
  frames: (script) => {
    const chunk = (
      delta: OpenAI.ChatCompletionChunk.Choice.Delta,
      finish_reason: OpenAI.ChatCompletionChunk.Choice['finish_reason'] = null,
    ) =>
      data({
        ...envelope,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason }],
      } satisfies OpenAI.ChatCompletionChunk);
    return [
      chunk({ role: 'assistant', content: '' }),
      ...(script.text ?? []).map((content) => chunk({ content })),
      ...(script.calls ?? []).flatMap(({ id, name, args }, index) => [
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
        ...halves(JSON.stringify(args)).map((piece) =>
          chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
        ),
      ]),
      chunk({}, chatFinish(script)),
      data({
        ...envelope,
        object: 'chat.completion.chunk',
        choices: [],
        usage: chatUsage(script),
      } satisfies OpenAI.ChatCompletionChunk),
      'data: [DONE]\n\n',
    ];
  },
  error: (status, message) => ({
    error: { message, type: chatErrors[status] ?? 'server_error', param: null, code: null },
  }),
};

const chatErrors: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'requests',
};
const envelope = { id: 'chatcmpl-1', created: 1, model: 'gpt-upstream' };
const chatFinish = ({ stop, calls }: Script) => (stop === 'length' ? 'length' : calls ? 'tool_calls' : 'stop');
const chatUsage = ({ inputTokens = 3, outputTokens = 5 }: Script) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

export const messages: Vendor = {
  path: () => '/messages',
  keyHeader: 'authorization',
  keyScheme: 'Bearer ',
  whole: (script) => claudeMessage(script),
  frames: (script) => {
    const blocks = claudeMessage(script).content;
    return [
      event({
        type: 'message_start',
        message: { ...claudeMessage({}), content: [], stop_reason: null, usage: claudeUsage(script, 1) },
      }),
      ...blocks.flatMap((block, index) => [
        event({ type: 'content_block_start', index, content_block: emptied(block) }),
        ...deltasOf(block, script).map((delta) => event({ type: 'content_block_delta', index, delta })),
        event({ type: 'content_block_stop', index }),
      ]),
      event({
        type: 'message_delta',
        delta: { ...claudeStop(script), stop_details: null, container: null },
        usage: { ...claudeUsage(script), output_tokens: script.outputTokens ?? 5 },
      }),
      event({ type: 'message_stop' }),
    ];
  },
  error: (status, message) => ({
    type: 'error',
    error: { type: claudeErrors[status] ?? 'api_error', message },
    request_id: null,
  }),
};

const claudeErrors: Readonly<Record<number, Anthropic.ErrorType>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

function claudeMessage(script: Script): Anthropic.Message {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-upstream',
    container: null,
    content: [
      ...(script.text ? [{ type: 'text' as const, text: script.text.join(''), citations: null }] : []),
      ...(script.calls ?? []).map(({ id, name, args }) => ({
        type: 'tool_use' as const,
        id,
        name,
        input: args,
        caller: { type: 'direct' as const },
      })),
    ],
    stop_details: null,
    diagnostics: null,
    ...claudeStop(script),
    usage: claudeUsage(script),
  };
}

const claudeStop = ({ stop, calls }: Script) => ({
  stop_reason:
    stop === 'length'
      ? ('max_tokens' as const)
      : stop === 'sequence'
        ? ('stop_sequence' as const)
        : calls
          ? ('tool_use' as const)
          : ('end_turn' as const),
  stop_sequence: stop === 'sequence' ? 'END' : null,
});

const claudeUsage = ({ inputTokens = 3, outputTokens = 5 }: Script, soFar = outputTokens): Anthropic.Usage => ({
  input_tokens: inputTokens,
  output_tokens: soFar,
  cache_creation: null,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  inference_geo: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  speed: null,
});

function emptied(block: Anthropic.ContentBlock): Anthropic.ContentBlock {
  if (block.type === 'text') return { ...block, text: '' };
  return block.type === 'tool_use' ? { ...block, input: {} } : block;
}

function deltasOf(block: Anthropic.ContentBlock, { text = [] }: Script): readonly Anthropic.RawContentBlockDelta[] {
  if (block.type === 'text') return text.map((piece) => ({ type: 'text_delta', text: piece }));
  if (block.type !== 'tool_use') return [];
  return halves(JSON.stringify(block.input)).map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
}

export const gemini: Vendor = {
  path: (model, streaming) =>
    streaming ? `/models/${model}:streamGenerateContent?alt=sse` : `/models/${model}:generateContent`,
  keyHeader: 'x-goog-api-key',
  keyScheme: '',
  whole: (script) => ({
    ...geminiPart([...(script.text ?? []).map((text) => ({ text })), ...geminiCalls(script)], geminiFinish(script)),
    ...geminiUsage(script),
  }),
  frames: (script) => [
    ...(script.text ?? []).map((text) => data(geminiPart([{ text }]))),
    ...geminiCalls(script).map((part) => data(geminiPart([part]))),
    data({ ...geminiPart([{ text: '' }], geminiFinish(script)), ...geminiUsage(script) }),
  ],
  error: (code, message) => ({ error: { code, message, status: googleStatuses[code] ?? 'INTERNAL' } }),
};

const googleStatuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

type GeminiParts = NonNullable<NonNullable<GeminiBody['candidates']>[number]['content']>['parts'];
/** The class of the SDK without what it computes. */
type GeminiBody = Pick<GenerateContentResponse, 'candidates' | 'usageMetadata' | 'modelVersion' | 'responseId'>;

function geminiPart(parts: NonNullable<GeminiParts>, finishReason?: FinishReason): GeminiBody {
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
    modelVersion: 'gemini-upstream',
    responseId: 'resp-1',
  };
}

const geminiFinish = ({ stop }: Script) => (stop === 'length' ? FinishReason.MAX_TOKENS : FinishReason.STOP);
const geminiCalls = ({ calls = [] }: Script) =>
  calls.map(({ id, name, args }) => ({ functionCall: { id, name, args: args as Record<string, unknown> } }));
const geminiUsage = ({ inputTokens = 3, outputTokens = 5 }: Script): GeminiBody => ({
  usageMetadata: {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens,
    totalTokenCount: inputTokens + outputTokens,
  },
});

/** The words of a predecessor's `serviceType`, and what stands behind each. */
export const services = {
  openai: chat,
  openaiold: chat,
  custom: chat,
  gemini,
  claude: messages,
} as const;
export type ServiceType = keyof typeof services;
export const serviceTypes = Object.keys(services) as readonly ServiceType[]; // the keys just above
