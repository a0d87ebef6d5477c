import OpenAI from 'openai';
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { errorSeen, nothing, type Ask, type Client, type Conversation, type Outcome, type Target } from './client.ts';

export const openaiChat: Client = { dialect: 'openai-chat', open };

function open(target: Target, ask: Ask): Conversation {
  const client = new OpenAI({ baseURL: `${target.url}/v1`, apiKey: target.key, maxRetries: 0 });
  const messages: ChatCompletionMessageParam[] = [];
  let last: ChatCompletion['choices'][number]['message'] | undefined;
  if (ask.system) messages.push({ role: 'system', content: ask.system });
  messages.push({
    role: 'user',
    content: ask.image
      ? [
          { type: 'text', text: ask.user },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${ask.image}`, detail: 'high' } },
        ]
      : ask.user,
  });

  return {
    async turn({ stream, signal, onFirst, model = target.model }) {
      const params = { ...paramsOf(model, ask), messages };
      const options = signal ? { signal } : {};
      let partial: Outcome = nothing;
      try {
        let completion: ChatCompletion;
        if (stream) {
          const helper = client.chat.completions.stream(
            { ...params, stream: true, stream_options: { include_usage: true } },
            options,
          );
          const extra = new Extras();
          helper.on('chunk', (chunk) => {
            onFirst?.();
            extra.add(chunk);
            partial = { ...partial, text: partial.text + (chunk.choices[0]?.delta?.content ?? '') };
          });
          completion = await helper.finalChatCompletion();
          extra.putOn(completion);
        } else {
          completion = await client.chat.completions.create(params, options);
        }
        last = completion.choices[0]?.message;
        if (last) messages.push(withoutParsed(last));
        return outcomeOf(completion);
      } catch (error) {
        return { ...partial, error: errorSeen(error) };
      }
    },
    answer(results) {
      for (const call of [...(last?.tool_calls ?? [])].reverse()) {
        if (call.type !== 'function') continue;
        messages.push({ role: 'tool', tool_call_id: call.id, content: results[call.function.name] ?? '' });
      }
    },
    say(text) {
      messages.push({ role: 'user', content: text });
    },
  };
}

function paramsOf(model: string, ask: Ask): Omit<ChatCompletionCreateParamsNonStreaming, 'messages'> {
  return {
    model,
    max_completion_tokens: 4000,
    ...(ask.temperature !== undefined && { temperature: ask.temperature }),
    ...(ask.stop && { stop: [...ask.stop] }),
    ...(ask.reasoning && { reasoning_effort: 'high' }),
    ...(ask.tools && {
      tools: ask.tools.map((tool) => ({ type: 'function' as const, function: { ...tool } })),
      tool_choice: 'auto' as const,
      parallel_tool_calls: true,
    }),
    ...(ask.schema && {
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: 'answer', strict: true, schema: { ...ask.schema } },
      },
    }),
  };
}

interface Reasoned {
  reasoning_content?: string;
  reasoning_details?: unknown[];
}

/**
 * What vendors add to deltas and the SDK's types do not know. The SDK's helper keeps only the last piece of each, so
 * clients that replay reasoning (LangChain, AI SDK) gather it themselves, as here.
 */
class Extras {
  readonly #message: Reasoned = {};
  readonly #ofCalls = new Map<number, Record<string, unknown>>();

  add(chunk: ChatCompletionChunk): void {
    const delta = chunk.choices[0]?.delta as (ChatCompletionChunk.Choice.Delta & Reasoned) | undefined; // see above
    if (delta?.reasoning_content)
      this.#message.reasoning_content = (this.#message.reasoning_content ?? '') + delta.reasoning_content;
    if (delta?.reasoning_details) (this.#message.reasoning_details ??= []).push(...delta.reasoning_details);
    for (const { index, id: _, type: __, function: ___, custom: ____, ...rest } of delta?.tool_calls ?? [])
      if (Object.keys(rest).length > 0) this.#ofCalls.set(index, { ...this.#ofCalls.get(index), ...rest });
  }

  putOn(completion: ChatCompletion): void {
    const message = completion.choices[0]?.message;
    if (!message) return;
    Object.assign(message, this.#message);
    for (const [index, rest] of this.#ofCalls) Object.assign(message.tool_calls?.[index] ?? {}, rest);
  }
}

/** `parsed` members are the SDK helper's own, and no server takes them. */
function withoutParsed(message: ChatCompletion['choices'][number]['message']): ChatCompletionMessageParam {
  const { parsed: _, tool_calls: calls, ...rest } = message as typeof message & { parsed?: unknown }; // only the helper adds it
  if (!calls) return rest;
  const bare = calls.map((call) => {
    if (call.type !== 'function') return call;
    const { parsed_arguments: __, ...written } = call.function as typeof call.function & { parsed_arguments?: unknown }; // as above
    return { ...call, function: written };
  });
  return { ...rest, tool_calls: bare };
}

function outcomeOf(completion: ChatCompletion): Outcome {
  const choice = completion.choices[0];
  const message = choice?.message as (ChatCompletion['choices'][number]['message'] & Reasoned) | undefined; // vendors add it
  const usage = completion.usage;
  return {
    text: message?.content ?? '',
    reasoning: message?.reasoning_content ?? '',
    refusal: message?.refusal ?? '',
    calls: (message?.tool_calls ?? []).flatMap((call) =>
      call.type === 'function'
        ? [
            {
              id: call.id,
              name: call.function.name,
              args: parsed(call.function.arguments),
              source: call.function.arguments,
            },
          ]
        : [],
    ),
    finish: choice?.finish_reason ?? '',
    usage: usage
      ? {
          input: usage.prompt_tokens,
          output: usage.completion_tokens,
          cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
          reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
        }
      : {},
    model: completion.model,
  };
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return `not JSON: ${source}`;
  }
}
