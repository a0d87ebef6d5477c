import { Failure, type Frame } from '@proxy/core';
import { fieldsOf, listOf, rewording, type Fields } from './fields.ts';
import type { InnerDoor } from './inner-door.ts';
import { json, reworded } from './reworded.ts';

/** Clients of that time could not choose between Claude's sizes: the path does. */
const sizes = {
  sonnet: { forced: 'claude-3-sonnet-20240229', models: { fitting: /sonnet/, otherwise: 'claude-3-sonnet-20240229' } },
  opus: { forced: 'claude-3-opus-20240229', models: { fitting: /opus/, otherwise: 'claude-3-opus-20240229' } },
} as const;

const forcing = /^\/v1\/(sonnet|opus)\/(?:complete|messages)$/;

/**
 * Anthropic's Text Completions (acceptance row F4). The API is over, and the models that knew nothing else are gone: every prompt
 * becomes Messages, and the reply a completion. The forcing doors were made for such prompts alone.
 */
export function claudeComplete(asked: string): InnerDoor | undefined {
  const size = forcing.exec(asked)?.[1] as keyof typeof sizes | undefined; // as the pattern has them
  if (size === undefined && asked !== '/v1/complete') return undefined;
  const forced = size && sizes[size];
  return {
    path: '/v1/messages',
    ...forced,
    reword: rewording((body) => asMessages(body, forced?.forced)),
    reshape: (answer) => reworded(answer, { whole: (reply) => json(asCompletion(reply)), frame: eventWriter() }),
  };
}

function asMessages({ prompt, max_tokens_to_sample, ...rest }: Fields, forced: string | undefined): Fields {
  if (rest.messages !== undefined)
    throw new Failure(
      'bad-request',
      'This door takes a "prompt" of Text Completions. Send "messages" to /v1/messages of the same service' +
        (forced === undefined ? '.' : `, with "model": "${forced}".`),
      { field: 'messages' },
    );
  const maxTokens = max_tokens_to_sample ?? rest.max_tokens;
  if (typeof maxTokens !== 'number')
    throw new Failure('bad-request', '"max_tokens_to_sample" must be a number.', { field: 'max_tokens_to_sample' });
  return { ...rest, ...(forced !== undefined && { model: forced }), max_tokens: maxTokens, ...turnsIn(prompt) };
}

/** What stands before the first turn is the system prompt; what the last turn of the assistant's holds is to be gone on with. */
function turnsIn(prompt: unknown): Fields {
  const text = typeof prompt === 'string' ? prompt : '';
  const marks = [...text.matchAll(/(?:^|\n\n)(Human|Assistant):/g)];
  const turns = marks.map((mark, index) => ({
    role: mark[1] === 'Human' ? 'user' : 'assistant',
    content: text.slice(mark.index + mark[0].length, marks[index + 1]?.index).trim(),
  }));
  const messages = turns.filter(({ content }) => content !== '');
  if (!messages.some(({ role }) => role === 'user'))
    throw new Failure('bad-request', '"prompt" must be a text like "\\n\\nHuman: Hello\\n\\nAssistant:".', {
      field: 'prompt',
    });
  const system = text.slice(0, marks[0]?.index).trim();
  return { ...(system !== '' && { system }), messages };
}

function asCompletion({ id, model, content, stop_reason, stop_sequence }: Fields): object {
  const texts = listOf(content)
    .map(fieldsOf)
    .filter(({ type }) => type === 'text');
  return completion({ id, model, text: texts.map(({ text }) => text).join(''), ...ending(stop_reason, stop_sequence) });
}

interface Piece {
  readonly id: unknown;
  readonly model: unknown;
  readonly text: string;
  readonly stop_reason: string | null;
  readonly stop: unknown;
}

function completion({ id, model, text, ...end }: Piece): object {
  return { type: 'completion', id: String(id).replace(/^msg_/, 'compl_'), completion: text, model, ...end };
}

/** The end of the assistant's turn was a stop sequence then: what would have begun the user's. */
function ending(reason: unknown, sequence: unknown): Pick<Piece, 'stop_reason' | 'stop'> {
  const full = reason === 'max_tokens' || reason === 'model_context_window_exceeded';
  return full
    ? { stop_reason: 'max_tokens', stop: null }
    : { stop_reason: 'stop_sequence', stop: sequence ?? '\n\nHuman:' };
}

/** Of one stream. */
function eventWriter(): (frame: Frame) => readonly Frame[] {
  let message: Fields = {};
  const write = (piece: Pick<Piece, 'text' | 'stop_reason' | 'stop'>): Frame => ({
    event: 'completion',
    data: JSON.stringify(completion({ id: message.id, model: message.model, ...piece })),
  });
  return (frame) => {
    const event = fieldsOf(JSON.parse(frame.data));
    const delta = fieldsOf(event.delta);
    switch (event.type) {
      case 'message_start':
        message = fieldsOf(event.message);
        return [];
      case 'content_block_delta':
        return typeof delta.text === 'string' ? [write({ text: delta.text, stop_reason: null, stop: null })] : [];
      case 'message_delta':
        return [write({ text: '', ...ending(delta.stop_reason, delta.stop_sequence) })];
      case 'ping':
      case 'error':
        return [frame];
      default:
        return [];
    }
  };
}
