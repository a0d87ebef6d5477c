import { list, number, object, text, type Json, type JsonObject } from '../../json.ts';

/** A part of a message's content, or of a summary. */
interface FollowedPart {
  value: JsonObject;
  written: string;
  readonly annotations: Json[];
  /** Its text has been told whole. */
  told: boolean;
  done: boolean;
}

type Parts = Map<number, FollowedPart>;
type Write = (type: string, members: JsonObject) => void;

const calls: ReadonlySet<Json | undefined> = new Set(['function_call', 'custom_tool_call']);

/** One output item of a stream that is looked at from outside, as far as its events have told it. */
export class FollowedItem {
  #item: JsonObject;
  readonly #index: number;
  #done = false;
  readonly #content: Parts = new Map();
  readonly #summary: Parts = new Map();
  /** Arguments, or a free text. */
  #written = '';

  constructor(item: JsonObject, index: number) {
    this.#item = item;
    this.#index = index;
  }

  get value(): JsonObject {
    return this.#item;
  }

  get isCall(): boolean {
    return calls.has(this.#item.type);
  }

  /** It has said something to people. */
  get spoke(): boolean {
    if (this.#item.type !== 'message') return false;
    const whole = list(this.#item.content).some((part) => Boolean(text(object(part)?.text)));
    return whole || [...this.#content.values()].some(({ written }) => written !== '');
  }

  /** An event that names it. */
  follow(event: JsonObject): void {
    if (event.type === 'response.output_item.done') {
      this.#item = object(event.item) ?? this.#item;
      this.#done = true;
      return;
    }
    const content = number(event.content_index);
    const summary = number(event.summary_index);
    if (content !== undefined) followPart(this.#content, content, event);
    else if (summary !== undefined) followPart(this.#summary, summary, event);
    else if (isDelta(event)) this.#written += text(event.delta) ?? '';
  }

  /** Tells the end of everything in it that is open, itself last, as of an item that is not whole. */
  close(write: Write): void {
    if (this.#done) return;
    this.#done = true;
    const { id, type } = this.#item;
    const place = { ...(id !== undefined && { item_id: id }), output_index: this.#index };
    for (const [summary_index, part] of this.#summary) closeSummary(part, { ...place, summary_index }, write);
    for (const [content_index, part] of this.#content) closeContent(part, { ...place, content_index }, write);
    this.#item = {
      ...this.#item,
      ...('status' in this.#item && { status: incompleteStatus(type) }),
      ...(this.#content.size > 0 && { content: valuesOf(this.#content) }),
      ...(this.#summary.size > 0 && { summary: valuesOf(this.#summary) }),
      ...(type === 'function_call' && { arguments: this.#written }),
      ...(type === 'custom_tool_call' && { input: this.#written }),
    };
    write('response.output_item.done', { output_index: this.#index, item: this.#item });
  }
}

/** Tools that the vendor runs know no other word for it. */
function incompleteStatus(type: Json | undefined): string {
  return type === 'message' || type === 'reasoning' || calls.has(type) ? 'incomplete' : 'failed';
}

function followPart(parts: Parts, index: number, event: JsonObject): void {
  const type = text(event.type) ?? '';
  const part = parts.get(index) ?? { value: emptyPart(type), written: '', annotations: [], told: false, done: false };
  parts.set(index, part);
  part.value = object(event.part) ?? part.value;
  if (isDelta(event)) part.written += text(event.delta) ?? '';
  else if (type.endsWith('.annotation.added')) part.annotations.push(event.annotation ?? null);
  else if (type.endsWith('_part.done')) part.done = true;
  else if (type.endsWith('.done')) part.told = true;
}

/** Some servers never say that a part begins: `response.output_text.delta` says what it is. */
function emptyPart(type: string): JsonObject {
  const [, name = ''] = type.split('.');
  return { type: name.replace('reasoning_summary', 'summary') };
}

function isDelta({ type }: JsonObject): boolean {
  return text(type)?.endsWith('.delta') === true;
}

function closeSummary(part: FollowedPart, place: JsonObject, write: Write): void {
  if (part.done) return;
  part.value = { ...part.value, text: part.written };
  if (!part.told) write('response.reasoning_summary_text.done', { ...place, text: part.written });
  write('response.reasoning_summary_part.done', { ...place, part: part.value });
}

function closeContent(part: FollowedPart, place: JsonObject, write: Write): void {
  if (part.done) return;
  const { written, annotations, told, value } = part;
  const member = value.type === 'refusal' ? 'refusal' : 'text';
  part.value = { ...value, [member]: written, ...(value.type === 'output_text' && { annotations }) };
  if (!told && value.type === 'output_text')
    write('response.output_text.done', { ...place, text: written, logprobs: [] });
  else if (!told && value.type === 'refusal') write('response.refusal.done', { ...place, refusal: written });
  else if (!told) write('response.reasoning_text.done', { ...place, text: written });
  write('response.content_part.done', { ...place, part: part.value });
}

function valuesOf(parts: Parts): readonly JsonObject[] {
  return [...parts].sort(([one], [other]) => one - other).map(([, { value }]) => value);
}
