import type { CitationEvent, TextDelta, TextEnd, TextStart } from '../../conversation/event.ts';
import type { Part } from '../../conversation/message.ts';
import type { Json, JsonObject } from '../../json.ts';
import type { EncodeReplyContext } from '../dialect.ts';
import { reportCitation, reportExtras } from '../reply-losses.ts';
import { encodeCitation } from './citations.ts';
import { messageItem } from './encode-item.ts';
import type { Growing, Output } from './output.ts';
import { contentExtras, itemExtras } from './parts.ts';
import { dialectName } from './vocabulary.ts';

interface GrowingMessage extends Growing {
  /** The content parts that are finished. */
  readonly content: Json[];
}

interface GrowingText {
  readonly message: GrowingMessage;
  readonly refusal: boolean;
  readonly head: string;
  text: string;
  readonly annotations: JsonObject[];
}

/** Writes texts and refusals as content parts of message items. Texts that follow one another share a message. */
export class TextWriter {
  private readonly output: Output;
  private readonly context: EncodeReplyContext;
  private readonly open = new Map<number, GrowingText>();
  /** The last message, while it has no open part and nothing has followed it. */
  private message: GrowingMessage | undefined;
  private refusals = 0;

  constructor(output: Output, context: EncodeReplyContext) {
    this.output = output;
    this.context = context;
    output.beforeItem = () => this.settle();
  }

  start(event: TextStart): void {
    const message = this.message ?? this.openMessage();
    // A second text beside an open one gets a message of its own.
    this.message = undefined;
    const refusal = event.refusal === true;
    const head = `${message.head},"content_index":${message.content.length}`;
    this.open.set(event.part, { message, refusal, head, text: '', annotations: [] });
    this.output.event(
      'response.content_part.added',
      `${head},"part":${JSON.stringify(contentPart(refusal, '', [], {}))}`,
    );
  }

  delta(event: TextDelta): void {
    const part = this.open.get(event.part);
    if (!part) return;
    part.text += event.text;
    const delta = `${part.head},"delta":${JSON.stringify(event.text)}`;
    if (part.refusal) this.output.event('response.refusal.delta', delta);
    else this.output.event('response.output_text.delta', `${delta},"logprobs":[]`);
  }

  citation(event: CitationEvent): void {
    reportCitation(this.context, event.citation, dialectName);
    const part = this.open.get(event.part);
    const annotation = part && encodeCitation(event.citation, part.text);
    if (!annotation) return;
    const index = part.annotations.push(annotation) - 1;
    this.output.event(
      'response.output_text.annotation.added',
      `${part.head},"annotation_index":${index},"annotation":${JSON.stringify(annotation)}`,
    );
  }

  /** What the text's own dialect said beside it closes its message, as does a seal that is to follow it. */
  end(event: TextEnd): void {
    const part = this.open.get(event.part);
    if (!part) return;
    this.open.delete(event.part);
    reportExtras(this.context, event.extras, dialectName);
    if (part.refusal) this.refusals++;
    const tail: Part = { type: 'text', text: '', ...(event.extras && { extras: event.extras }) };
    const content = contentPart(part.refusal, part.text, part.annotations, contentExtras(tail));
    const written = JSON.stringify(part.text);
    if (part.refusal) this.output.event('response.refusal.done', `${part.head},"refusal":${written}`);
    else this.output.event('response.output_text.done', `${part.head},"text":${written},"logprobs":[]`);
    this.output.event('response.content_part.done', `${part.head},"part":${JSON.stringify(content)}`);
    const { message } = part;
    message.content.push(content);
    if (this.output.isNewest(message) && !event.seal && !event.extras) this.message = message;
    else this.close(message, itemExtras(tail));
  }

  /** Closes the message that further text might have joined. */
  settle(): void {
    const { message } = this;
    this.message = undefined;
    if (message) this.close(message, {});
  }

  refused(): boolean {
    return this.refusals > 0;
  }

  private openMessage(): GrowingMessage {
    const id = this.context.newId('msg_');
    return { ...this.output.addItem(id, messageItem(id, [], 'in_progress')), content: [] };
  }

  private close(message: GrowingMessage, extras: JsonObject): void {
    this.output.doneItem(message, messageItem(message.id, message.content, 'completed', extras));
  }
}

function contentPart(
  refusal: boolean,
  written: string,
  annotations: readonly JsonObject[],
  extras: JsonObject,
): JsonObject {
  if (refusal) return { type: 'refusal', refusal: written, ...extras };
  return { type: 'output_text', text: written, annotations, logprobs: [], ...extras };
}
