import type { Usage } from '../../conversation/usage.ts';
import { compact, number, object, text, type JsonObject } from '../../json.ts';
import type { SocketDoor, SocketSighting } from '../dialect.ts';

/** OpenAI Realtime. Events of both sides are JSON texts; audio travels in them as base64. */
export const socketDoors: readonly SocketDoor[] = [
  {
    method: 'GET',
    path: '/v1/realtime',
    operation: 'realtime',
    socket: {
      model: 'query',
      markers: ['response.created', 'response.done', 'input_audio_transcription.completed'],
      sight,
    },
  },
];

function sight(event: JsonObject): SocketSighting {
  switch (event.type) {
    case 'response.created':
      return { responding: true };
    case 'response.done': {
      const usage = usageIn(object(event.response)?.usage);
      return { responding: false, ...(usage && { usage }) };
    }
    case 'conversation.item.input_audio_transcription.completed': {
      // Whisper is paid for by the second.
      const usage = text(object(event.usage)?.type) === 'duration' ? undefined : usageIn(event.usage);
      return usage ? { usage } : {};
    }
    default:
      return {};
  }
}

function usageIn(value: unknown): Usage | undefined {
  const usage = object(value);
  const input = number(usage?.input_tokens);
  const output = number(usage?.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  const details = object(usage?.input_token_details);
  const cached = number(details?.cached_tokens);
  return compact({
    inputTokens: input === undefined ? undefined : Math.max(0, input - (cached ?? 0)),
    cacheReadTokens: cached,
    outputTokens: output,
    audioInputTokens: number(details?.audio_tokens),
    audioOutputTokens: number(object(usage?.output_token_details)?.audio_tokens),
  });
}
