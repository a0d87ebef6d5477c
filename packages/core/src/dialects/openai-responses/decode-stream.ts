import type { Frame } from '../../bytes/framing.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { isObject, list, number, object, text, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, StreamDecoder } from '../dialect.ts';
import type { ItemContext } from './decode-item.ts';
import { failureOfEvent, failureOfResponse } from './errors.ts';
import { createItemReader, type ItemReader } from './item-reader.ts';
import { headOf, responseExtras, replyItems } from './reply.ts';
import { decodeUsage, finishOf } from './vocabulary.ts';

/** Reads the Responses lifecycle, also from servers that leave out deltas, done events or ids (D5, R1). */
export function decodeStream(context: DecodeReplyContext): StreamDecoder {
  return new ResponseReader(context);
}

class ResponseReader implements StreamDecoder {
  private readonly context: ItemContext;
  private events: ReplyEvent[] = [];
  private started = false;
  private over = false;
  private parts = 0;
  /** By output index: ids may rotate within the life of an item (R3). */
  private readonly items = new Map<number, ItemReader>();
  private readonly indexes = new Map<string, number>();
  private readonly seen = { calls: false, refusal: false };

  constructor(context: DecodeReplyContext) {
    this.context = replyItems(context);
  }

  push(frame: Frame): readonly ReplyEvent[] {
    // `[DONE]` is no part of the dialect, and some servers send it all the same (R4).
    if (this.over || frame.data === '[DONE]') return [];
    const event = tryParseJson(frame.data);
    if (!isObject(event))
      this.fail(new Failure('bad-upstream', 'The upstream sent an event that is not a JSON object.'));
    else this.read(event, text(event.type) ?? frame.event ?? '');
    return this.take();
  }

  end(): readonly ReplyEvent[] {
    if (this.over) return [];
    for (const item of this.items.values()) item.cut();
    this.fail(new Failure('bad-upstream', 'The upstream ended the stream before the response was completed.'));
    return this.take();
  }

  private take(): readonly ReplyEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  private read(event: JsonObject, type: string): void {
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.start(object(event.response) ?? {});
      case 'response.completed':
      case 'response.incomplete':
        return this.finish(object(event.response) ?? {}, type === 'response.completed' ? 'completed' : 'incomplete');
      case 'response.failed':
      case 'response.cancelled':
        return this.failed(object(event.response) ?? {}, type === 'response.failed' ? 'failed' : 'cancelled');
      case 'error':
        return this.fail(failureOfEvent(event));
      case 'response.output_item.added':
        return this.itemOf(event)?.added(object(event.item) ?? {});
      case 'response.output_item.done':
        return this.itemOf(event)?.done(object(event.item) ?? {});
    }
    if (type === '' && isObject(event.error)) return this.fail(failureOfEvent(event));
    // Everything that grows an item names it; whatever else there is says nothing that its done item would not.
    if (type.startsWith('response.') && (event.output_index !== undefined || event.item_id !== undefined))
      this.itemOf(event)?.grow(type, event);
  }

  private start(response: JsonObject): void {
    if (this.started) return;
    this.started = true;
    this.events.push({ type: 'reply-start', ...headOf(response) });
  }

  private itemOf(event: JsonObject): ItemReader | undefined {
    this.start({});
    const index = this.indexOf(event);
    if (index === undefined) return undefined;
    let reader = this.items.get(index);
    if (!reader) {
      reader = createItemReader({
        context: this.context,
        emit: (made) => this.events.push(made),
        nextPart: () => this.parts++,
        seen: this.seen,
      });
      this.items.set(index, reader);
    }
    return reader;
  }

  private indexOf(event: JsonObject): number | undefined {
    const id = text(event.item_id) ?? text(object(event.item)?.id);
    const told = number(event.output_index);
    const index =
      told ?? (id === undefined ? undefined : this.indexes.get(id)) ?? (id === undefined ? undefined : this.items.size);
    if (index !== undefined && id !== undefined) this.indexes.set(id, index);
    return index;
  }

  private finish(response: JsonObject, status: 'completed' | 'incomplete'): void {
    // A body that says another status than its event is believed when it is the worse one.
    if (response.status === 'failed' || response.status === 'cancelled') return this.failed(response, response.status);
    this.start(response);
    this.complete(response.output, status);
    this.over = true;
    const finish = finishOf({ ...response, status: text(response.status) ?? status }, this.seen);
    this.events.push({ type: 'candidate-end', finish, ...responseExtras(response) });
    const usage = decodeUsage(response);
    if (usage) this.events.push({ type: 'usage', usage });
    this.events.push({ type: 'reply-end' });
  }

  /** Closes what no done event closed, and takes from the response itself what the stream never told of (R1). */
  private complete(output: Json | undefined, status: 'completed' | 'incomplete'): void {
    const items = list(output).map((item) => object(item));
    for (const [index, reader] of this.items) {
      if (reader.closed()) continue;
      const item = items[index];
      if (item && (reader.type() ?? item.type) === item.type) reader.done(item);
      else if (status === 'completed') reader.done({});
      else reader.cut();
    }
    items.forEach((item, index) => {
      const told = this.items.has(index) || this.indexes.has(text(item?.id) ?? '');
      if (item && !told) this.itemOf({ output_index: index })?.done(item);
    });
  }

  private failed(response: JsonObject, status: 'failed' | 'cancelled'): void {
    this.start(response);
    // What was used until then is to be paid (U8).
    const usage = decodeUsage(response);
    if (usage) this.events.push({ type: 'usage', usage });
    this.fail(failureOfResponse({ ...response, status }));
  }

  private fail(failure: Failure): void {
    this.over = true;
    this.events.push({ type: 'failure', failure });
  }
}
