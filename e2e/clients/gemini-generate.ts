import { ApiError, GoogleGenAI, ThinkingLevel } from '@google/genai';
import type { Content, GenerateContentConfig, GenerateContentResponse, Part } from '@google/genai';
import {
  nothing,
  type Ask,
  type Client,
  type Conversation,
  type ErrorSeen,
  type Outcome,
  type Target,
} from './client.ts';

export const geminiGenerate: Client = { dialect: 'gemini-generate', open };

function open(target: Target, ask: Ask): Conversation {
  let retryAfter: string | null = null;
  const client = new GoogleGenAI({
    apiKey: target.key,
    httpOptions: {
      baseUrl: target.url,
      // The SDK's errors hold no headers, so they are read as they pass.
      fetch: async (url: string | URL | Request, init?: RequestInit) => {
        const response = await fetch(url, init);
        retryAfter = response.headers.get('retry-after');
        return response;
      },
    },
  });
  const contents: Content[] = [
    {
      role: 'user',
      parts: [{ text: ask.user }, ...(ask.image ? [{ inlineData: { mimeType: 'image/png', data: ask.image } }] : [])],
    },
  ];
  let last: readonly Part[] = [];

  return {
    async turn({ stream, signal, onFirst, model = target.model }) {
      const config = { ...configOf(ask), ...(signal && { abortSignal: signal }) };
      const params = { model, contents, config };
      let partial: Outcome = nothing;
      try {
        const responses: GenerateContentResponse[] = [];
        if (stream) {
          for await (const response of await client.models.generateContentStream(params)) {
            onFirst?.();
            responses.push(response);
            partial = { ...outcomeOf(responses), finish: '' };
          }
        } else {
          responses.push(await client.models.generateContent(params));
        }
        last = responses.flatMap((response) => response.candidates?.[0]?.content?.parts ?? []);
        if (last.length > 0) contents.push({ role: 'model', parts: [...last] });
        return outcomeOf(responses);
      } catch (error) {
        return { ...partial, error: errorOf(error, retryAfter) };
      }
    },
    answer(results) {
      const calls = last.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
      contents.push({
        role: 'user',
        // Without ids only the order pairs a response with its call.
        parts: (calls.every((call) => call.id) ? calls.reverse() : calls).map((call) => ({
          functionResponse: {
            name: call.name ?? '',
            response: { output: results[call.name ?? ''] ?? '' },
            ...(call.id !== undefined && { id: call.id }),
          },
        })),
      });
    },
    say(text) {
      contents.push({ role: 'user', parts: [{ text }] });
    },
  };
}

function configOf(ask: Ask): GenerateContentConfig {
  return {
    maxOutputTokens: 4000,
    ...(ask.system && { systemInstruction: ask.system }),
    ...(ask.temperature !== undefined && { temperature: ask.temperature }),
    ...(ask.stop && { stopSequences: [...ask.stop] }),
    ...(ask.reasoning && { thinkingConfig: { includeThoughts: true, thinkingLevel: ThinkingLevel.HIGH } }),
    ...(ask.tools && {
      tools: [
        {
          functionDeclarations: ask.tools.map(({ name, description, parameters }) => ({
            name,
            description,
            ...(parameters && { parametersJsonSchema: parameters }),
          })),
        },
      ],
    }),
    ...(ask.schema && { responseMimeType: 'application/json', responseJsonSchema: ask.schema }),
  };
}

function outcomeOf(responses: readonly GenerateContentResponse[]): Outcome {
  // A chunk of a stream may hold another candidate than the first.
  const first = responses.flatMap(({ candidates }) => candidates?.find(({ index }) => (index ?? 0) === 0) ?? []);
  const parts = first.flatMap(({ content }) => content?.parts ?? []);
  const finish = first.findLast(({ finishReason }) => finishReason);
  const usage = responses.findLast((response) => response.usageMetadata)?.usageMetadata;
  const joined = (thought: boolean) =>
    parts.map((part) => (Boolean(part.thought) === thought ? (part.text ?? '') : '')).join('');
  return {
    text: joined(false),
    reasoning: joined(true),
    refusal: finish?.finishMessage ?? '',
    calls: parts.flatMap(({ functionCall: call }) =>
      call ? [{ id: call.id ?? '', name: call.name ?? '', args: call.args ?? {} }] : [],
    ),
    finish: finish?.finishReason ?? '',
    usage: usage
      ? {
          input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
          output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
          cached: usage.cachedContentTokenCount ?? 0,
          reasoning: usage.thoughtsTokenCount ?? 0,
        }
      : {},
    model: responses[0]?.modelVersion ?? '',
  };
}

function errorOf(error: unknown, retryAfter: string | null): ErrorSeen {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (!(error instanceof ApiError)) return { message };
  // The message is the error's whole JSON, in streams behind a few words of the SDK's.
  const body = JSON.parse(error.message.slice(error.message.indexOf('{'))) as {
    error?: { status?: string; message?: string };
  };
  return {
    status: error.status,
    message: body.error?.message ?? message,
    ...(body.error?.status && { type: body.error.status }),
    ...(retryAfter && { retryAfter }),
  };
}
