import Anthropic from '@anthropic-ai/sdk';
import type {
  Message,
  MessageCreateParamsNonStreaming,
  MessageParam,
} from '@anthropic-ai/sdk/resources/messages/messages';
import { errorSeen, nothing, type Ask, type Client, type Conversation, type Outcome, type Target } from './client.ts';

export const anthropicMessages: Client = { dialect: 'anthropic-messages', open };

function open(target: Target, ask: Ask): Conversation {
  const client = new Anthropic({ baseURL: target.url, apiKey: target.key, maxRetries: 0 });
  const messages: MessageParam[] = [
    {
      role: 'user',
      content: ask.image
        ? [
            { type: 'text', text: ask.user },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: ask.image } },
          ]
        : ask.user,
    },
  ];
  let last: Message | undefined;

  return {
    async turn({ stream, signal, onFirst, model = target.model }) {
      const params = { ...paramsOf(model, ask), messages };
      const options = signal ? { signal } : {};
      let partial: Outcome = nothing;
      try {
        let message: Message;
        if (stream) {
          const helper = client.messages.stream(params, options);
          helper.on('streamEvent', () => onFirst?.());
          helper.on('text', (piece) => (partial = { ...partial, text: partial.text + piece }));
          message = await helper.finalMessage();
        } else {
          message = await client.messages.create(params, options);
        }
        last = message;
        messages.push({ role: 'assistant', content: message.content });
        return outcomeOf(message);
      } catch (error) {
        return { ...partial, error: errorSeen(error) };
      }
    },
    answer(results) {
      const calls = (last?.content ?? []).filter((block) => block.type === 'tool_use');
      messages.push({
        role: 'user',
        content: calls.reverse().map((call) => ({
          type: 'tool_result' as const,
          tool_use_id: call.id,
          content: [{ type: 'text' as const, text: results[call.name] ?? '' }],
        })),
      });
    },
    say(text) {
      messages.push({ role: 'user', content: [{ type: 'text', text, cache_control: { type: 'ephemeral' } }] });
    },
  };
}

function paramsOf(model: string, ask: Ask): Omit<MessageCreateParamsNonStreaming, 'messages'> {
  return {
    model,
    max_tokens: 4000,
    ...(ask.system && {
      system: [{ type: 'text' as const, text: ask.system, cache_control: { type: 'ephemeral' as const } }],
    }),
    ...(ask.stop && { stop_sequences: [...ask.stop] }),
    ...(ask.reasoning && { thinking: { type: 'adaptive' as const, display: 'summarized' as const } }),
    ...((ask.reasoning || ask.schema) && {
      output_config: {
        ...(ask.reasoning && { effort: 'high' as const }),
        ...(ask.schema && { format: { type: 'json_schema' as const, schema: { ...ask.schema } } }),
      },
    }),
    ...(ask.tools && {
      tools: ask.tools.map((tool) => ({
        name: tool.name,
        description: tool.description,
        input_schema: { type: 'object' as const, ...tool.parameters },
      })),
      tool_choice: { type: 'auto' as const },
    }),
  };
}

function outcomeOf(message: Message): Outcome {
  let text = '';
  const reasoning: string[] = [];
  for (const block of message.content) {
    if (block.type === 'text') text += block.text;
    if (block.type === 'thinking' && block.thinking) reasoning.push(block.thinking);
  }
  const { usage } = message;
  return {
    text,
    reasoning: reasoning.join('\n\n'),
    refusal: message.stop_details?.explanation ?? '',
    calls: message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, args: block.input }] : [],
    ),
    finish: message.stop_reason ?? '',
    usage: {
      input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
      cached: usage.cache_read_input_tokens ?? 0,
      ...(usage.output_tokens_details && { reasoning: usage.output_tokens_details.thinking_tokens }),
    },
    model: message.model,
  };
}
