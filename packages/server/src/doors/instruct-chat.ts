import { Failure, type Frame } from '@proxy/core';
import { fieldsOf, listOf, rewording, type Fields } from './fields.ts';
import type { InnerDoor } from './inner-door.ts';
import { json, reworded } from './reworded.ts';

const model = 'gpt-3.5-turbo-instruct';
const path = /^\/v1\/turbo-instruct(?:\/v1)?\/chat\/completions$/;

/** A chat with OpenAI's instruct model, which has completions alone (acceptance row F2). */
export function instructChat(asked: string): InnerDoor | undefined {
  if (!path.test(asked)) return undefined;
  return {
    path: '/v1/completions',
    models: { fitting: /instruct/, otherwise: model },
    forced: model,
    reword: rewording(asCompletion),
    reshape: (answer) => reworded(answer, { whole: (reply) => json(asChat(reply)), frame: chunkWriter() }),
  };
}

/** Completions stop after 16 tokens where nobody says otherwise, which nobody means who chats; the window is of 4096. */
const defaultMaxTokens = 1024;
const maxStops = 4;

const shared = [
  ...['temperature', 'top_p', 'n', 'stream', 'stream_options', 'seed', 'user', 'logit_bias'],
  ...['presence_penalty', 'frequency_penalty'],
];

function asCompletion(body: Fields): Fields {
  const unable = ['tools', 'functions'].find((name) => listOf(body[name]).length > 0);
  if (unable !== undefined)
    throw new Failure('bad-request', `"${unable}" cannot be asked of ${model}: leave it out, or ask a chat model.`, {
      field: unable,
    });
  const kept = shared.filter((name) => body[name] !== undefined).map((name) => [name, body[name]] as const);
  const { max_tokens, max_completion_tokens, stop } = body;
  return {
    model,
    ...promptOf(body),
    ...(stop !== undefined && body.messages === undefined && { stop }),
    max_tokens: max_tokens ?? max_completion_tokens ?? defaultMaxTokens,
    ...Object.fromEntries(kept),
  };
}

/** A dialogue, as the predecessor wrote it, or the caller's own prompt. */
function promptOf({ messages, prompt, stop }: Fields): Fields {
  if (messages === undefined && prompt !== undefined) return { prompt };
  const turns = listOf(messages);
  if (turns.length === 0)
    throw new Failure('bad-request', '"messages" or "prompt" is missing: one of them must say what is asked.', {
      field: 'messages',
    });
  const dialogue = turns.map((turn, index) => `\n\n${speaker(fieldsOf(turn).role)}: ${spoken(turn, index)}`);
  const stops = [...(Array.isArray(stop) ? (stop as unknown[]) : stop === undefined || stop === null ? [] : [stop])]; // a list, just checked
  // Without it the model goes on and speaks for the user.
  const own = stops.length < maxStops ? ['\n\nUser:'] : [];
  return { prompt: `${dialogue.join('')}\n\nAssistant:`, stop: [...stops, ...own] };
}

function speaker(role: unknown): string {
  if (role === 'assistant') return 'Assistant';
  return role === 'system' || role === 'developer' ? 'System' : 'User';
}

function spoken(turn: unknown, index: number): string {
  const { content } = fieldsOf(turn);
  if (typeof content === 'string') return content;
  const parts = listOf(content).map(fieldsOf);
  if (parts.length > 0 && parts.every(({ type, text }) => type === 'text' && typeof text === 'string'))
    return parts.map(({ text }) => text).join('\n');
  const field = `messages[${index}].content`;
  throw new Failure('bad-request', `"${field}" must be a text: ${model} reads nothing else.`, { field });
}

function asChat({ choices, ...reply }: Fields): object {
  return {
    ...reply,
    object: 'chat.completion',
    choices: listOf(choices).map((choice) => {
      const { text, index = 0, finish_reason = 'stop' } = fieldsOf(choice);
      const message = { role: 'assistant', content: String(text ?? '').trimStart(), refusal: null };
      return { index, message, logprobs: null, finish_reason };
    }),
  };
}

/** Of one stream. The model begins with a space or a line break, behind "Assistant:". */
function chunkWriter(): (frame: Frame) => readonly Frame[] {
  /** Choices that have said something. */
  const begun = new Set<unknown>();

  function asDelta(choice: unknown): object {
    const { text, index = 0, finish_reason = null } = fieldsOf(choice);
    const first = !begun.has(index);
    const content = first ? String(text ?? '').trimStart() : String(text ?? '');
    if (content !== '') begun.add(index);
    const delta = { ...(first && { role: 'assistant' }), ...(content !== '' && { content }) };
    return { index, delta, logprobs: null, finish_reason };
  }

  return (frame) => {
    const { choices, ...chunk } = fieldsOf(JSON.parse(frame.data));
    if (choices === undefined) return [frame];
    const data = { ...chunk, object: 'chat.completion.chunk', choices: listOf(choices).map(asDelta) };
    return [{ data: JSON.stringify(data) }];
  };
}
