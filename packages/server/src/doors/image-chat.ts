import { Failure, type HttpAnswer } from '@proxy/core';
import { fieldsOf, listOf, rewording, type Fields } from './fields.ts';
import type { InnerDoor } from './inner-door.ts';
import type { PictureStore, PictureType } from './picture-store.ts';
import { json, reworded, type Told } from './reworded.ts';

/** Where kept pictures are fetched: `/user_content/<name>`. */
export const picturesPath = '/user_content/';

/** Where pictures are kept, and where they are found then. */
export interface KeptPictures {
  readonly store: PictureStore;
  /** Of this server, as its callers reach it. */
  readonly address: string;
}

/** A chat whose last user turn asks for an image, answered with the image in Markdown (acceptance row F3). */
export function imageChat(asked: string, kept: KeptPictures | undefined): InnerDoor | undefined {
  if (asked !== '/v1/chat/completions') return undefined;
  let chat: Fields = {};
  return {
    path: '/v1/images/generations',
    reword: rewording((body) => {
      chat = body;
      return asGeneration(body, kept !== undefined);
    }),
    reshape: (answer: HttpAnswer) =>
      reworded(answer, {
        async whole(reply) {
          const pictures = await Promise.all(listOf(reply.data).map((one) => addressOf(fieldsOf(one), kept)));
          return told(chat, reply, pictures.map((address) => `![generated image](${address})`).join('\n\n'));
        },
        frame: (frame) => [frame],
      }),
  };
}

/** The one to ask where a caller names none that draws. */
export const defaultImageModel = 'gpt-image-1';

/** By the word the prompt is known, whatever a client writes in front of it. */
const word = /image:/i;

function asGeneration({ model, messages, n, size, quality, user }: Fields, keep: boolean): Fields {
  const turns = listOf(messages).map(fieldsOf);
  const said = textOf(turns.findLast(({ role }) => role === 'user')?.content);
  const prompt = said.slice(said.search(word)).replace(word, '').trim();
  if (!word.test(said) || prompt === '')
    throw new Failure('bad-request', 'The last user message must say "Image:" and, behind it, what the image shows.', {
      field: 'messages',
    });
  const optional = { n, size, quality, user };
  // Newer models know no other form, and refuse the member.
  const form = keep && typeof model === 'string' && model.includes('dall-e') && { response_format: 'b64_json' };
  return { model: typeof model === 'string' ? model : defaultImageModel, prompt, ...optional, ...form };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => fieldsOf(part).text)
    .filter((text) => typeof text === 'string')
    .join('\n');
}

async function addressOf({ url, b64_json }: Fields, kept: KeptPictures | undefined): Promise<string> {
  if (typeof b64_json !== 'string') return String(url);
  const type = typeOf(b64_json);
  if (!kept) return `data:${type};base64,${b64_json}`;
  const bytes = Uint8Array.from(atob(b64_json), (sign) => sign.charCodeAt(0));
  return kept.address + picturesPath + (await kept.store.keep(bytes, type));
}

/** By the first bytes, as base64 writes them. */
function typeOf(base64: string): PictureType {
  if (base64.startsWith('/9j/')) return 'image/jpeg';
  if (base64.startsWith('UklGR')) return 'image/webp';
  return base64.startsWith('R0lGOD') ? 'image/gif' : 'image/png';
}

function told({ model, stream, stream_options }: Fields, reply: Fields, content: string): Told {
  const { input_tokens = 0, output_tokens = 0, total_tokens = 0 } = fieldsOf(reply.usage);
  const usage = { prompt_tokens: input_tokens, completion_tokens: output_tokens, total_tokens };
  const head = { id: `chatcmpl-${crypto.randomUUID()}`, created: reply.created, model };
  if (stream !== true) {
    const message = { role: 'assistant', content, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
    return json({ ...head, object: 'chat.completion', choices, usage });
  }
  const choice = (delta: object, finish_reason: string | null = null) => ({ index: 0, delta, finish_reason });
  const chunks = [
    { choices: [choice({ role: 'assistant', content })] },
    { choices: [choice({}, 'stop')] },
    ...(fieldsOf(stream_options).include_usage === true ? [{ choices: [], usage }] : []),
  ];
  const frames = chunks.map((chunk) => JSON.stringify({ ...head, object: 'chat.completion.chunk', ...chunk }));
  return { contentType: 'text/event-stream', body: [...frames, '[DONE]'].map((data) => `data: ${data}\n\n`).join('') };
}
