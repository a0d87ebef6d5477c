import OpenAI from 'openai';
import { toResponseInputItems } from 'openai/lib/responses/ResponseInputItems';
import type {
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
} from 'openai/resources/responses/responses';
import { errorSeen, nothing, type Ask, type Client, type Conversation, type Outcome, type Target } from './client.ts';

export const openaiResponses: Client = { dialect: 'openai-responses', open };

function open(target: Target, ask: Ask): Conversation {
  const client = new OpenAI({ baseURL: `${target.url}/v1`, apiKey: target.key, maxRetries: 0 });
  const input: ResponseInputItem[] = [
    {
      role: 'user',
      content: ask.image
        ? [
            { type: 'input_text', text: ask.user },
            { type: 'input_image', image_url: `data:image/png;base64,${ask.image}`, detail: 'high' },
          ]
        : ask.user,
    },
  ];
  let last: Response | undefined;

  return {
    async turn({ stream, signal, onFirst, model = target.model }) {
      const params = { ...paramsOf(model, ask), input };
      const options = signal ? { signal } : {};
      let partial: Outcome = nothing;
      try {
        let response: Response;
        if (stream) {
          const helper = client.responses.stream({ ...params, stream: true }, options);
          helper.on('event', (event) => {
            onFirst?.();
            if (event.type === 'response.output_text.delta') partial = { ...partial, text: partial.text + event.delta };
          });
          response = await helper.finalResponse();
        } else {
          response = await client.responses.create(params, options);
        }
        last = response;
        input.push(...toResponseInputItems(response.output));
        const outcome = outcomeOf(response);
        // A failed response need not repeat what was streamed before it failed.
        return outcome.error && outcome.text === '' ? { ...outcome, text: partial.text } : outcome;
      } catch (error) {
        return { ...partial, error: errorSeen(error) };
      }
    },
    answer(results) {
      for (const item of [...(last?.output ?? [])].reverse()) {
        if (item.type !== 'function_call') continue;
        input.push({ type: 'function_call_output', call_id: item.call_id, output: results[item.name] ?? '' });
      }
    },
    say(text) {
      input.push({ role: 'user', content: [{ type: 'input_text', text }] });
    },
  };
}

function paramsOf(model: string, ask: Ask): Omit<ResponseCreateParamsNonStreaming, 'input'> {
  return {
    model,
    max_output_tokens: 4000,
    store: false,
    include: ['reasoning.encrypted_content'],
    ...(ask.system && { instructions: ask.system }),
    ...(ask.temperature !== undefined && { temperature: ask.temperature }),
    ...(ask.reasoning && { reasoning: { effort: 'high', summary: 'auto' } }),
    ...(ask.tools && {
      tools: ask.tools.map((tool) => ({
        type: 'function' as const,
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters ? { ...tool.parameters } : null,
        strict: false,
      })),
      tool_choice: 'auto' as const,
      parallel_tool_calls: true,
    }),
    ...(ask.schema && {
      text: { format: { type: 'json_schema' as const, name: 'answer', strict: true, schema: { ...ask.schema } } },
    }),
  };
}

function outcomeOf(response: Response): Outcome {
  let text = '';
  let refusal = '';
  const reasoning: string[] = [];
  for (const item of response.output) {
    if (item.type === 'reasoning') reasoning.push(...item.summary.map((part) => part.text));
    if (item.type !== 'message') continue;
    for (const part of item.content)
      if (part.type === 'output_text') text += part.text;
      else refusal += part.refusal;
  }
  const { usage, error } = response;
  return {
    text,
    refusal,
    reasoning: reasoning.join('\n\n'),
    calls: response.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ id: item.call_id, name: item.name, args: parsed(item.arguments), source: item.arguments }]
        : [],
    ),
    finish: response.incomplete_details?.reason ?? response.status ?? '',
    usage: usage
      ? {
          input: usage.input_tokens,
          output: usage.output_tokens,
          cached: usage.input_tokens_details.cached_tokens,
          reasoning: usage.output_tokens_details.reasoning_tokens,
        }
      : {},
    model: response.model,
    ...(error && { error: { message: error.message, type: error.code } }),
  };
}

/** A call that was cut off has half its arguments. */
function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return `not JSON: ${source}`;
  }
}
