import { isSource, sse, type Chunk, type Frame, type HttpAnswer, type Source } from '@proxy/core';
import { isFields, type Fields } from './fields.ts';

/** How a reply of the gateway's reads at an older door. Made anew for every request. */
export interface ReplyWords {
  whole(reply: Fields): Told | Promise<Told>;
  /** One frame of a stream, which is a JSON object; others pass as they are, as the closing mark does. */
  frame(frame: Frame): readonly Frame[];
}

export interface Told {
  readonly contentType: string;
  readonly body: string;
}

export function json(value: object): Told {
  return { contentType: 'application/json', body: JSON.stringify(value) };
}

/** The answer in these words; an error keeps its own. A whole reply is waited for, a stream goes on while it comes. */
export async function reworded(answer: HttpAnswer, words: ReplyWords): Promise<HttpAnswer> {
  const { body } = answer;
  if (answer.status !== 200 || body === undefined) return answer;
  const { 'content-length': _length, ...headers } = answer.headers;
  if (headers['content-type']?.includes('event-stream')) return { ...answer, headers, body: events(body, words) };
  const reply = parsedReply(await gathered(body));
  if (!reply) return unreadable(headers);
  const told = await words.whole(reply);
  return { ...answer, headers: { ...headers, 'content-type': told.contentType }, body: told.body };
}

function events(body: Chunk | Source, { frame }: ReplyWords): Chunk | Source {
  const writer = sse.writer();
  let comments = '';
  // They mean nothing, and keep the connection open.
  const reader = sse.reader({ comment: (text) => void (comments += writer.comment?.(text) ?? '') });
  const tell = (frames: readonly Frame[]) => {
    const text = comments + writer.write(frames.flatMap((each) => (isReadable(each) ? frame(each) : [each])));
    comments = '';
    return text;
  };
  const push = (chunk: Chunk) => tell(reader.push(bytesOf(chunk)));
  const end = () => tell(reader.end());
  if (!isSource(body)) return push(body) + end();
  return {
    start: (sink) =>
      body.start({
        write(chunk) {
          const text = push(chunk);
          return text === '' || sink.write(text);
        },
        end() {
          const text = end();
          if (text !== '') sink.write(text);
          sink.end();
        },
        fail: (error) => sink.fail(error),
      }),
  };
}

/** Of others nobody knows a word. */
function isReadable({ data }: Frame): boolean {
  return parsedReply(data) !== undefined;
}

/** Undefined when it broke off. */
function gathered(body: Chunk | Source): Promise<string | undefined> {
  if (!isSource(body)) return Promise.resolve(textOf([bytesOf(body)]));
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = [];
    body.start({
      write: (chunk) => pieces.push(bytesOf(chunk)) > 0,
      end: () => resolve(textOf(pieces)),
      fail: () => resolve(undefined),
    });
  });
}

function textOf(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode();
}

function bytesOf(chunk: Chunk): Uint8Array {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

function parsedReply(text: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(headers: HttpAnswer['headers']): HttpAnswer {
  const error = { type: 'api_error', message: 'The upstream’s reply broke off, or is no JSON object.' };
  const body = JSON.stringify({ type: 'error', error });
  return { status: 502, headers: { ...headers, 'content-type': 'application/json' }, body };
}
