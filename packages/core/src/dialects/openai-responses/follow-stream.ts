import type { Frame } from '../../bytes/framing.ts';
import { isObject, number, object, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import { concludingGap, type ConcludeContext, type StreamFollower } from '../dialect.ts';
import { messageItem } from './encode-item.ts';
import { FollowedItem } from './followed-item.ts';
import { encodeUsage } from './vocabulary.ts';

/** A response, its items, and what grows within them: all of it is told once more as it ends. */
export function followStream(): StreamFollower {
  return new ResponseFollower();
}

const terminal: ReadonlySet<Json | undefined> = new Set(
  ['completed', 'incomplete', 'failed', 'cancelled'].map((status) => `response.${status}`),
);

class ResponseFollower implements StreamFollower {
  #response: JsonObject | undefined;
  #sequence = 0;
  #over = false;
  /** By output index. */
  readonly #items = new Map<number, FollowedItem>();

  get running(): boolean {
    return this.#response !== undefined && !this.#over;
  }

  follow({ data }: Frame): boolean {
    const event = object(tryParseJson(data)) ?? {};
    const sequence = number(event.sequence_number);
    if (sequence !== undefined) this.#sequence = sequence + 1;
    this.#response = object(event.response) ?? this.#response;
    this.#over ||= terminal.has(event.type);
    const index = number(event.output_index);
    if (index === undefined) return true;
    const item = this.#items.get(index);
    if (event.type !== 'response.output_item.added') item?.follow(event);
    else if (isObject(event.item)) this.#items.set(index, new FollowedItem(event.item, index));
    return true;
  }

  conclude(text: string, { newId, usage }: ConcludeContext): readonly Frame[] | undefined {
    if (!this.#response) return undefined;
    if (this.#over) return [];
    const frames: Frame[] = [];
    const write = (type: string, members: JsonObject) => {
      frames.push({ event: type, data: JSON.stringify({ type, sequence_number: this.#sequence++, ...members }) });
    };
    const items = [...this.#items].sort(([one], [other]) => one - other).map(([, item]) => item);
    for (const item of items) item.close(write);

    const index = Math.max(-1, ...this.#items.keys()) + 1;
    const said = items.some((item) => item.spoke) ? concludingGap + text : text;
    const message = sayMessage(newId('msg_'), index, said, write);
    const called = items.some((item) => item.isCall);
    const status = called ? 'incomplete' : 'completed';
    const response = {
      ...this.#response,
      status,
      error: null,
      incomplete_details: called ? { reason: 'max_output_tokens' } : null,
      output: [...items.map((item) => item.value), message],
      usage: usage ? { ...encodeUsage(usage) } : null,
    };
    write(`response.${status}`, { response });
    return frames;
  }
}

type Write = (type: string, members: JsonObject) => void;

function sayMessage(id: string, index: number, said: string, write: Write): JsonObject {
  const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
  const item = { ...messageItem(id, [part(said)], 'completed') };
  const place = { item_id: id, output_index: index, content_index: 0 };
  write('response.output_item.added', { output_index: index, item: { ...messageItem(id, [], 'in_progress') } });
  write('response.content_part.added', { ...place, part: part('') });
  write('response.output_text.delta', { ...place, delta: said, logprobs: [] });
  write('response.output_text.done', { ...place, text: said, logprobs: [] });
  write('response.content_part.done', { ...place, part: part(said) });
  write('response.output_item.done', { output_index: index, item });
  return item;
}
